"""A dataset as Croissant 1.0 metadata (JSON-LD): what it is and which classes it has; no image, no file name."""

from __future__ import annotations

import re
from typing import Any

from whence.data import Dataset, properties
from whence.share.cards.licences import licence_link

CONTEXT: dict[str, Any] = {  # of the Croissant 1.0 specification
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(dataset: Dataset, *, url: str | None = None, published: str | None = None) -> dict[str, Any]:
    """The metadata as a JSON-LD document that mlcroissant takes.

    `url` is where the dataset is told of (the card's where not given), `published` an ISO date; what is not known
    is left out, as Croissant has it. The images themselves are no part of it: its one record set holds the classes and
    how many images each has. `version` holds the first digits of the fingerprint. Surveys the dataset if that was not
    done. Raises `UnreadableImage`.
    """
    found, card = properties(dataset), dataset.card
    named = {
        "description": _description(found, card.modality),
        "license": licence_link(card.licence),
        "citeAs": card.citation,
        "url": url or card.url,
        "datePublished": published,
    }
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": _name(dataset.name),
        "alternateName": card.title or dataset.name,
        "version": f"1.0.0+{dataset.fingerprint[:12]}",
        "keywords": ["image classification", *(word for word in (card.origin, card.modality) if word)],
        **{key: value for key, value in named.items() if value},
        "recordSet": [_classes(found["counts"])],
    }


def _description(found: dict[str, Any], modality: str | None) -> str:
    kind = f" ({modality})" if modality else ""
    return (
        f"{found['images']} images{kind} of {len(found['classes'])} classes, {found['channels']} "
        f"channel{'' if found['channels'] == 1 else 's'}; fingerprint {found['fingerprint']}"
    )


def _classes(counts: dict[str, int]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "classes",
        "name": "classes",
        "description": "the classes and how many images each has",
        "key": {"@id": "classes/name"},
        "field": [
            {"@type": "cr:Field", "@id": "classes/name", "name": "name", "dataType": "sc:Text"},
            {"@type": "cr:Field", "@id": "classes/images", "name": "images", "dataType": "sc:Integer"},
        ],
        "data": [{"classes/name": name, "classes/images": n} for name, n in counts.items()],
    }


def _name(name: str) -> str:
    """A name in letters that Croissant takes: no slash, no blank."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "dataset"
