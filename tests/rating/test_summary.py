"""Votes, ties, distances and agreement of raters whose answers are written out here."""

from __future__ import annotations

import json

import numpy as np
import pytest

from whence.measures import expert
from whence.rating.questions import PROPERTIES, QUESTIONS
from whence.rating.sheets import Sheet
from whence.rating.summary import document, raters_answers, summarise
from whence.stats import fleiss_kappa

XRAY = dict(zip(PROPERTIES, ("medical", "grey", "objects", "radiology", "low", "2"), strict=True))
SLIDE = dict(zip(PROPERTIES, ("medical", "colour", "textures", "microscopy", "low", "2"), strict=True))
CATS = dict(zip(PROPERTIES, ("natural", "colour", "objects", "living things", "high", "3 to 5"), strict=True))
ANN = Sheet("Ann", {"xray": XRAY, "slide": SLIDE, "cats": CATS})
BEN = Sheet("Ben", {"xray": XRAY, "slide": SLIDE | {"content": "objects"}, "cats": CATS})
COR = Sheet("Cor", {"xray": XRAY | {"diversity": "high"}, "slide": SLIDE, "cats": CATS | {"classes": "2"}})


def distances(*sheets: Sheet) -> dict[tuple[str, str], tuple[float, float | None, float | None]]:
    return {(v.source, v.target): (v.value, v.low, v.high) for v in summarise(sheets).distances}


def test_the_vote_of_three_and_the_distances_between_their_votes() -> None:
    found = summarise([ANN, BEN, COR])
    assert {key: vote.winner for key, vote in found.votes["slide"].items() if vote} == SLIDE
    vote = found.votes["slide"]["content"]
    assert vote is not None
    assert (vote.votes, vote.of) == (2, 3)
    assert found.ties() == []
    assert distances(ANN, BEN, COR) == {
        ("xray", "slide"): (3, 3, 3),
        ("xray", "cats"): (5, 5, 5),
        ("slide", "cats"): (5, 5, 5),
    }


def test_a_tie_goes_to_the_first_in_the_list_and_its_other_ways_are_told() -> None:
    found = summarise([ANN, BEN])
    assert found.ties() == [("slide", "content", ("objects", "textures"))]
    assert distances(ANN, BEN)["xray", "slide"] == (2, 2, 3)
    shown = document(found)
    slide = next(row for row in shown["datasets"] if row["dataset"] == "slide")
    assert slide["votes"]["content"]["tied"] == ["objects", "textures"]


def test_agreement_is_that_of_tables_counted_by_hand() -> None:
    found = summarise([ANN, BEN, COR]).agreements
    content = [[3, 0], [1, 2], [3, 0]]
    assert found["content"].kappa == pytest.approx(fleiss_kappa(content))
    assert found["origin"].kappa == 1
    tables = [
        [
            [sum(s.of(d)[q.key] == a for s in (ANN, BEN, COR)) for a in q.accepted]
            for d in ("xray", "slide", "cats")
        ]
        for q in QUESTIONS
    ]
    assert found["all"].kappa == pytest.approx(fleiss_kappa(*tables))
    assert found["all"].low <= found["all"].kappa <= found["all"].high


def test_the_automatic_rater_fills_in_but_never_outvotes_and_never_agrees() -> None:
    automatic = Sheet("automatic", {"xray": CATS, "slide": SLIDE, "moon": CATS})
    found = summarise([ANN, BEN, automatic])
    vote = found.votes["xray"]["origin"]
    assert vote is not None
    assert (vote.winner, vote.of) == ("medical", 2)
    assert found.filled == {("moon", key) for key in PROPERTIES}
    assert str(summarise([ANN, BEN, automatic], list(ANN.answers)).agreements) == str(
        summarise([ANN, BEN]).agreements
    )
    pairs = {(v.source, v.target): v.value for v in found.distances}
    assert pairs["cats", "moon"] == 0
    agreeing = sum(XRAY[k] == CATS[k] for k in PROPERTIES)
    assert found.automatic_agrees == (agreeing + 6, 12)


def test_what_nobody_answered_has_no_distance() -> None:
    half = Sheet("Ann", {"xray": XRAY, "slide": {"origin": "medical"}})
    found = summarise([half], ["xray", "slide", "unseen"])
    assert found.distances == ()
    assert found.votes["unseen"]["origin"] is None
    assert document(found)["datasets"][2]["votes"]["origin"] is None
    assert found.agreements == {}


def test_the_distance_s_own_input() -> None:
    table = raters_answers([ANN, BEN], "cats")
    assert table.shape == (2, 6)
    assert expert(table, raters_answers([ANN], "cats")) == 0
    assert np.isnan(raters_answers([Sheet("Ann", {"cats": {"origin": "natural"}})], "cats")[0, 1:]).all()


def test_the_document_is_json() -> None:
    found = json.loads(json.dumps(document(summarise([ANN, BEN, COR]))))
    assert [row["datasets"] for row in found["raters"]] == [3, 3, 3]
    assert {"measure", "kind", "source", "target", "value", "low", "high", "seconds"} == set(
        found["values"][0]
    )
