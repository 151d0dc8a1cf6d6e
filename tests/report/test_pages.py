"""The pages as text: complete, self-contained, and safe from the names that they show."""

from __future__ import annotations

import math
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from whence.report import StudyResults, export_figures, render_ranking, render_study, study_figures

Make = Callable[..., Any]


class Page(HTMLParser):
    """What a page would load, which tags it opens, and its text outside of scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [
            value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")
        ]

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] not in (["script"], ["style"]):
            self.text += data


def test_the_page_says_everything_in_order(results: StudyResults) -> None:
    text = Page(render_study(results)).text
    parts = [
        "For isic2018 the best source was imagenet",
        "dtd cannot be told apart from it",
        "Three sources × two targets × five folds",
        "Cylinders are data",
        "Which source is better?",
        "Sources that share a letter cannot be told apart",
        "AUC by source",
        "Sources × targets",
        "Learning curves",
        "out of memory",
        "loss still falling",
        "What each source’s own network reached",
        "72 × 72 to 2583 × 2916",
        "31 identical pairs",
        "half of the data is ever tested: 50 images of isic2018; 50 of 100 images of chest-xray",
        "recipe.size",
        "torch",
        "67 min",
        "Energy was not measured",
        "For research use only. Not a medical device.",
        "Cats, not CAT scans",
    ]
    assert [part for part in parts if part not in text] == []
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_nothing_is_loaded_from_a_network_and_the_page_is_small(
    results: StudyResults, ranking: dict[str, Any]
) -> None:
    for html in (render_study(results), render_ranking(ranking)):
        # a place on the page itself is no load
        assert [load for load in Page(html).loads if not load.startswith(("data:", "#"))] == []
        assert "default-src 'none'" in html
        assert len(html.encode()) <= 3_000_000


def test_hostile_names_stay_text(
    results: StudyResults, ranking: dict[str, Any], hostile: str, outcome: Make, study: Make
) -> None:
    rows = [outcome(hostile, f"</title>{hostile}", fold, 0.9) for fold in (1, 2)]
    bad = study(
        rows,
        datasets=[{"name": hostile, "classes": [hostile], "images": 1}],
        failures=[{"job": hostile, "reason": hostile}],
        settings={hostile: hostile},
    )
    bad_ranking = {**ranking, "target": hostile, "not_at_hand": [hostile], "explanation": [hostile]}
    for html, plain in (
        (render_study(bad), render_study(results)),
        (render_ranking(bad_ranking), render_ranking(ranking)),
    ):
        assert "<script>alert" not in html
        assert Page(html).tags.count("script") == Page(plain).tags.count("script")


def test_what_is_not_at_hand_is_told_in_sentences(ranking: dict[str, Any]) -> None:
    """As `rank` documents it: reasons are a list, and a list is no sentence."""
    away = {"source": "dtd", "reasons": ["second of nine", "tried on three"], "hint": "give it as file:PATH"}
    text = Page(render_ranking({**ranking, "not_at_hand": [away]})).text
    assert "second of nine; tried on three; give it as file:PATH" in text
    assert "['" not in text


def test_a_race_is_told_with_every_source_that_ran(ranking: dict[str, Any]) -> None:
    runs = [
        {"source": "dtd", "fold": fold, "epochs": epochs, "of": 12, "validation_auc": auc}
        for fold, (epochs, auc) in enumerate([(12, 0.9), (3, 0.7)])
    ]
    text = Page(render_ranking({**ranking, "race": {"told": "It ended.", "runs": runs}})).text
    assert "What the race showed" in text
    assert "It ended." in text
    assert "12 of 12, 3 of 12" in text
    assert "0.800" in text
    assert "What the race showed" not in Page(render_ranking(ranking)).text


def test_not_measured_is_said(outcome: Make, study: Make) -> None:
    assert "not measured" in Page(render_study(study([outcome("a", "t", 1, 0.9)]))).text


def test_a_study_without_outcomes_has_a_page() -> None:
    assert "No outcome has been measured yet." in Page(render_study(StudyResults("empty"))).text


def test_official_splits_are_not_called_fifths(outcome: Make, study: Make) -> None:
    text = Page(render_study(study([outcome("a", "t", 1, 0.9)], settings={"folds": "official"}))).text
    assert "fifth" not in text


def test_figures_are_exported_as_svg_pdf_and_png(results: StudyResults, tmp_path: Path) -> None:
    written = export_figures(study_figures(results), tmp_path / "figures")
    names = ["auc_bars", "auc_heat_map"]
    names += [
        f"{name}_{target}"
        for name in ("better_than", "learning_curves")
        for target in ("isic2018", "chest_xray")
    ]
    assert [path.name for path in written] == [
        f"{name}.{kind}" for name in names for kind in ("svg", "pdf", "png")
    ]
    for path in written:
        if path.suffix == ".pdf":
            assert path.read_bytes().startswith(b"%PDF-")
        elif path.suffix == ".png":
            assert path.read_bytes().startswith(b"\x89PNG")
        else:
            assert ElementTree.parse(path).getroot().tag.endswith("svg")
            assert "imagenet" in path.read_text(encoding="utf-8")


def test_the_ranking_page_in_plain_words(ranking: dict[str, Any]) -> None:
    text = Page(render_ranking(ranking)).text
    assert (
        "no source stands out; first comes imagenet: predicted AUC 0.930 (interval 0.890 to 0.960), +11.2 %"
        in text
    )
    assert (
        "imagenet and dtd cannot be told apart. The cheapest of them is imagenet: its weights are ready."
        in text
    )
    assert "best there: medmnist, then dtd" in text
    assert "A larger budget." in text
    for part in ("Best on 9 of 11", "Mean rank", "most frequent winner", "radimagenet", "research use only"):
        assert part in text


@pytest.mark.parametrize("missing", [None, math.nan])
def test_a_ranking_without_numbers_is_an_order(missing: float | None) -> None:
    bare = dict.fromkeys(["predicted", "low", "high", "transferability", "p_best"], missing)
    document = {
        "target": "t",
        "ranking": [{"source": "a", "reasons": [], **bare}],
        "baselines": {},
        "not_at_hand": [],
    }
    assert "this is an order only" in Page(render_ranking(document)).text
    assert "no source to rank" in render_ranking({**document, "ranking": []})
