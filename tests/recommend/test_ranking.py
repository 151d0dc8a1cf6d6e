"""The document of `whence rank`: order, intervals, chances, reasons, baselines."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whence.errors import InputError
from whence.knowledge import Descriptor, family_of, known_outcomes, outcomes_of, published_outcomes
from whence.recommend import Candidate, rank
from whence.recommend.folds import fold_errors, shared_error
from whence.recommend.ranking import document
from whence.recommend.situation import look_at

OUTCOMES = known_outcomes()


def _folds(mean: float, seed: int = 0, sd: float = 0.02) -> list[float]:
    return list(np.clip(mean + np.random.default_rng(seed).normal(size=5) * sd, 0, 1))


MIXED = [
    Candidate("none", "none", probe=_folds(0.7, 1)),
    Candidate("bare checkpoint"),
    Candidate("file:new", None, probe=_folds(0.88, 2)),
    Candidate("paper:dtd", "paper:dtd", probe=_folds(0.85, 3)),
    Candidate("imagenet", "imagenet", probe=_folds(0.9, 4)),
]
MEASURED = [
    Candidate("imagenet", "imagenet", measured=_folds(0.9, 5)),
    Candidate("paper:dtd", "paper:dtd", probe=_folds(0.6, 6), measured=_folds(0.95, 7)),
    Candidate("none", "none", measured=_folds(0.8, 8)),
    Candidate("new"),
]


def _by_source(document: dict[str, Any]) -> dict[str, Any]:
    return {row["source"]: row for row in document["ranking"]}


@pytest.mark.parametrize("candidates", [MIXED, MEASURED, MIXED[:1], MEASURED[-1:] + MEASURED[:1]])
def test_order_intervals_and_chances_agree(candidates: list[Candidate]) -> None:
    document = rank(candidates, OUTCOMES, target_name="mine")
    rows = document["ranking"]
    assert json.loads(json.dumps(document)) == document
    assert {row["source"] for row in rows} == {c.source for c in candidates}
    assert sum(row["p_best"] for row in rows) == pytest.approx(1)
    predicted = [row["predicted"] for row in rows]
    assert predicted == sorted(predicted, reverse=True)
    assert all(0 < row["low"] <= row["predicted"] <= row["high"] < 1 for row in rows)
    assert all(row["reasons"] for row in rows)
    assert set(document["baselines"]) == {"mean_rank", "always"}


def test_same_seed_same_document() -> None:
    assert rank(MIXED, OUTCOMES, target_name="mine", seed=3) == rank(
        MIXED, OUTCOMES, target_name="mine", seed=3
    )


def test_baselines_and_reasons() -> None:
    document = rank(MIXED, OUTCOMES, target_name="mine")
    assert document["baselines"] == {"mean_rank": ["imagenet", "paper:dtd", "none"], "always": "imagenet"}
    rows = _by_source(document)
    assert document["ranking"][0]["source"] == "imagenet"
    assert any("other targets" in reason for reason in rows["imagenet"]["reasons"])
    assert any("probe AUC 0.8" in reason for reason in rows["file:new"]["reasons"])
    assert rows["bare checkpoint"]["reasons"] == [
        "no outcome on another target is known for it: wide interval"
    ]
    assert rows["bare checkpoint"]["high"] - rows["bare checkpoint"]["low"] > (
        rows["imagenet"]["high"] - rows["imagenet"]["low"]
    )
    assert any("0.56" in sentence and "0.0052" in sentence for sentence in document["explanation"])


def test_nothing_known_of_the_level_predicts_no_auc() -> None:
    document = rank(
        [Candidate("imagenet", "imagenet"), Candidate("none", "none")], OUTCOMES, target_name="mine"
    )
    assert [row["source"] for row in document["ranking"]] == ["imagenet", "none"]
    for row in document["ranking"]:
        assert row["predicted"] is row["low"] is row["high"] is row["transferability"] is None


def test_nothing_known_at_all() -> None:
    document = rank([Candidate("a"), Candidate("b")], OUTCOMES.head(0), target_name="mine")
    assert document["baselines"] == {"mean_rank": [], "always": None}
    assert document["not_at_hand"] == []
    assert document["explanation"][0].startswith("Nothing is known")
    assert all(0.4 < row["p_best"] < 0.6 for row in document["ranking"])


def test_measured_outcomes_dominate() -> None:
    rows = _by_source(rank(MEASURED, OUTCOMES, target_name="mine"))
    for candidate in MEASURED[:3]:
        assert candidate.measured is not None
        assert rows[candidate.source]["predicted"] == pytest.approx(np.mean(candidate.measured), abs=0.02)
        assert rows[candidate.source]["high"] - rows[candidate.source]["low"] < 0.08
    assert rows["paper:dtd"]["p_best"] > 0.7
    assert rows["new"]["high"] - rows["new"]["low"] > 0.1


def test_transferability_only_against_a_measured_none() -> None:
    rows = _by_source(rank(MEASURED, OUTCOMES, target_name="mine"))
    assert rows["none"]["transferability"] == 0
    expected = 100 * (rows["imagenet"]["predicted"] / rows["none"]["predicted"] - 1)
    assert rows["imagenet"]["transferability"] == pytest.approx(expected)
    unmeasured = [Candidate("none", "none", probe=_folds(0.7)), MEASURED[0]]
    assert all(
        r["transferability"] is None for r in rank(unmeasured, OUTCOMES, target_name="mine")["ranking"]
    )


def test_better_probe_ranks_higher_among_unknown_sources() -> None:
    unknown = [Candidate(f"x{i}", None, probe=_folds(0.6 + i / 12, seed=9)) for i in range(4)]
    assert [r["source"] for r in rank(unknown, OUTCOMES, target_name="mine")["ranking"]] == [
        "x3",
        "x2",
        "x1",
        "x0",
    ]


def test_published_outcomes_on_the_target_itself_are_set_aside() -> None:
    told = known_outcomes()
    mine = told["target"] == "breastmnist"
    told.loc[mine, "auc"] = told.loc[mine, "auc"].to_numpy()[::-1]
    candidates = [
        Candidate(s, s, probe=_folds(0.8, i)) for i, s in enumerate(["imagenet", "dermamnist", "none"])
    ]
    assert rank(candidates, told, target_name="medmnist:breast") == rank(
        candidates, OUTCOMES, target_name="medmnist:breast"
    )


def test_own_studies_teach() -> None:
    own = pd.DataFrame(
        [
            {
                "study": "own",
                "source": s,
                "target": f"t{t}",
                "backbone": "resnet18",
                "fold": f,
                "auc": a + 0.01 * f,
            }
            for t in range(6)
            for f in (0, 1)
            for s, a in (("hospital", 0.95), ("imagenet", 0.9), ("none", 0.6), ("dtd", 0.7))
        ]
    )
    candidates = [Candidate("hospital", "hospital"), Candidate("dtd", "dtd"), Candidate("none", "none")]
    document = rank(candidates, outcomes_of([published_outcomes(), own]), target_name="mine")
    assert document["ranking"][0]["source"] == "hospital"
    assert document["baselines"]["always"] == "hospital"


def test_what_is_not_at_hand_is_listed_apart_with_a_hint() -> None:
    away = [Candidate("lab weights", None, at_hand=False), Candidate("hub:rad", "radimagenet", at_hand=False)]
    document = rank([*MIXED, *away], OUTCOMES, target_name="mine")
    listed = {entry["source"]: entry for entry in document["not_at_hand"]}
    assert {"lab weights", "hub:rad", "medmnist", "pathmnist"} <= set(listed)
    assert not {"imagenet", "dtd", "none", "radimagenet"} & set(listed)
    assert all(entry["hint"] and entry["reasons"] for entry in listed.values())
    assert not {"lab weights", "hub:rad"} & {row["source"] for row in document["ranking"]}


def test_the_target_is_no_source_of_itself() -> None:
    document = rank([*MIXED, Candidate("dtd weights", "mine")], OUTCOMES, target_name="mine")
    assert "dtd weights" not in _by_source(document)


@pytest.mark.parametrize(
    ("candidates", "told"),
    [
        ([], "no candidate"),
        ([Candidate("a", at_hand=False)], "at hand"),
        ([Candidate("a"), Candidate("a")], "more than once"),
        ([Candidate("a", probe=[0.5, 1.2])], "from 0 to 1"),
        ([Candidate("a", measured=[float("nan")])], "from 0 to 1"),
    ],
)
def test_wrong_candidates_are_refused(candidates: list[Candidate], told: str) -> None:
    with pytest.raises(InputError, match=told):
        rank(candidates, OUTCOMES, target_name="mine")


def test_perfect_and_single_folds_stay_finite() -> None:
    candidates = [
        Candidate("a", probe=[1.0] * 5),
        Candidate("b", probe=[0.5] * 5),
        Candidate("c", measured=[1.0]),
    ]
    for row in rank(candidates, OUTCOMES, target_name="mine")["ranking"]:
        assert 0 < row["low"] <= row["predicted"] <= row["high"] < 1


def test_fold_errors_are_inflated_for_shared_training_images() -> None:
    values = [0.90, 0.92, 0.94, 0.91, 0.93]
    error = fold_errors([values], paired=False)[0]
    assert error is not None
    assert error[0] == pytest.approx(0.92)
    assert error[1] == pytest.approx(np.sqrt(np.var(values, ddof=1) * (1 / 5 + 1 / 8)))
    shifted = [[v + s for v in values] for s in (0, 0.01, 0.02)]
    assert all(e is not None and e[1] < 1e-9 for e in fold_errors(shifted, paired=True))


def test_paired_errors_hold_the_differences_and_the_shared_error_the_level() -> None:
    """Folds that shift all candidates alike: simulated means differ by as much as the errors say."""
    random = np.random.default_rng(0)
    own, common, k, count = 0.01, 0.05, 5, 3
    inflated = 1 / k + 1 / 8
    said, shared = [], []
    for _ in range(400):
        folds = 0.8 + common * random.normal(size=k) + own * random.normal(size=(count, k))
        errors = fold_errors([list(f) for f in folds], paired=True)
        said.append(np.mean([e[1] ** 2 for e in errors if e]))
        shared.append(shared_error([list(f) for f in folds]) ** 2)
    assert np.mean(said) == pytest.approx(own**2 * inflated, rel=0.1)
    assert np.mean(shared) == pytest.approx((common**2 + own**2 / count) * inflated, rel=0.1)
    assert shared_error([[0.8, 0.9], None]) == shared_error([[0.8, 0.9], [0.7, 0.8, 0.9]]) == 0


def test_a_small_gain_on_every_fold_counts_for_more_than_a_large_one_on_some() -> None:
    none = [0.70, 0.95, 0.80, 0.90, 0.60]
    steady = [a + gain for a, gain in zip(none, (0.03, 0.02, 0.03, 0.02, 0.03), strict=True)]
    wobbly = [a + gain for a, gain in zip(none, (0.13, -0.05, 0.05, -0.09, 0.09), strict=True)]

    def chance(folds: list[float]) -> float:
        pair = [Candidate("a", measured=folds), Candidate("b", measured=none)]
        return float(_by_source(rank(pair, OUTCOMES, target_name="mine"))["a"]["p_best"])

    assert chance(steady) > 0.9
    assert chance(wobbly) < 0.85


def test_how_often_a_source_was_among_the_first_two() -> None:
    """Counted anew from the tables: mean AUC per source, ranked within each study's target and network."""
    table = known_outcomes()
    table = table[table["source"] != table["target"]]
    means = table.groupby(["study", "target", "backbone", "source"])["auc"].mean().reset_index()
    means["rank"] = means.groupby(["study", "target", "backbone"])["auc"].rank(ascending=False)
    mine = means[means["source"] == "imagenet"].groupby("target")["rank"].mean()
    said = " ".join(_by_source(rank(MIXED, OUTCOMES, target_name="mine"))["imagenet"]["reasons"])
    assert f"over {len(mine)} other targets; first or second on {(mine < 2.5).sum()} of them" in said
    organs = mine[[name.startswith("organ") for name in mine.index]]
    like = Descriptor("CT", 1, 4, 500)
    document_ = document(MIXED, look_at(MIXED, OUTCOMES, "mine"), "mine", target=like)
    said = " ".join(_by_source(document_)["imagenet"]["reasons"])
    assert f"first or second on {(organs < 2.5).sum()} of {len(organs)} CT targets" in said
    assert document_["similar"][0]["target"] in set(organs.index)
    families = [family_of(known["target"]) for known in document_["similar"]]
    assert (
        len(families) == len(set(families)) == 3
    )  # three views of the same CTs are one target for whoever looks
    assert all(len(known["best"]) == 2 for known in document_["similar"])


def test_scores_are_shown_of_whoever_they_are_of_by_either_name() -> None:
    """Of one network, whence score says what it is called here and a study what it was trained on; of twins neither."""
    scores = pd.DataFrame(
        {
            "measure": "logme",
            "source": ["imagenet", "file:b", "dtd", "elsewhere"],
            "value": [0.3, 0.2, 0.1, 0.9],
        }
    )
    here = [
        Candidate("file:a", "imagenet"), Candidate("file:b", "unheard of"),
        Candidate("file:c", "dtd"), Candidate("file:d", "paper:dtd"),
    ]  # fmt: skip
    found = _by_source(document(here, look_at(here, OUTCOMES, "mine"), "mine", scores=scores))
    said = {name: [r for r in row["reasons"] if "taken here" in r] for name, row in found.items()}
    assert said["file:a"] == ["a score taken here ranks it 1.0 of 2 (shown only)"]
    assert said["file:b"] == ["a score taken here ranks it 2.0 of 2 (shown only)"]
    assert said["file:c"] == said["file:d"] == []


def test_where_no_source_stands_out_the_cheapest_is_named() -> None:
    twins = [Candidate("dear", None, price=900.0), Candidate("ready"), Candidate("dearer", price=5000.0)]
    found = rank(twins, OUTCOMES, target_name="mine")
    assert set(found["undecided"]["sources"]) == {"dear", "ready", "dearer"}
    assert found["undecided"]["cheapest"] == "ready"
    assert any("--budget k=3" in line for line in found["would_change"])
    assert any("nobody has tried on another target: " in line for line in found["would_change"])
    clear = [
        Candidate("imagenet", "imagenet", measured=_folds(0.95, 5)),
        Candidate("none", "none", measured=_folds(0.6, 8)),
    ]
    assert rank(clear, OUTCOMES, target_name="mine")["undecided"] is None


def test_sources_that_are_away_and_did_better_elsewhere_could_change_the_answer() -> None:
    found = rank([Candidate("none", "none")], OUTCOMES, target_name="mine")
    (line,) = (line for line in found["would_change"] if "not at hand" in line)
    assert "imagenet" in line
    best = found["not_at_hand"][0]["source"]
    first = rank([Candidate(best, best)], OUTCOMES, target_name="mine")
    assert not [line for line in first["would_change"] if "not at hand" in line]
