"""Where the data of somebody else's study lie on this machine: as told, by public name, or by fingerprint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from whence.data import Dataset, open_dataset
from whence.errors import InputError, unknown_name
from whence.nets.sources import PULLED, find_source, pulled_checkpoints
from whence.nets.weights import weights_identity
from whence.paths import home
from whence.share.results import Results, is_public
from whence.study.job import read_job
from whence.study.watching import Say


@dataclass(frozen=True)
class AtHand:
    """What of a study is here, by the study's own names: open datasets, what weights are called here as a source
    (`file:PATH`, `pulled:NAME`), and why the rest is not.
    """

    datasets: dict[str, Dataset]
    weights: dict[str, str]
    missing: dict[str, str]


def find_data(results: Results, told: Sequence[str], say: Say) -> AtHand:
    """Open every dataset and find all weights of a study, each checked to be the very same.

    `told` are words NAME=PATH for those that are not found by themselves. Other data than the study's are refused:
    `InputError`, which also names a word that is none of the study's.
    """
    given = dict(_given(word, [*results.datasets, *results.weights]) for word in told)
    found = AtHand({}, {}, {})
    for name, facts in results.datasets.items():
        with _told_missing(found, name, given):
            found.datasets[name] = replace(_dataset(name, facts, given.get(name), say), name=facts["name"])
    for name, facts in results.weights.items():
        with _told_missing(found, name, given):
            found.weights[name] = _weights(name, facts["identity"], given.get(name), say)
    return found


@contextmanager
def _told_missing(found: AtHand, name: str, given: Mapping[str, str]) -> Iterator[None]:
    """Note why something is not at hand; what was said to be it and is not, is an error."""
    try:
        yield
    except InputError as error:
        if name in given:
            raise
        found.missing[name] = str(error)


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
        address = job.locate.get("dataset")
        if job.inputs.get("dataset") == fingerprint and address and address not in seen:
            seen.add(address)
            yield address, dict(job.locate.get("options", {}))


def _weights(name: str, identity: Mapping[str, str], given: str | None, say: Say) -> str:
    """What the study's weights are called here: by their bytes, or by a name that is the same anywhere (imagenet …)."""
    wanted = set(identity.values())
    if given is not None:
        path = Path(given).expanduser().absolute()
        if not path.is_file() or weights_identity(path) not in wanted:
            raise InputError(
                f"--data {name}={given} is not the study's weights; give the file whose bytes they are"
            )
        return f"file:{path}"
    here = next((called for called, path in _weights_here() if weights_identity(path) in wanted), None)
    if here is not None:
        return here
    if name.startswith(("file:", PULLED)):
        raise InputError(f"these weights are not on this machine: --data {name}=PATH")
    for backbone, one in identity.items():
        if find_source(name, backbone).identity != one:
            say(f"{name} for {backbone} has other bytes here than in the study")
    return name


def _weights_here() -> Iterator[tuple[str, Path]]:
    """The checkpoints of this machine, and what they are called as a source."""
    yield from pulled_checkpoints().items()
    for path in sorted((home() / "jobs" / "pretrain").glob("*/checkpoint.safetensors")):
        yield f"file:{path}", path
