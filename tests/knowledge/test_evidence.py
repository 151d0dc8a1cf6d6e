"""Scores and distances: published, our grid's and one's own, kept by body, replaced, shown and removed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import whence
from whence.api import Study, open_dataset
from whence.errors import InputError
from whence.knowledge import bodies, forget, keep_values, known_values, published_scores, scores_on
from whence.knowledge.store import SHIPPED
from whence.recommend.reasons import score_reason


def values(**columns: object) -> pd.DataFrame:
    rows = {"kind": "score", "measure": "logme", "source": ["a", "b"], "target": "t", "value": [0.1, 0.2]}
    return pd.DataFrame(rows | columns)


def own() -> pd.DataFrame:
    known = known_values()
    return known[~known["body"].isin(list(SHIPPED))]


def test_what_is_shipped_is_known_with_where_it_is_from() -> None:
    known = known_values()
    assert set(known["body"]) <= set(SHIPPED)
    assert known["provenance"].map(len).min() > 10
    assert known["kind"].isin(["score", "distance"]).all()
    scores = known[(known["body"] == "juodelyte2024") & (known["measure"] == "logme")]
    published = published_scores().query("measure == 'logme'")
    assert list(scores["value"]) == list(published["value"])
    distances = known[(known["body"] == "medical-grid") & (known["kind"] == "distance")]
    assert {"tiny_imagenet[n=4500]", "isic2018[n=861]"} <= set(distances["source"])
    assert distances["value"].notna().all()


def test_what_is_kept_again_is_replaced_and_the_rest_stays() -> None:
    keep_values("mine", values(), "here")
    keep_values("mine", values(source=["b", "c"], value=[0.5, 0.6], low=[0.4, None]), "there")
    kept = own().set_index("source")
    assert kept["value"].to_dict() == {"a": 0.1, "b": 0.5, "c": 0.6}
    assert kept["provenance"].to_dict() == {"a": "here", "b": "there", "c": "there"}
    assert kept["low"].to_dict()["b"] == 0.4
    keep_values("mine", values(target_fingerprint="f"), "other images of that name")
    assert len(own()) == 5
    (body,) = [one for one in bodies() if not one.published]
    assert (body.name, body.outcomes, body.scores, body.distances, body.sources) == ("mine", 0, 5, 0, 3)
    forget("mine")
    assert not len(own())
    with pytest.raises(InputError, match="unknown body"):
        forget("mine")


def test_a_damaged_table_is_named_and_can_be_removed(private_home: Path) -> None:
    keep_values("mine", values(), "here")
    (private_home / "knowledge" / "values" / "mine.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="whence knowledge remove mine"):
        known_values()
    forget("mine")
    assert not len(own())


def test_scores_taken_on_a_target_are_shown_when_it_is_ranked(picture_folder: Callable[..., Path]) -> None:
    folder = picture_folder(("healthy", "ill"), per_class=12)
    asked: dict[str, Any] = {"backbone": "test_resnet", "size": 16, "device": "cpu"}
    assert "scores taken" not in reasons(whence.rank(folder, sources=["none"], folds=2, **asked))
    other = picture_folder(("a", "b"), per_class=12, name="source")
    whence.pretrain(
        other, recipe={"base": "small", "epochs": 1, "size": 16}, backbone="test_resnet", device="cpu"
    )
    whence.scores(folder, ["none", str(other)], measures=["logme", "h_score"], folds=2, draws=0, **asked)
    told = reasons(whence.rank(folder, sources=["none", str(other)], folds=2, **asked))
    assert told.count("2 scores taken here rank it") == 2
    assert set(own()["target_fingerprint"]) == {open_dataset(folder).fingerprint}
    assert len(scores_on(open_dataset(folder).fingerprint, "test_resnet")) == 4
    assert not len(scores_on(open_dataset(other).fingerprint, "test_resnet"))
    assert not len(scores_on(open_dataset(folder).fingerprint, "resnet18"))


def test_distances_are_kept_with_the_images_that_they_lead_to(picture_folder: Callable[..., Path]) -> None:
    one, other = (picture_folder(("a", "b"), per_class=8, name=name) for name in ("one", "other"))
    found = whence.distances([one, other], measures=["card"], backbone="test_resnet", size=16, device="cpu")
    (kept,) = own().to_dict("records")
    assert (kept["kind"], kept["measure"], kept["source"], kept["target"]) == (
        "distance",
        "card",
        "one",
        "other",
    )
    assert kept["value"] == pytest.approx(found.values[0].value.value)
    assert kept["target_fingerprint"] == open_dataset(other).fingerprint
    assert kept["provenance"] == "whence distance"


def reasons(ranking: whence.Ranking) -> str:
    return "; ".join(reason for row in ranking.document["ranking"] for reason in row["reasons"])


def test_mean_rank_over_the_scores_that_compare_something() -> None:
    """By hand: logme puts a first, leep second; lp, known of a alone, compares nothing."""
    table = pd.concat([values(value=[0.9, 0.1]), values(measure="leep"), values(measure="lp").head(1)])
    assert score_reason(table, "a") == "2 scores taken here rank it 1.5 of 2 (shown only)"
    assert (
        score_reason(table[table["measure"] == "leep"], "b")
        == "a score taken here ranks it 1.0 of 2 (shown only)"
    )
    assert score_reason(table, "c") is None


def test_a_study_s_scores_and_distances_are_kept_with_its_outcomes(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = picture_folder(("healthy", "ill"), per_class=8, name="xrays")
    fields = {
        "name": "s", "sources": ["none"], "targets": [str(folder)], "backbone": "test_resnet", "folds": 2,
        "recipe": {"base": "small", "size": 16, "epochs": 1, "batch": 8},
    }  # fmt: skip
    (tmp_path / "s").mkdir()
    values(target="xrays").drop(columns="kind").to_csv(tmp_path / "s" / "scores.csv", index=False)
    Study.from_fields(fields, tmp_path / "s").run(engine="inline", device="cpu")
    (body,) = [one for one in bodies() if not one.published]
    assert (body.name, body.outcomes, body.scores) == ("s", 2, 2)
    assert set(own()["target_fingerprint"]) == {open_dataset(folder).fingerprint}
    assert set(own()["provenance"]) == {str(tmp_path / "s")}
