"""A study's card for the Hugging Face hub: what was compared, what came of it fold by fold, and how far to trust it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from whence.records import NOT_MEASURED, Outcome
from whence.share.cards.licences import licence_fields
from whence.share.cards.markdown import NOT_A_DEVICE, UNKNOWN, document, energy, facts, plain, table
from whence.stats import transferability
from whence.study.summary import summary_rows


def study_card(
    name: str,
    outcomes: Sequence[Outcome],
    *,
    datasets: Sequence[Mapping[str, Any]] = (),
    settings: Mapping[str, Any] | None = None,
    versions: Mapping[str, str] | None = None,
    findings: Sequence[str] = (),
    licence: str | None = None,
) -> str:
    """The card as the hub's YAML and Markdown, of a study's tables (the hub keeps them as a dataset).

    `datasets` are the documents of `whence datasets show`, with `licence` and `citation` where they are known;
    `settings` what all jobs share; `findings` what spoils or limits the study, in words; `licence` that of the tables,
    for their owner to choose. Raises `ValueError` for a study without outcomes.
    """
    from huggingface_hub import DatasetCardData

    if not outcomes:
        raise ValueError(f"study {name!r} has no outcomes; a card tells what was measured")
    sources, targets = (list(dict.fromkeys(getattr(o, of) for o in outcomes)) for of in ("source", "target"))
    front = DatasetCardData(
        pretty_name=name,
        task_categories=["image-classification"],
        tags=["whence", "transfer-learning", "benchmark-results"],
        **licence_fields(licence),
    )
    return document(
        front,
        name,
        f"Which source is best to transfer from? {len(sources)} sources on {len(targets)} targets, "
        f"{len(outcomes):,} folds measured with whence.",
        {
            "What came of it": _results(outcomes),
            "How it was measured": facts(dict(settings or {})),
            "Datasets": _datasets(datasets),
            "Cost": facts(_cost(outcomes)),
            "Versions": facts(dict(versions or {})),
            "Licence": plain(licence)
            if licence
            else f"{UNKNOWN}: that of the tables is for their owner to choose.",
            "Intended use": f"{NOT_A_DEVICE} {_USE}",
            "Limits": "\n".join(f"- {line}" for line in [*map(plain, findings), *_limits(outcomes)]),
        },
    )


_USE = "As experience for other targets: `whence knowledge add` takes the table of outcomes."


def _results(outcomes: Sequence[Outcome]) -> str:
    """A row per target, source, backbone, recipe and seed, best first; the gain is over `none` on the same folds."""
    by_pair: dict[tuple[str, ...], dict[int, Outcome]] = {}
    for one in outcomes:
        by_pair.setdefault((one.target, one.source, one.backbone, one.recipe, str(one.seed)), {})[
            one.fold
        ] = one
    rows = []
    for row in summary_rows(outcomes):
        key = (row["target"], row["source"], row["backbone"], row["recipe"], row["seed"])
        none = by_pair.get((key[0], "none", *key[2:]), {})
        auc = f"{row['AUC']:.3f}" + ("" if math.isnan(row["sd"]) else f" ± {row['sd']:.3f}")
        rows.append((*key, auc, row["folds"], _gain(by_pair[key], none, key[1])))
    header = (
        "target",
        "source",
        "backbone",
        "recipe",
        "seed",
        "test AUC, mean ± sd",
        "folds",
        "gain over none, %",
    )
    return table(header, rows)


def _gain(found: Mapping[int, Outcome], none: Mapping[int, Outcome], source: str) -> str:
    shared = sorted(found.keys() & none.keys())
    if source == "none" or not shared:
        return "–"
    gains = transferability([found[f].auc for f in shared], [none[f].auc for f in shared])
    spread = f" ± {gains.std(ddof=1):.1f}" if len(shared) > 1 else ""
    return f"{gains.mean():+.1f}{spread}"


def _datasets(datasets: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            one["name"],
            f"{one['images']:,}",
            len(one["classes"]),
            one.get("origin") or UNKNOWN,
            one.get("licence") or UNKNOWN,
            one.get("citation") or UNKNOWN,
            str(one["fingerprint"])[:12],
        )
        for one in datasets
    ]
    header = ("dataset", "images", "classes", "origin", "licence", "citation", "fingerprint")
    return table(header, rows) if rows else ""


def _cost(outcomes: Sequence[Outcome]) -> dict[str, object]:
    measured = [o.energy_kwh for o in outcomes if not math.isnan(o.energy_kwh)]
    part = (
        f" in {len(measured):,} of {len(outcomes):,} folds"
        if measured and len(measured) < len(outcomes)
        else ""
    )
    return {
        "time": f"{sum(o.seconds for o in outcomes) / 3600:.2f} hours of training, all folds together",
        "energy": energy(sum(measured) if measured else NOT_MEASURED) + part,
        "devices": ", ".join(sorted({o.device for o in outcomes})),
    }


def _limits(outcomes: Sequence[Outcome]) -> list[str]:
    told = [
        "The standard deviation is that of the folds, which share training images: it is no interval of the mean."
    ]
    if len({o.seed for o in outcomes}) == 1:
        told.append("One seed: differences as small as those between folds may turn round with another.")
    unfinished = sum(not o.converged for o in outcomes)
    if unfinished:
        told.append(f"{unfinished:,} of {len(outcomes):,} trainings had not converged.")
    if not any(o.source == "none" for o in outcomes):
        told.append("No transfer (none) was not measured, so that no gain can be told.")
    smallest = min(o.test_images for o in outcomes)
    return [*told, f"The smallest test part of a fold has {smallest:,} images."]
