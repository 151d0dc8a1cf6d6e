"""A dataset's card for the Hugging Face hub: what was counted and found in it; no image, no file, no patient's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from whence.data import Dataset, describe
from whence.records import Card, Finding
from whence.share.cards.licences import licence_fields
from whence.share.cards.markdown import NOT_A_DEVICE, UNKNOWN, Raw, code, document, facts, plain, table

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
MOST_CLASSES = 200  # in the table


def dataset_card(dataset: Dataset) -> str:
    """The card as the hub's YAML and Markdown. Surveys the dataset if that was not done. Raises `UnreadableImage`."""
    from huggingface_hub import DatasetCardData

    found, card = describe(dataset), dataset.card
    front = DatasetCardData(
        pretty_name=card.title or dataset.name,
        task_categories=["image-classification"],
        size_categories=next((name for most, name in _SIZES if len(dataset) < most), "n>1M"),
        tags=["whence", *([card.origin] if card.origin else [])],
        **licence_fields(card.licence),
    )
    lead = f"{len(dataset):,} images of {len(dataset.class_names)} classes, counted by whence on the files themselves."
    return document(
        front,
        card.title or dataset.name,
        lead,
        {
            "What it is": facts(_facts(found, card)),
            "Classes": _classes(found["counts"]),
            "What was found in it": _findings(found["findings"], found["shortcuts"]),
            "Where it comes from": facts(
                {
                    "address": card.url,
                    "how to get it": card.obtain,
                    "made from": card.derivation or "as published",
                    "preprocessing": card.preprocessing or "none that is known",
                    "checked by": card.verified,
                }
            ),
            "Licence": plain(card.licence)
            if card.licence
            else f"{UNKNOWN}: ask whoever gave you the images.",
            "Citation": plain(card.citation) if card.citation else UNKNOWN,
            "Intended use": NOT_A_DEVICE,
            "Limits": "\n".join(f"- {line}" for line in limits(found, card)),
        },
    )


def limits(found: dict[str, Any], card: Card) -> list[str]:
    """What the counts alone say against trusting a result on this dataset."""
    counts = {name: n for name, n in found["counts"].items() if n}
    most, fewest = max(counts.values()), min(counts.values())
    told = []
    if not found["groups"]:
        told.append(
            "No patients or other groups are known: a patient may be on both sides of a fold, and AUCs too high."
        )
    if most >= 3 * fewest:
        told.append(
            f"The largest class has {most / fewest:.1f} times as many images as the smallest: mind accuracy."
        )
    if fewest < 50:
        told.append(f"The smallest class has {fewest} images: what is measured on it is rough.")
    disagreeing = [
        name for name in card.printed if name in card.expected and card.printed[name] != card.expected[name]
    ]
    told += [
        f"Publications print {card.printed[name]:,} for {plain(name)}; the files hold {card.expected[name]:,}."
        for name in disagreeing
    ]
    return [
        *told,
        "Nothing is known here about age, sex, skin type or scanner, unless the publication tells it.",
    ]


def _facts(found: dict[str, Any], card: Card) -> dict[str, object]:
    low, high = (f"{w} × {h}" for h, w in (found["size"]["min"], found["size"]["max"]))
    return {
        "origin": card.origin,
        "modality": card.modality,
        "images": f"{found['images']:,}",
        "size (width × height)": f"{low} pixels" if low == high else f"{low} to {high} pixels",
        "channels": "1 (grey)" if found["channels"] == 1 else "3 (colour)",
        "groups (patients, lesions, slides)": f"{found['groups']:,}" if found["groups"] else None,
        "official splits": ", ".join(f"{name} {n:,}" for name, n in found["splits"].items()) or "none",
        "fingerprint": Raw(code(found["fingerprint"])),
    }


def _classes(counts: dict[str, int]) -> str:
    rows = [(name, f"{n:,}") for name, n in list(counts.items())[:MOST_CLASSES]]
    more = f"\n\nand {len(counts) - MOST_CLASSES:,} more." if len(counts) > MOST_CLASSES else ""
    return table(("class", "images"), rows) + more


def _findings(found: Sequence[dict[str, Any]], shortcuts: dict[str, float]) -> str:
    """The findings without their examples, which name files."""
    lines = [f"- {plain(Finding(one['severity'], one['what'], one['advice']))}." for one in found]
    told = ", ".join(f"{plain(name.replace('_', ' '))} {auc:.2f}" for name, auc in shortcuts.items())
    if told:
        lines.append(f"- AUC of the class from one feature of the file alone (0.5 is chance): {told}.")
    return "\n".join(lines) or "Nothing that the checks look for."
