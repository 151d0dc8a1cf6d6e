"""What an engine is: slots in which jobs run, started by the scheduler, and told of as they end.

An engine decides nothing: which job comes next, what is tried again and when to stop is the scheduler's business
(`whence.study.scheduler`). So every engine that starts the jobs it is given makes the same ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from whence.errors import InputError
from whence.study.job import Job

RETRIES = 2  # more tries of a job whose process or machine was lost


class Options(BaseModel):
    """What a user may set of an engine; each engine adds its own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: Annotated[int, Field(ge=1)] | None = None  # jobs at a time; None: what the machine has room for
    retries: Annotated[int, Field(ge=0)] = RETRIES


@dataclass(frozen=True)
class Ended:
    """A job that an engine has finished with.

    `reason` tells why it left no result in its folder; it is empty where the folder tells how the job went. `lost`: its
    process or machine went away, so another try may help.
    """

    job: Job
    reason: str = ""
    lost: bool = False


class Engine(Protocol):
    """Runs jobs on some machines, each in the same job folder."""

    retries: int

    @property
    def slots(self) -> int:
        """How many jobs it has room for at a time, now."""

    def start(self, plan: Sequence[Job]) -> None:
        """Begin jobs whose needs are met, at most as many as there are free slots; return at once."""

    def ended(self, seconds: float) -> list[Ended]:
        """Wait for jobs to end, `seconds` at most, and tell of those that have since the last call."""

    def stop(self, grace: float) -> None:
        """End what runs: `grace` seconds to keep its state, then at once. Nothing of it is left; others may start."""

    def close(self) -> None:
        """Give back what the engine holds; nothing is started afterwards."""


@dataclass(frozen=True)
class EngineKind:
    """An engine by name: the module-level `ENGINE` of its file, or what an entry point of `whence.engines` leads to."""

    name: str
    meaning: str  # one line for the documentation
    make: Callable[[Any, str], Engine]  # (its options, the device of the jobs: "cpu" or "cuda") → engine
    options: type[Options] = Options


def extra(module: str, name: str) -> ModuleType:
    """Import what an optional extra of whence brings; an `InputError` says how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            f"{module} is not installed ({error}); it comes with an extra: pip install 'whence[{name}]'"
        ) from error
