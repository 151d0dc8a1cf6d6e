"""A study's results as one archive that another machine can take in: tables, cards, study file, versions.

No image is in it, no file name, no folder's path and no machine's name: datasets are told by name and fingerprint,
predictions name images by the hash of their content.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from whence.data import Dataset, properties
from whence.data.address import mixture, parse_address
from whence.data.named import known_schemes
from whence.diagnosis import versions
from whence.errors import InputError
from whence.nets.sources import source_kind
from whence.records import Outcome, as_row
from whence.share.archive import read_archive, write_archive
from whence.share.cards import croissant, dataset_card, study_card
from whence.share.parcel import CARD
from whence.study.known import measured_so_far
from whence.study.ledger import Ledger, Measured
from whence.study.naming import weights_label
from whence.study.plan import Plan
from whence.study.study_file import StudyFile, make_study
from whence.study.tables import FILES, export_tables, import_tables

FORMAT = "whence results 1"
INDEX, STUDY, CARDS, CROISSANT = "results.json", "study.yaml", "datasets.md", "croissant.json"
MEMBERS = (INDEX, STUDY, CARD, CARDS, CROISSANT, *FILES.values())
OF_THIS_MACHINE = {"engine", "tracking"}  # fields of a study file that tell how it was run here


@dataclass(frozen=True)
class Results:
    """What an archive tells. `datasets` and `weights` go by the names that `study` gives them.

    A dataset is its properties, its label in the tables (`name`), and its fingerprint; weights are their label, what
    they were trained on, and the hash of their bytes for each backbone.
    """

    study: StudyFile
    datasets: dict[str, dict[str, Any]]
    weights: dict[str, dict[str, Any]]
    versions: dict[str, str]
    measured: list[Measured]

    @property
    def outcomes(self) -> list[Outcome]:
        """Every fold that was measured."""
        return [one.row for one in self.measured if isinstance(one.row, Outcome)]


def write_results(plan: Plan, folder: Path, path: Path, licence: str | None = None) -> str:
    """Write what a study has measured so far as an archive at `path`; return its card.

    Equal results give equal bytes. Raises `InputError` for a study that has no outcome yet.
    """
    plan, measured = measured_so_far(plan, folder)
    rows = [replace(one, row=replace(one.row, host="")) for one in measured]
    outcomes = [one.row for one in rows if isinstance(one.row, Outcome)]
    if not outcomes:
        raise InputError(f"study {plan.study.name!r} has no outcome yet; run it first: whence study run")
    names, opened = _names(plan)
    datasets = {called: _facts(dataset) for called, dataset in opened.items()}
    card = study_card(
        plan.study.name, outcomes, datasets=list(datasets.values()), settings=_settings(plan.study),
        versions=versions(), licence=licence,
    )  # fmt: skip
    members = _tables(rows) | {
        STUDY: yaml.safe_dump(_renamed(plan.study, names), sort_keys=False, allow_unicode=True).encode(),
        CARD: card.encode(),
        CARDS: "\n\n---\n\n".join(_body(dataset_card(dataset)) for dataset in opened.values()).encode(),
        CROISSANT: _json([croissant(dataset) for dataset in opened.values()]),
    }
    index = {
        "format": FORMAT,
        "study": plan.study.name,
        "datasets": datasets,
        "weights": _weights(plan, names),
        "versions": versions(),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(members.items())},
    }
    write_archive(path, members | {INDEX: _json(index)})
    return card


def read_results(path: Path) -> Results:
    """What a results archive holds, checked; nothing is written. Raises `InputError` for what is refused."""
    members = read_archive(path, MEMBERS)
    try:
        index = json.loads(members[INDEX])
        if index["format"] != FORMAT:
            raise ValueError(f"its format is {index['format']!r}, this whence reads {FORMAT!r}")
        told = {name: hashlib.sha256(data).hexdigest() for name, data in members.items() if name != INDEX}
        if told != index["files"] or not set(MEMBERS) - {INDEX} <= set(told):
            raise ValueError("its files are not those that its checksums tell of")
        study = make_study(yaml.safe_load(members[STUDY]), STUDY)
        datasets = {str(name): _read_facts(one) for name, one in index["datasets"].items()}
        weights = {str(name): _read_weights(one) for name, one in index["weights"].items()}
        known = {str(name): str(number) for name, number in index["versions"].items()}
        measured = _measured(members)
        _check_printable([*datasets, *weights, *(one["name"] for one in datasets.values())])
    except InputError as error:
        raise InputError(f"{str(path)!r} is refused: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(
            f"{str(path)!r} is refused: it is no results archive of whence ({reason})"
        ) from error
    return Results(study, datasets, weights, known, measured)


def _names(plan: Plan) -> tuple[dict[str, str], dict[str, Dataset]]:
    """Each name of the study file → the one that the archive gives it; and every dataset by the latter.

    A dataset of a known collection keeps its name; a path becomes the name that the tables use.
    """
    study, names = plan.study, {}
    opened: dict[str, Dataset] = {}
    of_sources = [name for name in study.sources if source_kind(name) == "dataset"]
    for name, (label, dataset) in [
        *zip(of_sources, plan.sources.items(), strict=True),
        *zip(study.targets, plan.targets.items(), strict=True),
    ]:
        names[name] = name if is_public(name) else label
        opened[names[name]] = dataset
    for name in study.sources:
        if source_kind(name) == "weights":
            names[name] = weights_label(name)
    return names, opened


def is_public(name: str) -> bool:
    """Whether a name is one of a known collection's, or a mixture of such: it means the same everywhere."""
    base = parse_address(name).base
    if inside := mixture(base):
        return all(map(is_public, inside[0]))
    scheme, colon, _ = base.partition(":")
    return bool(colon) and scheme in known_schemes()


def _renamed(study: StudyFile, names: Mapping[str, str]) -> dict[str, Any]:
    fields = study.model_dump(mode="json", exclude=OF_THIS_MACHINE)

    def to(name: str) -> str:
        return names.get(name, name)

    fields["sources"], fields["targets"] = (list(map(to, fields[of])) for of in ("sources", "targets"))
    fields["exclude"] = [[to(source), to(target)] for source, target in fields["exclude"]]
    fields["cards"] = {to(name): said for name, said in fields["cards"].items()}
    fields["overrides"] = {
        use: {to(name): settings for name, settings in of.items()} for use, of in fields["overrides"].items()
    }
    return fields


def _facts(dataset: Dataset) -> dict[str, Any]:
    return properties(dataset) | {"licence": dataset.card.licence, "citation": dataset.card.citation}


def _read_facts(found: dict[str, Any]) -> dict[str, Any]:
    digest = found["fingerprint"]
    if not isinstance(found["name"], str) or not re.fullmatch("[0-9a-f]{64}", digest):
        raise ValueError(f"a dataset {found['name']!r} has no fingerprint")
    if type(found["images"]) is not int:
        raise ValueError(f"a dataset {found['name']!r} does not tell how many images it has")
    return dict(found)


def _read_weights(found: dict[str, Any]) -> dict[str, Any]:
    texts = [found["name"], found["trained_on"], *found["identity"], *found["identity"].values()]
    if not all(isinstance(text, str) and text.isprintable() for text in texts):
        raise ValueError("what it tells of weights is no text")
    return dict(found)


def _check_printable(names: list[str]) -> None:
    for name in names:
        if not name.isprintable():
            raise ValueError(f"{name!r} is no name")


def _weights(plan: Plan, names: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Ready weights by the archive's name: label, what they were trained on, and a hash of them for each backbone."""
    found: dict[str, dict[str, Any]] = {}
    labels = {names.get(name, name): name for name in plan.study.sources if source_kind(name) == "weights"}
    for entry in plan.finetunings:
        if entry.source in labels and "weights" in entry.job.inputs:
            one = found.setdefault(entry.source, {"name": entry.source, "identity": {}})
            one["trained_on"] = plan.trained_on.get(entry.source, entry.source)
            one["identity"][entry.backbone] = entry.job.inputs["weights"]
    return found


def _settings(study: StudyFile) -> dict[str, object]:
    return {
        "backbone": ", ".join(study.backbone),
        "recipe": ", ".join(r if isinstance(r, str) else json.dumps(r) for r in study.recipe),
        "folds": study.folds,
        "seed": ", ".join(map(str, study.seed)),
        "threads per job": study.threads,
    }


def _tables(rows: list[Measured]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as scratch, Ledger(None) as ledger:
        ledger.add(rows)
        export_tables(ledger, Path(scratch))
        return {name: (Path(scratch) / name).read_bytes() for name in FILES.values()}


def _measured(members: Mapping[str, bytes]) -> list[Measured]:
    with tempfile.TemporaryDirectory() as scratch:
        for name in FILES.values():
            (Path(scratch) / name).write_bytes(members[name])
        try:
            found = import_tables(Path(scratch))
        except InputError as error:
            raise InputError(str(error).replace(f"{scratch}/", "").partition("; move it away")[0]) from error
    outside = [one.row.auc for one in found if not 0 <= one.row.auc <= 1]
    if outside:
        raise InputError(f"it holds an AUC of {outside[0]}; accepted: 0 to 1")
    _check_printable([text for one in found for text in as_row(one.row).values() if isinstance(text, str)])
    return found


def _body(card: str) -> str:
    """A card without the hub's YAML in front of it."""
    return card.split("---\n", 2)[2].strip()


def _json(document: Any) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
