"""What a source's name means: nothing, ready weights, or a dataset to pretrain on."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import torch

from whence.errors import InputError
from whence.nets.backbone import build, check_backbone, pretrained_config
from whence.nets.layouts import known_layouts
from whence.nets.matching import Match
from whence.nets.origins import told_by_name
from whence.nets.weights import (
    Weights,
    match_whole,
    read_record,
    read_weights,
    save_weights,
    weights_identity,
)
from whence.paths import building, home

Kind = Literal["none", "weights", "dataset"]
HUB_PATIENCE = 5  # seconds
READY_SCHEMES = ("timm:", "hf-hub:", "file:")
TIMM = known_layouts()[0].title


@dataclass(frozen=True)
class Source:
    """A source as the user names it, and where its weights lie once they are at hand.

    `kind` is "none" (random initialisation), "weights" (a file), or "dataset" (to be pretrained on). `told` says in a
    line how the file was read and what in it was not used, where there is something to say.
    """

    name: str
    kind: Kind
    path: Path | None = None
    identity: str = ""  # hash of the weights' bytes
    told: str = ""
    size: int | None = None  # side in pixels of the images that the weights were made on, where that is known


def source_kind(name: str) -> Kind:
    """What kind of source a name is, without opening it."""
    if name == "none":
        return "none"
    return "weights" if name == "imagenet" or name.startswith(READY_SCHEMES) else "dataset"


def find_source(name: str, backbone: str, base: Path | None = None) -> Source:
    """Make a source's weights ready on this machine: a file is read and tried, a hub is asked.

    `base` is the folder that relative `file:` paths start from. Raises `InputError` if there is no such file,
    if it does not fit the backbone, or if the hub cannot be reached.
    """
    kind = source_kind(name)
    if kind != "weights":
        return Source(name, kind)
    if name.startswith("file:"):
        path = Path(name.removeprefix("file:")).expanduser()
        path = path if path.is_absolute() else (base or Path.cwd()) / path
        told = _told(path, check_fit(path, backbone))
    else:
        path, told = hub_weights(name, backbone), ""
    return Source(name, kind, path, weights_identity(path), told, own_size(name, backbone, path))


def trained_on(path: Path) -> str | None:
    """What weights were trained on, as their own record says or, failing that, their file's name; None if neither."""
    return read_record(path).get("trained_on") or ("imagenet" if "imagenet" in path.stem.lower() else None)


def own_size(name: str, backbone: str, path: Path) -> int | None:
    """The side of the images that weights were made on, as their record or timm says; None where neither does."""
    import timm

    record = read_record(path)
    if "recipe" in record:
        return int(json.loads(record["recipe"])["size"])
    if name == "imagenet" or name.startswith("timm:"):
        config = timm.get_pretrained_cfg(backbone if name == "imagenet" else name.removeprefix("timm:"))
        return int(config.input_size[-1]) if config else None
    return None


def _told(path: Path, match: Match) -> str:
    """How a file was read, where it is not simply a timm network's or its normalisation is known by its name only."""
    parts = [match.told()] if match.unused or match.layout.title != TIMM else []
    if told_by_name(path) and "arch" not in read_record(path):
        weights = Weights(path, {}, read_record(path))
        numbers = (", ".join(f"{value:.3g}" for value in values) for values in (weights.mean, weights.std))
        parts.append("mean {} and std {} as its name tells".format(*numbers))
    return "; ".join(parts)


def check_fit(path: Path, backbone: str) -> Match:
    """How the weights at `path` fit this backbone; an `InputError` if they do not."""
    with torch.device("meta"):  # shapes are enough
        network = build(backbone, classes=2, dropout=0.0, seed=0)
    return match_whole(network, read_weights(path))


def hub_weights(name: str, backbone: str) -> Path:
    """Weights that timm or the Hugging Face hub publishes, downloaded once and kept as safetensors.

    `imagenet` is timm's default for the backbone, `timm:MODEL.TAG` a named one, `hf-hub:USER/MODEL` anybody's.
    """
    import timm

    check_backbone(backbone)
    if name == "imagenet":
        default = timm.get_pretrained_cfg(backbone)
        model = f"{backbone}.{default.tag}" if default and default.tag else backbone
    else:
        model = name.removeprefix("timm:")
    folder = home() / "weights" / model.replace("/", "--").replace(":", "--")
    if not folder.exists():
        try:
            _check_hub()
            network = timm.create_model(model, pretrained=True)
        except Exception as error:  # the hub's clients raise a dozen kinds, of several libraries
            raise InputError(
                f"the weights {model!r} of source {name!r} are not on this machine and could not be fetched "
                f"({type(error).__name__}); connect it to the network and try again, or give a weights file "
                f"as source: file:PATH"
            ) from error
        config = pretrained_config(network)
        record = {
            "arch": config["architecture"],
            "trained_on": "imagenet" if name == "imagenet" else model,
            "mean": list(config["mean"]),
            "std": list(config["std"]),
            "licence": config.get("license") or "",
        }
        with building(folder) as scratch:
            save_weights(scratch / "weights.safetensors", network, record)
    path = folder / "weights.safetensors"
    check_fit(path, backbone)
    return path


def _check_hub() -> None:
    """Raise `OSError` at once where the hub cannot be reached: its client tries for a minute, and noisily."""
    from huggingface_hub import constants

    if constants.is_offline_mode():
        return
    hub = urlsplit(constants.ENDPOINT)
    port = hub.port or (443 if hub.scheme == "https" else 80)
    with socket.create_connection((hub.hostname or "", port), timeout=HUB_PATIENCE):
        pass
