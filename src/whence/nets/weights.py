"""Weights on disk: safetensors, or PyTorch archives that hold tensors alone. Never a pickle."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from whence.errors import InputError
from whence.nets.backbone import head_names
from whence.records import IMAGENET_MEAN, IMAGENET_STD

ACCEPTED = "a .safetensors file, or a PyTorch file of tensors that torch.load(weights_only=True) takes"
WRAPPERS = ("state_dict", "model", "model_state_dict")
PREFIXES = ("module.", "model.", "backbone.")


@dataclass(frozen=True)
class Weights:
    """Tensors of a network and the record that came with them."""

    path: Path
    tensors: dict[str, torch.Tensor]
    record: dict[str, str]

    @property
    def mean(self) -> tuple[float, ...]:
        """What each channel's mean was when the weights were made (RGB, images in [0, 1])."""
        return _numbers(self.record.get("mean"), IMAGENET_MEAN)

    @property
    def std(self) -> tuple[float, ...]:
        """What each channel was divided by when the weights were made."""
        return _numbers(self.record.get("std"), IMAGENET_STD)

    @cached_property
    def sha256(self) -> str:
        """Hash of the file's bytes."""
        return file_sha256(self.path)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_weights(path: Path) -> Weights:
    """Read the tensors of a weights file, floats as float32; an `InputError` names what cannot be taken."""
    if not path.is_file():
        raise InputError(f"weights file {path} does not exist; give the path of {ACCEPTED}")
    if path.suffix == ".safetensors":
        tensors, record = _read_safetensors(path)
    else:
        tensors, record = _read_torch(path), {}
    return Weights(
        path, {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}, record
    )


def read_record(path: Path) -> dict[str, str]:
    """What a safetensors file says of itself, without reading its tensors; empty for any other file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError):
        return {}


def save_weights(path: Path, network: nn.Module, record: dict[str, Any]) -> None:
    """Write a network's tensors as safetensors, with `record` (JSON values) as its metadata."""
    from safetensors.torch import save_file

    tensors = {name: t.detach().cpu().contiguous() for name, t in network.state_dict().items()}
    text = {name: v if isinstance(v, str) else json.dumps(v) for name, v in record.items()}
    save_file(tensors, str(path), metadata=text)


def load_into(network: nn.Module, weights: Weights) -> list[str]:
    """Load all but the head of `network` from `weights`; return the names in the file that were not used.

    The head belongs to the source's classes and is replaced. Anything else that is missing or has another
    shape is an `InputError`: the file is of another architecture.
    """
    given = own_tensors(weights)
    heads = tuple(f"{name}." for name in head_names(network))
    own = network.state_dict()
    wanted = [name for name in own if not name.startswith(heads)]
    absent = [n for n in wanted if n not in given and not n.endswith("num_batches_tracked")]
    differing = [n for n in wanted if n in given and given[n].shape != own[n].shape]
    if absent or differing:
        example = (
            f"{absent[0]!r} is missing"
            if absent
            else f"{differing[0]!r} has shape {tuple(given[differing[0]].shape)}, not {tuple(own[differing[0]].shape)}"
        )
        raise InputError(
            f"{weights.path} does not fit the backbone: {len(absent)} tensors are missing and {len(differing)} have "
            f"another shape (for instance {example}); give weights of the study's backbone, or name theirs as backbone"
            f"{' (' + weights.record['arch'] + ')' if 'arch' in weights.record else ''}"
        )
    network.load_state_dict({n: given[n] for n in wanted if n in given}, strict=False)
    return sorted(n for n in given if n not in own)


def _read_safetensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(
            f"{path} is not a readable safetensors file ({_one_line(error)}); whence takes {ACCEPTED}"
        ) from error


def _read_torch(path: Path) -> dict[str, torch.Tensor]:
    refusal = (
        f"{path} is refused: it is a pickle, or holds more than tensors, and could run code; "
        f"whence takes {ACCEPTED}"
    )
    if not zipfile.is_zipfile(path):
        raise InputError(refusal)
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(refusal) from error
    for wrapper in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
    if (
        not isinstance(found, dict)
        or not all(isinstance(t, torch.Tensor) for t in found.values())
        or not found
    ):
        raise InputError(f"{path} holds no table of tensors; whence takes {ACCEPTED}")
    return found


def own_tensors(weights: Weights) -> dict[str, torch.Tensor]:
    """The tensors under the names that a backbone gives them, without the prefix of a wrapper."""
    tensors = weights.tensors
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name[len(prefix) :]: t for name, t in tensors.items()}
    return tensors


def _numbers(text: str | None, otherwise: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(float(v) for v in json.loads(text)) if text else otherwise


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
