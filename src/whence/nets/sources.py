"""What a source's name means: nothing, ready weights, or a dataset to pretrain on."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from whence.errors import InputError
from whence.nets.backbone import build, check_backbone, pretrained_config
from whence.nets.weights import file_sha256, load_into, read_record, read_weights, save_weights
from whence.paths import building, home

Kind = Literal["none", "weights", "dataset"]
HUB_PATIENCE = 5  # seconds
READY_SCHEMES = ("timm:", "hf-hub:", "file:")


@dataclass(frozen=True)
class Source:
    """A source as the user names it, and where its weights lie once they are at hand.

    `kind` is "none" (random initialisation), "weights" (a file), or "dataset" (to be pretrained on).
    """

    name: str
    kind: Kind
    path: Path | None = None
    identity: str = ""  # hash of the weights' bytes


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
        check_fit(path, backbone)
    else:
        path = hub_weights(name, backbone)
    return Source(name, kind, path, file_sha256(path))


def trained_on(path: Path) -> str | None:
    """What weights were trained on, as their own record says or, failing that, their file's name; None if neither."""
    return read_record(path).get("trained_on") or ("imagenet" if "imagenet" in path.stem.lower() else None)


def check_fit(path: Path, backbone: str) -> None:
    """Raise an `InputError` if the weights at `path` are not of this backbone."""
    load_into(build(backbone, classes=2, dropout=0.0, seed=0), read_weights(path))


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
