"""Where the data of somebody else's study lie on this machine: as told, by public name, or by fingerprint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from whence.data import Dataset, open_dataset
from whence.errors import InputError, unknown_name
from whence.nets.sources import pulled_checkpoints
from whence.nets.weights import read_record, weights_identity
from whence.paths import home
from whence.share.results import Results, is_public
from whence.study.job import read_job

Say = Callable[[str], None]


@dataclass(frozen=True)
class AtHand:
    """What of a study is here, by the study's own names: open datasets, weights files, and why the rest is not."""

    datasets: dict[str, Dataset]
    weights: dict[str, Path]
    missing: dict[str, str]


def find_data(results: Results, told: Sequence[str], say: Say) -> AtHand:
    """Open every dataset and find every weights file of a study, each checked to be the very same.

    `told` are words NAME=PATH for those that are not found by themselves. Other data than the study's are refused:
    `InputError`, which also names a word that is none of the study's.
    """
    names = [*results.datasets, *(name for name in results.weights if name.startswith("file:"))]
    given = dict(_given(word, names) for word in told)
    datasets: dict[str, Dataset] = {}
    missing: dict[str, str] = {}
    for name, facts in results.datasets.items():
        try:
            dataset = _dataset(name, facts, given.get(name), say)
        except InputError as error:
            if name in given:
                raise
            missing[name] = str(error)
        else:
            datasets[name] = replace(dataset, name=facts["name"])
    weights: dict[str, Path] = {}
    for name in (name for name in names if name.startswith("file:")):
        identities = set(results.weights[name]["identity"].values())
        if name in given:
            path = Path(given[name]).expanduser().absolute()
            if not path.is_file() or weights_identity(path) not in identities:
                raise InputError(
                    f"--data {name}={path} are not the study's weights; give the file whose bytes they are"
                )
            weights[name] = path
        elif (
            found := next((p for p in _weights_here() if weights_identity(p) in identities), None)
        ) is not None:
            weights[name] = found
        else:
            missing[name] = f"its weights are not on this machine: --data {name}=PATH"
    return AtHand(datasets, weights, missing)


def _given(word: str, names: Sequence[str]) -> tuple[str, str]:
    """NAME=PATH taken apart; a name may hold an equals sign itself."""
    for name in sorted(names, key=len, reverse=True):
        if word.startswith(f"{name}="):
            return name, word.removeprefix(f"{name}=")
    raise unknown_name("dataset of the study", word.partition("=")[0], names, "--data takes NAME=PATH")


def _dataset(name: str, facts: Mapping[str, Any], given: str | None, say: Say) -> Dataset:
    wanted = facts["fingerprint"]
    if given is not None:
        say(f"reading {given}")
        dataset = open_dataset(given)
        if dataset.fingerprint != wanted:
            raise InputError(
                f"--data {name}={given} is another dataset than the study's: its fingerprint is "
                f"{dataset.fingerprint[:12]}, not {wanted[:12]} ({len(dataset)} images, not {facts['images']})"
            )
        return dataset
    for address, options in _addresses(name, wanted):
        try:
            dataset = open_dataset(address, **options)
        except InputError:
            continue  # it was there once
        if dataset.fingerprint == wanted:
            say(f"{name} is {address}")
            return dataset
    raise InputError(
        f"{facts['images']} images with the fingerprint {wanted[:12]} are not at hand: --data {name}=PATH"
    )


def _addresses(name: str, fingerprint: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where a dataset may be opened: by its public name, and wherever a job of this machine had it."""
    if is_public(name):
        yield name, {}
    seen = set()
    for mark in (home() / "jobs").glob("*/*/done"):
        try:
            job = read_job(mark.parent)
        except InputError:
            continue
        if job.inputs.get("dataset") == fingerprint and job.locate["dataset"] not in seen:
            seen.add(job.locate["dataset"])
            yield job.locate["dataset"], dict(job.locate["options"])


def _weights_here() -> Iterator[Path]:
    yield from pulled_checkpoints().values()
    for path in sorted((home() / "jobs" / "pretrain").glob("*/checkpoint.safetensors")):
        if read_record(path):
            yield path
