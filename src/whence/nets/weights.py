"""Weights on disk: safetensors, PyTorch files that hold tensors alone, Keras' HDF5. Never a pickle that could run."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from whence.errors import InputError
from whence.nets.hdf5 import read_hdf5
from whence.nets.matching import Match, backbone_names, match
from whence.nets.origins import HDF5, told_by_name
from whence.records import IMAGENET_MEAN, IMAGENET_STD

ACCEPTED = (
    "a .safetensors file, a PyTorch file of tensors that torch.load(weights_only=True) takes, or Keras' .h5"
)
WRAPPERS = ("state_dict", "model", "model_state_dict", "net", "network", "ema")


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


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_identity(path: Path) -> str:
    """What stands for weights in the keys of jobs: the SHA-256 of the file's bytes, in hex.

    Where the file's name decides how images are normalised, what it tells is hashed too.
    """
    digest, told = file_sha256(path), told_by_name(path)
    return hashlib.sha256(f"{digest} {json.dumps(told)}".encode()).hexdigest() if told else digest


def read_weights(path: Path) -> Weights:
    """Read the tensors of a weights file, floats as float32; an `InputError` names what cannot be taken."""
    if not path.is_file():
        raise InputError(f"weights file {path} does not exist; give the path of {ACCEPTED}")
    record = told_by_name(path)
    if path.suffix == ".safetensors":
        tensors, own = _read_safetensors(path)
        record |= own
    else:
        tensors = read_hdf5(path) if path.suffix.lower() in HDF5 else _read_torch(path)
    return Weights(
        path, {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}, record
    )


def read_record(path: Path) -> dict[str, str]:
    """What a weights file says of itself, or is known by its name to be, without reading its tensors."""
    from safetensors import SafetensorError, safe_open

    told = told_by_name(path)
    try:
        with safe_open(path, framework="pt") as file:
            return told | (file.metadata() or {})
    except (SafetensorError, OSError):
        return told


def save_weights(path: Path, network: nn.Module, record: dict[str, Any]) -> None:
    """Write a network's tensors as safetensors, with `record` (JSON values) as its metadata.

    Equal networks and records give equal bytes: the library itself puts metadata in a random order.
    """
    from safetensors.torch import save

    tensors = {name: t.detach().cpu().contiguous() for name, t in network.state_dict().items()}
    text = {name: v if isinstance(v, str) else json.dumps(v) for name, v in record.items()}
    data = save(tensors, metadata=text)
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header["__metadata__"] = dict(sorted(text.items()))
    encoded = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    with path.open("wb") as file:
        file.write(len(encoded).to_bytes(8, "little") + encoded)
        file.write(memoryview(data)[start:])


def match_whole(network: nn.Module, weights: Weights) -> Match:
    """What of `weights` goes where in `network`, whose own tensors may be on the meta device.

    The head belongs to the source's classes and may be missing. Anything else that is missing or has another
    shape is an `InputError`: the file is of another architecture.
    """
    found = match(network, weights.tensors)
    if not found.whole:
        made_by = f" ({weights.record['arch']})" if "arch" in weights.record else ""
        raise InputError(
            f"{weights.path} does not fit the backbone: {found.lacking()}, read as {found.layout.title}; not "
            f"used: {len(found.unused)} of {len(weights.tensors)} tensors in the file. Give weights of the study's "
            f"backbone, or name theirs as backbone{made_by}"
        )
    return found


def load_into(network: nn.Module, weights: Weights) -> Match:
    """Load all but the head of `network` from `weights`; return what was taken, and what in the file was not used.

    Where the weights' makers compute otherwise than timm (strides, epsilons), the network is changed to do as they do.
    Raises as `match_whole` does.
    """
    found = match_whole(network, weights)
    network.load_state_dict({name: found.tensors[name] for name in backbone_names(network)}, strict=False)
    found.layout.adjust(network)
    return found


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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of a pickle before it refuses it
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(refusal) from error
    tensors = _table(found)
    if tensors is None:
        kind = (
            f"its entries are {', '.join(map(str, list(found)[:6]))}"
            if isinstance(found, dict)
            else "no table"
        )
        raise InputError(f"{path} holds no table of tensors ({kind}); whence takes {ACCEPTED}")
    return tensors


def _table(found: Any) -> dict[str, torch.Tensor] | None:
    """The table of tensors in what a file holds: itself, or what it has under one of the usual names."""
    if not isinstance(found, Mapping) or not found:
        return None
    if all(isinstance(value, torch.Tensor) for value in found.values()):
        return dict(found)
    inside = (found[wrapper] for wrapper in WRAPPERS if isinstance(found.get(wrapper), Mapping))
    return next((table for one in inside if (table := _table(one)) is not None), None)


def _numbers(text: str | None, otherwise: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(float(v) for v in json.loads(text)) if text else otherwise


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
