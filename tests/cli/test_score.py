"""whence score, as typed, and what it gathers: layers, heads, gradients."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

import whence
from whence.cli.app import app
from whence.data import load_pixels, open_dataset
from whence.errors import InputError
from whence.features import extract
from whence.features.gradients import triplet_gradients, triplet_margin_loss
from whence.measures import all_measures, leep, logme
from whence.nets.backbone import build
from whence.nets.forward import in_batches
from whence.nets.weights import file_sha256, save_weights
from whence.records import IMAGENET_MEAN, IMAGENET_STD

NET = "test_resnet"
QUICK = ("--backbone", NET, "--size", "32", "--device", "cpu", "--draws", "4")


def run(*words: str | Path) -> Any:
    return CliRunner().invoke(app, ["score", *map(str, words)])


def document(*words: str | Path) -> Any:
    done = run(*words, *QUICK, "--json", "--quiet")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def target(picture_folder: Callable[..., Path]) -> Path:
    return picture_folder(("healthy", "ill"), per_class=14, size=32, name="xrays")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Weights with a head of seven classes."""
    save_weights(tmp_path / "seven.safetensors", build(NET, 7, 0.0, 3), {"arch": NET, "trained_on": "seven"})
    return tmp_path / "seven.safetensors"


def test_every_score_that_applies_ranked_with_intervals(target: Path, weights: Path) -> None:
    found = document(f"file:{weights}", "none", target)
    rows = found["values"]
    applying = {name for name, measure in all_measures().items() if measure.kind == "score"}
    assert {row["measure"] for row in rows} == applying
    for row in rows:
        assert {"measure", "kind", "source", "target", "value", "low", "high", "seconds"} <= set(row)
        assert row["kind"] == "score"
        assert row["target"] == "xrays"
        assert row["low"] <= row["value"] <= row["high"]
    for measure in {row["measure"] for row in rows}:
        mine = [row for row in rows if row["measure"] == measure]
        assert [row["rank"] for row in mine] == sorted(row["rank"] for row in mine)
        assert mine[0]["value"] == max(row["value"] for row in mine)
        assert len(mine) == (1 if measure in ("leep", "nce") else 2)
    assert {(row["measure"], row["source"]) for row in found["left_out"]} == {
        ("leep", "none"),
        ("nce", "none"),
    }
    assert "random weights have no classes of their own" in found["left_out"][0]["reason"]


def test_values_are_those_of_the_functions(target: Path, weights: Path) -> None:
    dataset = open_dataset(target)
    network = build(NET, 7, 0.0, 3).eval()
    pixels = np.array(load_pixels(dataset, 32, "squash"))
    images = (pixels / 255.0 - IMAGENET_MEAN) / IMAGENET_STD
    with torch.inference_mode():
        batch = torch.from_numpy(images.transpose(0, 3, 1, 2)).float()
        maps: list[torch.Tensor] = []
        stage = network.get_submodule("layer2")
        stage.register_forward_hook(lambda m, i, o: maps.append(o))
        logits = network(batch).double()
    expected = leep(torch.softmax(logits, 1).numpy(), dataset.labels)
    found = whence.score("leep", f"file:{weights}", target, backbone=NET, size=32, device="cpu", draws=0)
    assert found.value == pytest.approx(expected, rel=1e-5)
    assert (found.low, found.high) == (None, None)
    at_stage = whence.score(
        "logme", f"file:{weights}", target, layer="layer2", backbone=NET, size=32, device="cpu"
    )
    assert at_stage.value == pytest.approx(logme(maps[0].mean(dim=(2, 3)).numpy(), dataset.labels), abs=1e-4)


def test_several_layers_are_read_in_one_pass_and_kept(
    target: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = []

    def counted(*arguments: Any) -> Any:
        passes.append(1)
        return in_batches(*arguments)

    monkeypatch.setattr(extract, "in_batches", counted)
    words = (
        f"file:{weights}",
        target,
        "--measure",
        "logme",
        "--measure",
        "nce",
        "--layers",
        "layer1,penultimate",
    )
    first = document(*words)["values"]
    assert [row["layer"] for row in first if row["measure"] == "nce"] == ["head"]
    assert {row["layer"] for row in first if row["measure"] == "logme"} == {"layer1", "penultimate"}
    assert len(passes) == 1
    again = document(*words)["values"]
    assert len(passes) == 1
    strip = [{k: v for k, v in row.items() if k != "seconds"} for row in first]
    assert strip == [{k: v for k, v in row.items() if k != "seconds"} for row in again]


def test_a_file_without_a_head_says_so_and_names_its_own_backbone(
    target: Path, weights: Path, tmp_path: Path
) -> None:
    tensors = {k: v for k, v in load_file(weights).items() if not k.startswith("fc.")}
    save_file(tensors, tmp_path / "bare.safetensors", metadata={"arch": NET})
    done = run(
        f"file:{tmp_path / 'bare.safetensors'}", target, *QUICK[2:], "--measure", "leep", "--measure", "gbc"
    )
    assert done.exit_code == 0, done.stderr
    assert (
        "left out: leep of file:bare: it needs the source's own head, and bare.safetensors holds no head"
        in done.stdout
    )
    assert NET in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("none", "--measure", "lepp"), "unknown measure 'lepp'; near it: leep"),
        (("none", "--layers", "layer9"), "unknown layer 'layer9'"),
        (("none", "--measure", "leep"), "no measure applies: leep of none: it needs the source's own head"),
        ((), "at least one source"),
        (("@target",), "is the target itself"),
        (("@other",), "make one: whence pretrain"),
    ],
)
def test_mistakes_are_named(words: tuple[str, ...], told: str, target: Path, picture_folder: Any) -> None:
    other = picture_folder(("a", "b"), per_class=3, name="other", seed=4)
    places = {"@target": target, "@other": other}
    sources = [places.get(w, w) for w in words if not w.startswith("-") or w.startswith("--")]
    done = run(*sources[:1], target, *sources[1:], *QUICK)
    assert done.exit_code == 2, done.output
    assert told in done.stderr
    assert done.stdout == ""


def test_the_triplet_loss_is_torch_s_over_all_triplets() -> None:
    random = np.random.default_rng(0)
    x, y = torch.from_numpy(random.normal(size=(9, 4)) / 2), torch.tensor([0, 0, 0, 1, 1, 1, 1, 2, 2])
    losses = [
        torch.nn.functional.triplet_margin_loss(x[a : a + 1], x[p : p + 1], x[n : n + 1], eps=0.0)
        for a in range(9)
        for p in range(9)
        for n in range(9)
        if a != p and y[a] == y[p] and y[a] != y[n]
    ]
    assert float(triplet_margin_loss(x, y)) == pytest.approx(float(torch.stack(losses).mean()), rel=1e-9)


def test_gradient_norms_are_slopes_of_the_loss(target: Path, weights: Path) -> None:
    """The norm against the loss itself, one small step along the gradient: a batch holds all 28 images."""
    dataset = open_dataset(target)
    first, block = triplet_gradients(dataset, NET, weights, file_sha256(weights), size=32)
    assert first.shape == block.shape == (1,)
    network = build(NET, 7, 0.0, 3).double().eval()
    pixels = np.array(load_pixels(dataset, 32, "squash"))
    images = torch.from_numpy(((pixels / 255.0 - IMAGENET_MEAN) / IMAGENET_STD).transpose(0, 3, 1, 2))
    labels = torch.from_numpy(dataset.labels.copy())

    def loss() -> torch.Tensor:
        features = network.forward_head(network.forward_features(images), pre_logits=True)  # type: ignore[operator]
        return triplet_margin_loss(features, labels)

    convolutions = [module.weight for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    for weight, norm in zip(convolutions, (first[0], block[0]), strict=False):
        gradient = torch.autograd.grad(loss(), weight)[0]
        step = 1e-5 * gradient / gradient.norm()
        with torch.no_grad():
            weight += step
            above = float(loss())
            weight -= 2 * step
            below = float(loss())
        assert norm == pytest.approx((above - below) / 2e-5, rel=1e-3)


def test_fu_needs_convolutions(target: Path) -> None:
    with pytest.raises(InputError, match="fu needs a convolutional backbone"):
        whence.score("fu", "none", target, backbone="test_vit", size=160, device="cpu")
