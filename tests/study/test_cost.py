"""What a study cost, and the price of a point: worked out by hand on small tables."""

from dataclasses import MISSING, fields
from typing import Any

import pytest

from whence.records import Outcome, Pretraining
from whence.study.cost import cost_of, price_rows, prices


def row(record: type, **given: Any) -> Any:
    plain: dict[str, Any] = {"int": 0, "float": 0.5, "str": "", "bool": True}
    values = {f.name: plain.get(str(f.type)) for f in fields(record) if f.default is MISSING}
    return record(**values | {"backbone": "net", "recipe": "small", "seed": 1} | given)


def outcome(source: str, fold: int, auc: float, **given: Any) -> Outcome:
    sizes = {"target": "xrays", "train_images": 80, "test_images": 10, "seconds": 60.0, "device": "cuda"}
    found: Outcome = row(Outcome, source=source, fold=fold, auc=auc, **sizes | given)
    return found


def test_a_sources_price_is_its_pretraining_over_its_gain() -> None:
    outcomes = [
        *(outcome("none", fold, auc) for fold, auc in enumerate((0.70, 0.72, 0.74))),
        *(outcome("textures", fold, auc) for fold, auc in enumerate((0.74, 0.77, 0.77))),
        *(outcome("noise", fold, auc) for fold, auc in enumerate((0.68, 0.72, 0.73))),
        *(outcome("imagenet", fold, auc) for fold, auc in enumerate((0.80, 0.81, 0.82))),
        outcome("textures", 0, 0.9, target="alone"),
    ]
    pretrainings = [
        row(Pretraining, source="textures", seconds=7200.0),
        row(Pretraining, source="noise", seconds=3600.0),
    ]
    imagenet, textures, noise = prices(outcomes, pretrainings)
    assert (textures.source, textures.target) == ("textures", "xrays")
    assert textures.gain == pytest.approx(4.0)  # (4 + 5 + 3) / 3 points
    assert textures.hours_per_point == pytest.approx(2 / 4)
    # Mean 4, sd 1, three folds: t(0.95, 2) = 2.919986 × sqrt(1/3 + 1/8) around it (Nadeau and Bengio's correction).
    assert textures.low == pytest.approx(4 - 2.919986 * (1 / 3 + 1 / 8) ** 0.5, abs=1e-4)
    assert textures.settled
    assert noise.gain == pytest.approx(-1.0)
    assert noise.hours_per_point is None
    assert (imagenet.hours, imagenet.hours_per_point) == (0.0, 0.0)
    assert [r["source"] for r in price_rows([imagenet, textures, noise])] == ["imagenet", "textures", "noise"]
    assert price_rows([noise])[0]["h per point"] == "–"


def test_one_fold_has_a_gain_and_no_interval() -> None:
    (price,) = prices([outcome("none", 0, 0.7), outcome("textures", 0, 0.8)], [])
    assert price.gain == pytest.approx(10)
    assert (price.low, price.high, price.settled) == (None, None, False)


def test_costs_add_up_and_what_was_not_metered_is_not_taken_for_nothing() -> None:
    found = cost_of([outcome("none", 0, 0.7), outcome("none", 1, 0.7, device="cpu", seconds=40.0)])
    assert (found.jobs, found.seconds) == (2, 100.0)
    assert found.gpu_hours == pytest.approx(60 / 3600)
    assert (found.kwh, found.g_co2, found.metered) == (None, None, 0)
    found = cost_of([outcome("none", 0, 0.7), outcome("none", 1, 0.7, energy_kwh=0.25, co2_g=70.0)])
    assert (found.kwh, found.g_co2, found.metered) == (0.25, 70.0, 1)
