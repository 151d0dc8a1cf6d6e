"""The rater that is no person: every answer from a measured fact, none from a name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from whence.cli.app import app
from whence.data import ArrayStore, Dataset, open_dataset
from whence.errors import InputError
from whence.measures import expert
from whence.rating import answers_about
from whence.rating.automatic import Measured, derive, layout, measure, rate
from whence.rating.questions import PROPERTIES, QUESTIONS
from whence.rating.sheets import Sheet, write_sheet
from whence.records import Card

PLAIN = Measured(grey=0.0, borders=0.3, layout=0.5, diversity=0.2)


def made(pixels: np.ndarray, card: Card | None = None, classes: int = 2, name: str = "made") -> Dataset:
    labels = np.arange(len(pixels)) % classes
    names = tuple(f"class {i}" for i in range(classes))
    return Dataset(name, names, labels, ArrayStore(pixels.astype(np.uint8)), card or Card(name))


def answers(dataset: Dataset, measured: Measured) -> dict[str, str]:
    return {key: found.answer for key, found in derive(dataset, measured).items()}


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape)


def test_every_property_is_answered_with_an_accepted_answer_and_a_reason() -> None:
    for name in ("demo:histology", "demo:textures"):
        found = rate(open_dataset(name))
        assert tuple(found) == PROPERTIES
        for question in QUESTIONS:
            assert found[question.key].answer in question.accepted
            assert len(found[question.key].because) > 5


def test_a_name_changes_nothing() -> None:
    dataset = made(noise(20, 32, 32, 3))
    renamed = replace(dataset, name="chest x-rays", card=Card("chest x-rays"))
    assert rate(dataset) == rate(renamed)


def test_measures_of_pictures_that_are_known() -> None:
    """Half of each picture is black and half white: all variance lies between cells. Noise: hardly any does."""
    halves = np.zeros((12, 64, 64), np.float32)
    halves[:, :, 32:] = 1
    assert layout(halves) == pytest.approx(1)
    assert layout(noise(12, 64, 64).astype(np.float32)) < 0.02
    assert layout(np.full((3, 64, 64), 0.4, np.float32)) == 0
    same = measure(made(np.repeat(noise(1, 64, 64), 10, axis=0)))
    assert (same.diversity, same.borders, same.grey) == (0, 0, 1)
    flat = np.repeat(np.arange(0, 256, 51), 2)[:, None, None, None] * np.ones((1, 64, 64, 3))
    spread = measure(made(flat))
    assert spread.diversity == pytest.approx(np.std(np.arange(0, 256, 51)) / 255, rel=1e-3)
    assert spread.borders == pytest.approx(spread.diversity, rel=1e-3)


def test_the_measured_images_are_drawn_again_for_the_same_seed() -> None:
    dataset = made(noise(40, 16, 16, 3))
    assert measure(dataset, seed=3) == measure(dataset, seed=3)


@pytest.mark.parametrize(
    ("card", "measured", "origin", "kind"),
    [
        (Card("x", origin="natural"), replace(PLAIN, grey=1.0), "natural", "several"),
        (Card("x", origin="natural"), replace(PLAIN, layout=0.1), "natural", "materials"),
        (Card("x", origin="medical", modality="dermatoscopy"), PLAIN, "medical", "body surface"),
        (Card("x", origin="medical", modality="Abdominal CT"), PLAIN, "medical", "radiology"),
        (Card("x", origin="medical", modality="colon pathology"), PLAIN, "medical", "microscopy"),
        (
            Card("x", origin="medical", modality="detected by hand"),
            replace(PLAIN, layout=0.1),
            "medical",
            "microscopy",
        ),
        (Card("x"), replace(PLAIN, grey=1.0), "medical", "radiology"),
        (Card("x"), replace(PLAIN, borders=0.1), "medical", "body surface"),
        (Card("x"), PLAIN, "natural", "several"),
    ],
)
def test_the_card_comes_first_and_the_pixels_answer_where_it_is_silent(
    card: Card, measured: Measured, origin: str, kind: str
) -> None:
    found = answers(made(noise(4, 8, 8, 3), card), measured)
    assert (found["origin"], found["type"]) == (origin, kind)


@pytest.mark.parametrize(
    ("classes", "band"), [(2, "2"), (3, "3 to 5"), (10, "6 to 10"), (11, "11 to 50"), (51, "more than 50")]
)
def test_bands(classes: int, band: str) -> None:
    assert answers(made(noise(60, 4, 4), classes=classes), PLAIN)["classes"] == band


@pytest.mark.parametrize(("value", "answer"), [(0.1, "low"), (0.15, "medium"), (0.3, "high")])
def test_diversity(value: float, answer: str) -> None:
    assert answers(made(noise(4, 4, 4)), replace(PLAIN, diversity=value))["diversity"] == answer


def test_a_single_class_is_refused() -> None:
    with pytest.raises(InputError, match="single class"):
        derive(made(noise(4, 4, 4), classes=1), PLAIN)


def test_people_s_answers_come_first_and_the_others_are_filled_in(tmp_path: Path) -> None:
    """One dataset rated by two people, one in part, one by nobody: all three have complete answers."""
    textures, histology, noisy = (
        open_dataset("demo:textures"),
        open_dataset("demo:histology"),
        made(noise(20, 16, 16)),
    )
    rated = {question.key: question.accepted[0] for question in QUESTIONS}
    for name in ("Ann", "Ben"):
        write_sheet(tmp_path, Sheet(name, {"demo:textures": rated, "demo:histology": {"origin": "natural"}}))
    write_sheet(tmp_path, Sheet("automatic", {"made": rated}))  # what a file says for it is not asked
    told: list[str] = []
    textured, tissue, random = answers_about([textures, histology, noisy], tmp_path, say=told.append)
    assert [line.rsplit(" ", 1)[1] for line in told] == ["demo:histology", "made"]
    assert expert(textured, np.zeros(6)) == 0
    of_tissue, of_noise = (
        [q.accepted.index(one.answer) for q, one in zip(QUESTIONS, rate(dataset).values(), strict=True)]
        for dataset in (histology, noisy)
    )
    assert expert(tissue, [0, *of_tissue[1:]]) == 0
    assert expert(random, of_noise) == 0
    (alone,) = answers_about([noisy])
    assert expert(alone, of_noise) == 0
    with pytest.raises(InputError, match="is no folder of answers"):
        answers_about([noisy], tmp_path / "misspelt")


def test_whence_distance_takes_people_s_answers_and_else_the_automatic_rater_s(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    here, there = picture_folder(name="here"), picture_folder(name="there", seed=1)
    first = {question.key: question.accepted[0] for question in QUESTIONS}
    write_sheet(
        tmp_path / "r", Sheet("Ann", {"here": first, "there": first | {"origin": "medical", "classes": "7"}})
    )
    words = ["distance", str(here), str(there), "--measure", "expert", "--json", "--quiet"]
    rated = CliRunner().invoke(app, [*words, "--ratings", str(tmp_path / "r")])
    assert [row["value"] for row in json.loads(rated.stdout)["values"]] == [2]
    by_nobody = CliRunner().invoke(app, words)
    assert "automatic rater" in json.loads(by_nobody.stdout)["values"][0]["note"]
    assert "automatic rater" not in rated.stdout
    expected = expert(*answers_about([open_dataset(here), open_dataset(there)]))
    assert [row["value"] for row in json.loads(by_nobody.stdout)["values"]] == [expected]
