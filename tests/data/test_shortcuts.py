"""Shortcuts: what file size, resolution, colour and border tell of the class, on pictures made so that they do."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from whence.data import ArrayStore, Dataset, check, open_dataset, survey
from whence.data.shortcuts import _standard_error, shortcut_findings, shortcuts
from whence.data.survey import Survey
from whence.records import Card


def save(
    root: Path, quality: tuple[int, int] = (80, 80), side: tuple[int, int] = (24, 24), frame: int = 0
) -> Dataset:
    """Noise of two classes, saved with another JPEG quality, size or dark frame each."""
    random = np.random.default_rng(0)
    for label in (0, 1):
        folder = root / "ab"[label]
        folder.mkdir(parents=True)
        for i in range(60):
            pixels = random.integers(0, 255, (side[label], 24, 3), dtype=np.uint8)
            if label and frame:
                pixels[:frame] = pixels[-frame:] = 0
            Image.fromarray(pixels).save(folder / f"{i}.jpg", quality=quality[label])
    return open_dataset(root)


def told(dataset: Dataset) -> dict[str, float]:
    """AUC by feature."""
    return {one.feature: one.auc for one in shortcuts(dataset, survey(dataset))}


def test_nothing_to_tell(tmp_path: Path) -> None:
    dataset = save(tmp_path / "d")
    aucs = told(dataset)
    assert aucs.keys() == {"file_size", "mean_colour", "border"}  # the resolution does not vary
    assert all(abs(value - 0.5) < 0.2 for value in aucs.values())
    assert check(dataset, survey(dataset)) == []


def test_what_was_compressed_otherwise_is_told_by_its_file_size(tmp_path: Path) -> None:
    dataset = save(tmp_path / "d", quality=(80, 90))
    assert told(dataset)["file_size"] > 0.99
    (finding,) = check(dataset, survey(dataset))
    assert finding.severity == "warning"
    assert finding.what.startswith("file size alone tells the class with AUC 1.00")
    assert "compressed differently" in finding.advice


def test_another_scanner_is_told_by_its_resolution(tmp_path: Path) -> None:
    dataset = save(tmp_path / "d", side=(24, 25))
    assert told(dataset)["resolution"] == 1.0


def test_a_frame_is_told_by_the_border(tmp_path: Path) -> None:
    dataset = save(tmp_path / "d", frame=2)
    assert told(dataset)["border"] > 0.99


def test_the_auc_is_of_images_that_the_trees_have_not_seen(tmp_path: Path) -> None:
    """Three classes of which one differs in colour: the weighted mean of its AUC and of the two at chance."""
    random = np.random.default_rng(3)
    pixels = random.integers(60, 120, (150, 8, 8, 3), dtype=np.uint8)
    pixels[100:] += 100
    labels = np.repeat([0, 1, 2], 50)
    dataset = Dataset("made", ("a", "b", "c"), labels, ArrayStore(pixels), Card("made"))
    (colour,) = [one for one in shortcuts(dataset, survey(dataset)) if one.feature == "mean_colour"]
    assert (colour.best_class, colour.best_auc) == ("c", 1.0)
    assert 0.75 < colour.auc < 0.9  # (1 + 0.75 + 0.75) / 3, where the other two are told from c alone
    ideal = [roc_auc_score(labels == k, (labels == k) + 0.5 * ((labels < 2) == (k < 2))) for k in range(3)]
    assert colour.auc < np.mean(ideal)


def test_small_classes_and_groups_are_left_out() -> None:
    random = np.random.default_rng(3)
    pixels = random.integers(0, 255, (70, 8, 8), dtype=np.uint8)
    pixels[:30] //= 3
    labels = np.repeat([0, 1, 2], [30, 30, 10])
    dataset = Dataset("made", ("a", "b", "c"), labels, ArrayStore(pixels), Card("made"))
    (colour, *_) = shortcuts(dataset, survey(dataset))
    assert colour.best_class == ""  # two classes are left
    few = np.repeat([f"patient {i}" for i in range(14)], 5)
    grouped = Dataset("made", ("a", "b", "c"), labels, ArrayStore(pixels), Card("made"), groups=few)
    assert shortcuts(grouped, survey(grouped)) == []


def test_the_standard_error_is_that_of_hanley_and_mcneil() -> None:
    # their Table III: 51 abnormal and 58 normal images, area 0.893, standard error 0.032
    labels = np.repeat([0, 1], [58, 51])
    assert _standard_error(0.893, labels) == pytest.approx(0.032, abs=1e-3)


def test_a_finding_needs_more_than_chance(tmp_path: Path) -> None:
    dataset = save(tmp_path / "d")
    found = shortcuts(dataset, survey(dataset))
    assert shortcut_findings(found) == []


def test_what_was_worked_out_is_kept(
    tmp_path: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = save(tmp_path / "d")
    first = told(dataset)
    monkeypatch.setattr("whence.data.shortcuts.cut_parts", None)  # not called again
    assert told(dataset) == first
    (kept,) = (private_home / "shortcuts").iterdir()
    damaged = io.BytesIO(kept.read_bytes()[:-8]).getvalue()
    kept.write_bytes(damaged)
    with pytest.raises(TypeError):  # made anew
        told(dataset)


def test_file_size_is_unknown_for_arrays() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 8, 8), dtype=np.uint8)
    dataset = Dataset("made", ("a", "b"), np.repeat([0, 1], 30), ArrayStore(pixels), Card("made"))
    seen: Survey = survey(dataset)
    assert not seen.file_size.any()
    assert {one.feature for one in shortcuts(dataset, seen)} == {"mean_colour", "border"}
