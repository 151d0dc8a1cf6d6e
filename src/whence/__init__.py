"""whence: which source should a small medical image set be transferred from, and how sure is that?

The public names, each taken from `whence.api` when it is first used, so that `import whence` is quick.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whence.api import (
        Checkpoint,
        Ranking,
        Study,
        distance,
        distances,
        finetune,
        open_dataset,
        pretrain,
        rank,
        score,
        scores,
    )
    from whence.errors import InputError, WhenceError, WorkFailed

__version__ = version("whence")
__all__ = [
    "Checkpoint",
    "InputError",
    "Ranking",
    "Study",
    "WhenceError",
    "WorkFailed",
    "distance",
    "distances",
    "finetune",
    "open_dataset",
    "pretrain",
    "rank",
    "score",
    "scores",
]
_ERRORS = {"InputError", "WhenceError", "WorkFailed"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'whence' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("whence.errors" if name in _ERRORS else "whence.api"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
