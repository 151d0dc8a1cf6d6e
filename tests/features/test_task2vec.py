"""Embeddings from a dataset to their numbers: which images, which head, which squares; and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from whence.data import Dataset, load_pixels, open_dataset
from whence.errors import InputError
from whence.features import task2vec
from whence.features.extract import features
from whence.features.subsets import halves, sides, stratified, weighted
from whence.features.task2vec import Probe, embed
from whence.features.task_head import PENALTY
from whence.nets.backbone import build
from whence.records import IMAGENET_MEAN, IMAGENET_STD

PROBE = Probe("test_resnet", None)


@pytest.fixture
def dataset(picture_folder: Callable[..., Path]) -> Dataset:
    return open_dataset(picture_folder(("a", "b", "c"), per_class=10, size=32))


def one_by_one(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """The exact embedding of some images: autograd for each image and class, scikit-learn's head."""
    network = build("test_resnet", 2, 0.0, 1).double().eval()
    seen = features(dataset, "test_resnet", None, "", size=32, seed=1)[rows].astype(float)
    mean = seen.mean(axis=0)
    length = np.sqrt(((seen - mean) ** 2).sum(axis=1).mean())
    head = LogisticRegression(C=1 / (PENALTY * len(rows)), tol=1e-8, max_iter=5000)
    head.fit((seen - mean) / length, dataset.labels[rows])
    weight = torch.from_numpy(head.coef_ / length)
    bias = torch.from_numpy(head.intercept_ - (head.coef_ / length) @ mean)
    pixels = np.array(load_pixels(dataset, 32, "squash"))[rows]
    images = torch.from_numpy(((pixels / 255.0 - IMAGENET_MEAN) / IMAGENET_STD).transpose(0, 3, 1, 2))
    watched = [m.weight for m in network.modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d)]
    total = torch.zeros(sum(len(w) for w in watched), dtype=torch.float64)
    for image in images:
        maps = network.forward_features(image[None])  # type: ignore[operator]
        logits = weight @ network.forward_head(maps, pre_logits=True)[0] + bias  # type: ignore[operator]
        log_p = torch.log_softmax(logits, dim=0)
        for y in range(len(log_p)):
            gradients = torch.autograd.grad(log_p[y], watched, retain_graph=True)
            squares = torch.cat([g.square().reshape(len(g), -1).mean(dim=1) for g in gradients])
            total += float(log_p[y].detach().exp()) * squares
    return np.asarray((total / len(rows)).numpy())


def test_an_embedding_is_the_exact_fisher_of_its_own_head(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task2vec, "PLACES", 32 * 32 * 7)  # batches that hold images of two subsets
    found = embed(dataset, PROBE, images=9, labels="exact", size=32)
    assert found.values.shape[0] == 10
    for subset in (0, 3):
        expected = one_by_one(dataset, found.rows[subset])
        np.testing.assert_allclose(found.values[subset], expected, rtol=2e-3, atol=1e-6 * expected.max())


def test_sampled_labels_come_close_to_the_exact_sum(dataset: Dataset) -> None:
    exact = embed(dataset, PROBE, images=12, labels="exact", size=32).values.mean(axis=0)
    one, many = (embed(dataset, PROBE, images=12, labels=k, size=32).values.mean(axis=0) for k in (1, 20))

    def away(values: np.ndarray) -> float:
        return float(1 - values @ exact / np.linalg.norm(values) / np.linalg.norm(exact))

    assert away(many) < 0.01
    assert away(many) < away(one)
    assert many.sum() == pytest.approx(exact.sum(), rel=0.15)


def test_embeddings_are_kept_and_the_same_again(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    first = embed(dataset, PROBE, images=6, size=32)

    def fail(*_: Any) -> None:
        raise AssertionError("computed again")

    with monkeypatch.context() as patched:
        patched.setattr(task2vec, "embed_rows", fail)
        np.testing.assert_array_equal(embed(dataset, PROBE, images=6, size=32).values, first.values)
        for other in ({"images": 7}, {"labels": 2}, {"seed": 2}):
            with pytest.raises(AssertionError, match="computed again"):
                embed(dataset, PROBE, **{"images": 6, "size": 32, **other})  # type: ignore[arg-type]


def test_halves_are_disjoint_stratified_and_of_the_size_asked_for(dataset: Dataset) -> None:
    uneven = dataset.subset([i for i in range(30) if dataset.labels[i] != 2 or i % 2])
    cuts = sides(uneven, 4, seed=3)
    samples = halves(uneven, cuts, 8, seed=3)
    shares = np.bincount(uneven.labels) / len(uneven)
    for one, other in zip(samples[::2], samples[1::2], strict=True):
        assert len(one) == len(other) == 8
        assert not np.intersect1d(one, other).size
        for rows in (one, other):
            assert np.abs(np.bincount(uneven.labels[rows], minlength=3) - 8 * shares).max() <= 1
    assert not np.array_equal(samples[0], samples[2])
    again = halves(uneven, sides(uneven, 4, seed=3), 8, seed=3)
    assert all(np.array_equal(a, b) for a, b in zip(samples, again, strict=True))


def test_a_patient_is_on_one_side(dataset: Dataset) -> None:
    patients = np.array([f"patient {i % 7}" if i % 5 else "" for i in range(30)])
    grouped = replace(dataset, groups=patients)
    for one, other in sides(grouped, 5, seed=0):
        assert len(one) + len(other) == 30
        assert not (set(grouped.groups[one]) & set(grouped.groups[other])) - {""}  # type: ignore[index]


def test_a_rare_class_has_an_image_where_there_is_room() -> None:
    labels = np.array([0] * 95 + [1] * 3 + [2] * 2)
    random = np.random.default_rng(0)
    assert np.bincount(labels[stratified(labels, np.arange(100), 10, random)]).tolist() == [8, 1, 1]
    assert len(stratified(labels, np.arange(100), 2, random)) == 2
    with pytest.raises(InputError, match="101 images cannot be drawn of 100"):
        stratified(labels, np.arange(100), 101, random)


def test_the_paper_s_subsets(picture_folder: Callable[..., Path]) -> None:
    folder = picture_folder(("many", "few"), per_class=150, size=16)
    for image in sorted((folder / "few").iterdir())[30:]:
        image.unlink()
    dataset = open_dataset(folder)
    rows = weighted(dataset, share=0.1)
    assert len(rows) == 100
    assert {len(r) for r in rows} == {18}
    assert all(len(np.unique(r)) == 18 for r in rows)
    shares = np.mean([dataset.labels[r].mean() for r in rows])
    assert 0.4 < shares < 0.6  # as many of 30 as of 150
    assert all(np.array_equal(a, b) for a, b in zip(rows, weighted(dataset, share=0.1), strict=True))
    found = embed(dataset, PROBE, protocol="paper", size=32)
    assert "fewer than 2 of each" in found.notes[0]
    assert "hold a single class and are left out" in found.notes[1]
    assert 30 < len(found.values) < 100
    assert all(len(np.unique(dataset.labels[r])) == 2 for r in found.rows)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"protocol": "thirds"}, "accepted are 'halves' and 'paper'"),
        ({"labels": 0}, "accepted is 'exact', or how many"),
        ({"images": 200}, "200 images cannot be drawn"),
        ({"probe": Probe("test_vit", None), "size": 160}, "Take a ResNet as the probe"),
    ],
)
def test_what_cannot_be_embedded_is_told(dataset: Dataset, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        embed(dataset, **{"probe": PROBE, "size": 32, **asked})
