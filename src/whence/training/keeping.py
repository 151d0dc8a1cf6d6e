"""The state of a training, kept now and then, so that one that was cut off goes on to the same bits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn, optim

from whence.paths import replacing
from whence.training.batching import batches
from whence.training.choosing import Epoch, kept_epoch
from whence.training.stopping import Stopped, asked_to_stop, under_way

FORMAT = 2
INTERVAL = 30.0  # seconds between two kept states at least
SHARE = 0.02  # of the time that keeping states may take


@dataclass
class State:
    """Where a training stands: in which epoch, after how many of its steps, with what measured so far."""

    epoch: int = 1
    step: int = 0  # steps done in this epoch
    total: float = 0.0  # their losses, summed over images
    right: int = 0  # images among them that were told right
    epochs: list[Epoch] = field(default_factory=list)  # those that are complete
    best: dict[str, torch.Tensor] | None = None  # the network after the best of them
    order_from: torch.Tensor | None = None  # the generator's state before it drew this epoch's order

    def order_of_epoch(self, count: int, size: int, random: torch.Generator) -> list[torch.Tensor]:
        """The batches of this epoch; in its middle, those that were drawn at its start."""
        if self.step == 0:
            self.order_from = random.get_state()
            return batches(count, size, random)
        assert self.order_from is not None
        return batches(count, size, torch.Generator().set_state(self.order_from))

    def end_epoch(self, measured: Epoch, network: nn.Module | None) -> None:
        """Go over to the next epoch; copy `network`, if given, when this was the best one so far."""
        self.epochs.append(measured)
        self.epoch, self.step, self.total, self.right = measured.number + 1, 0, 0.0, 0
        if network is not None and kept_epoch(self.epochs, "best") == measured.number:
            self.best = {name: t.detach().cpu().clone() for name, t in network.state_dict().items()}


class Keeper:
    """Keeps a training's state in a file, at most every `interval` seconds; without a file it keeps nothing.

    Tensors and plain values only, read back with `weights_only`. A file that is damaged, of another version of
    torch or of another format is as good as none: the training starts anew.
    """

    def __init__(
        self,
        path: Path | None = None,
        interval: float | None = None,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        """`say` is told when a state is taken up or cannot be kept. Interval 0 keeps every step; default `INTERVAL`."""
        self.path, self.say = path, say
        self.interval = INTERVAL if interval is None else interval
        self.started = self.last = time.monotonic()
        self.pause = self.interval
        self.before = 0.0  # seconds spent on this training before it was cut off

    @property
    def seconds(self) -> float:
        """The time spent on this training so far, in all its runs."""
        return self.before + time.monotonic() - self.started

    def is_time(self) -> bool:
        """Whether the state should be kept now: from time to time, and when this process is asked to stop."""
        return asked_to_stop() or self._is_due()

    def _is_due(self) -> bool:
        return self.path is not None and time.monotonic() - self.last >= self.pause

    def save(
        self, state: State, network: nn.Module, optimiser: optim.Optimizer, random: torch.Generator
    ) -> None:
        """Write the state; a disk that is full stops no training. Raises `Stopped` afterwards if that was asked."""
        if self.path is not None:
            self._write(self.path, state, network, optimiser, random)
        if asked_to_stop():
            self.say(f"asked to stop, in epoch {state.epoch} after step {state.step}")
            raise Stopped

    def _write(
        self,
        path: Path,
        state: State,
        network: nn.Module,
        optimiser: optim.Optimizer,
        random: torch.Generator,
    ) -> None:
        started = time.monotonic()
        document = {
            "format": FORMAT,
            "torch": str(torch.__version__),
            "network": network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "random": random.get_state(),
            "torch_random": torch.random.get_rng_state(),
            "cuda_random": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "place": (state.epoch, state.step, state.total, state.right),
            "epochs": [astuple(epoch) for epoch in state.epochs],
            "best": state.best,
            "order_from": state.order_from,
            "seconds": self.seconds,
        }
        try:
            with replacing(path, "wb") as file:
                torch.save(document, file)
        except (OSError, RuntimeError) as error:  # torch.save tells of a full disk with the latter
            self.say(f"the state could not be kept ({error}); the training goes on")
        self.last = time.monotonic()
        self.pause = max(self.interval, (self.last - started) / SHARE) if self.interval else 0.0

    def restore(
        self, network: nn.Module, optimiser: optim.Optimizer, random: torch.Generator
    ) -> State | None:
        """Bring network, optimiser and random states back to where they were kept; None if there is nothing."""
        under_way()
        found = self._read()
        if found is None:
            return None
        network.load_state_dict(found["network"])
        optimiser.load_state_dict(found["optimiser"])
        random.set_state(found["random"])
        torch.random.set_rng_state(found["torch_random"])
        if found["cuda_random"] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(found["cuda_random"])
        self.before = found["seconds"]
        epoch, step, total, right = found["place"]
        self.say(f"going on in epoch {epoch} after step {step}")
        epochs = [Epoch(*values) for values in found["epochs"]]
        return State(epoch, step, total, right, epochs, found["best"], found["order_from"])

    def _read(self) -> dict[str, Any] | None:
        if self.path is None or not self.path.is_file():
            return None
        try:
            found: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
            same = (found["format"], found["torch"]) == (FORMAT, str(torch.__version__))
        except Exception as error:  # a damaged archive raises a dozen kinds
            self.say(f"the kept state cannot be read ({type(error).__name__}); starting anew")
            return None
        if not same:
            self.say("the kept state is of another version; starting anew")
        return found if same else None
