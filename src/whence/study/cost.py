"""What a study has cost, and what each source's pretraining cost for every AUC point that it gained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from whence.records import Outcome, Pretraining
from whence.stats.paired import Difference, corrected_difference

Row = Outcome | Pretraining
BASELINE = "none"


@dataclass(frozen=True)
class Cost:
    """Time and energy of some jobs; `kwh` and `g_co2` are sums over the `metered` ones alone, None without any."""

    jobs: int
    seconds: float  # of all jobs, one after the other
    gpu_hours: (
        float  # of those on a GPU, whole GPUs: jobs that shared one are counted as if they had had it alone
    )
    kwh: float | None
    g_co2: float | None
    metered: int


@dataclass(frozen=True)
class Price:
    """What a source brought on one target, in AUC points (hundredths), and what its pretraining cost.

    `gain` is the mean over folds of AUC minus that of `none`, with a 90 % interval that accounts for the folds'
    shared training images (None for a single fold). `hours_per_point` and `kwh_per_point` are None where the gain
    is not positive; where the interval holds zero they say little (`settled` is false).
    """

    source: str
    target: str
    backbone: str
    recipe: str
    gain: float
    low: float | None
    high: float | None
    settled: bool
    hours: float  # of its pretraining; 0 for ready weights, whose cost was somebody else's
    kwh: float | None
    hours_per_point: float | None
    kwh_per_point: float | None


def cost_of(rows: Iterable[Row]) -> Cost:
    """Time and energy of jobs, summed up."""
    rows = list(rows)
    energies = [e for row in rows if (e := _metered(row, "energy_kwh")) is not None]
    emissions = [e for row in rows if (e := _metered(row, "co2_g")) is not None]
    return Cost(
        len(rows),
        sum(row.seconds for row in rows),
        sum(row.seconds for row in rows if row.device == "cuda") / 3600,
        sum(energies) if energies else None,
        sum(emissions) if emissions else None,
        len(energies),
    )


def prices(outcomes: Sequence[Outcome], pretrainings: Sequence[Pretraining]) -> list[Price]:
    """For every source and target that were measured on the same folds as `none`: the gain, and its price.

    Best gain first within each target. A source pretrained with several seeds costs their mean. Targets without
    `none` are left out: there is nothing to compare with.
    """
    auc = {(_cell(o), o.source, o.seed, o.fold): o for o in outcomes}
    found = []
    for cell, source in sorted({(_cell(o), o.source) for o in outcomes if o.source != BASELINE}):
        mine = [o for (c, s, _, _), o in auc.items() if (c, s) == (cell, source)]
        pairs = [(o, auc[key]) for o in mine if (key := (cell, BASELINE, o.seed, o.fold)) in auc]
        if pairs:
            costs = [cost_of([p]) for p in pretrainings if (p.source, p.backbone) == (source, cell[1])]
            found.append(_price(cell, source, pairs, costs))
    return sorted(found, key=lambda price: (price.target, price.backbone, price.recipe, -price.gain))


def price_rows(found: Sequence[Price]) -> list[dict[str, Any]]:
    """The table of prices, in words and units for people."""
    return [
        {
            "target": price.target,
            "source": price.source,
            "backbone": price.backbone,
            "recipe": price.recipe,
            "gain (AUC points)": price.gain,
            "90 % interval": "–" if price.low is None else f"{price.low:+.1f} to {price.high:+.1f}",
            "pretraining (h)": price.hours,
            "h per point": _or_dash(price.hours_per_point),
            "kWh per point": _or_dash(price.kwh_per_point),
        }
        for price in found
    ]


def _price(
    cell: tuple[str, str, str], source: str, pairs: list[tuple[Outcome, Outcome]], costs: list[Cost]
) -> Price:
    target, backbone, recipe = cell
    gain = 100 * mean(mine.auc - base.auc for mine, base in pairs)
    between: Difference | None = None
    if len(pairs) > 1:
        ratio = mean(mine.test_images / mine.train_images for mine, _ in pairs)
        mine, base = [m.auc for m, _ in pairs], [b.auc for _, b in pairs]
        between = corrected_difference(mine, base, test_to_train=ratio)
    hours = mean(cost.seconds for cost in costs) / 3600 if costs else 0.0
    metered = [cost.kwh for cost in costs if cost.kwh is not None]
    kwh = mean(metered) if metered else (None if costs else 0.0)
    return Price(
        source,
        target,
        backbone,
        recipe,
        gain,
        100 * between.low if between else None,
        100 * between.high if between else None,
        bool(between and between.settled),
        hours,
        kwh,
        hours / gain if gain > 0 else None,
        kwh / gain if gain > 0 and kwh is not None else None,
    )


def _cell(row: Outcome) -> tuple[str, str, str]:
    return row.target, row.backbone, row.recipe


def _metered(row: Row, name: str) -> float | None:
    """What was measured of a job; None for nothing, and for rows of before there was such a column."""
    value = getattr(row, name, None)
    return None if value is None or value != value else float(value)


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
