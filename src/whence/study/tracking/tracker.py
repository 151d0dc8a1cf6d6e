"""Tells MLflow what happens, from a thread of its own: a server that is slow, dead or wrong costs a study nothing.

The driver writes down how things stand; the thread brings MLflow up to that, and starts over from there after a
failure. So nothing is lost while a server is away for an hour, and what was missed at the end the next run makes good.
"""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from whence.errors import InputError
from whence.records import CurvePoint
from whence.study.collect import measured
from whence.study.ledger import Measured
from whence.study.plan import Entry
from whence.study.tracking.mlflow import Book, JobNow
from whence.study.watching import Say, Watcher

PATIENCE = 60.0  # seconds between two tries at most, while the server does not answer
CLOSING = 300.0  # seconds that the end of a run waits for a server that answers; it waits for no other


class Tracker(Watcher):
    """Keeps an MLflow book up to date with a running study."""

    def __init__(self, study: str, uri: str, artifacts: str | None, say: Say) -> None:
        """Start the thread; `artifacts` is where a new experiment keeps its files, None for the server's choice."""
        self.study, self.say = study, say
        self.book = Book(study, uri, artifacts)
        self.jobs: dict[str, JobNow] = {}
        self.changed: dict[str, None] = {}  # keys of jobs that MLflow does not know as they are, in order
        self.known_done: list[Entry] | None = None
        self.lock, self.wake, self.closing = threading.Lock(), threading.Event(), threading.Event()
        self.failures = 0
        self.thread = threading.Thread(target=self._work, name="tracking", daemon=True)
        self.thread.start()

    def begin(self, missing: Sequence[Entry], done: Sequence[Entry]) -> None:
        """Let what is done already be made good where MLflow lacks it."""
        with self.lock:
            self.known_done = list(done)
        self.wake.set()

    def started(self, entry: Entry) -> None:
        """A run of its own for the job."""
        self._change(entry, state="running")

    def epoch(self, entry: Entry, point: CurvePoint) -> None:
        """The epoch's metrics."""
        self._change(entry, points=[point])

    def ended(self, entry: Entry, found: Measured | None, reason: str) -> None:
        """Final metrics and files, or the reason."""
        points = list(found.curve) if found else []
        self._change(entry, state="done" if found else "failed", points=points, found=found, reason=reason)

    def close(self) -> None:
        """Wait a little for what MLflow does not know yet."""
        self.closing.set()
        self.wake.set()
        self.thread.join(CLOSING)
        if self.thread.is_alive() or self.changed:
            self.say(
                f"tracking: MLflow has not heard of {len(self.changed)} jobs; the same command makes that good"
            )

    def _change(
        self,
        entry: Entry,
        *,
        state: str = "",
        points: Sequence[CurvePoint] = (),
        found: Measured | None = None,
        reason: str = "",
    ) -> None:
        with self.lock:
            now = self.jobs.setdefault(entry.job.key, JobNow(entry))
            now.state, now.found, now.reason = state or now.state, found or now.found, reason
            now.points.update({point.epoch: point for point in points})
            self.changed[entry.job.key] = None
        self.wake.set()

    def _work(self) -> None:
        while not (self.closing.is_set() and not self.changed and self.known_done is None):
            self.wake.wait(1.0)
            self.wake.clear()
            try:
                self._bring()
            except Exception as error:  # whatever MLflow and what it stands on may raise
                self._failed(error)
                if self.closing.is_set():
                    return
        try:
            self.book.close([now.state for now in self.jobs.values()])
        except Exception as error:
            self._failed(error)

    def _bring(self) -> None:
        self.book.open()
        if self.known_done is not None:
            with self.lock:
                done, self.known_done = self.known_done, None
            try:
                self._make_good(done)
            except Exception:
                with self.lock:
                    self.known_done = self.known_done or done
                raise
        while self.changed:
            with self.lock:
                key = next(iter(self.changed))
                now = self.jobs[key].copy()
                del self.changed[key]
            try:
                self.book.tell(now)
            except Exception:
                with self.lock:
                    self.changed[key] = None
                raise
        if self.failures:
            self.say("tracking: MLflow answers again")
            self.failures = 0

    def _make_good(self, done: Sequence[Entry]) -> None:
        for entry in done:
            if not self.book.knows_end_of(entry.job.key) and entry.job.state == "done":
                found = measured(entry, self.study)
                points = {point.epoch: point for point in found.curve}
                self.book.tell(JobNow(entry, "done", points, found))

    def _failed(self, error: Exception) -> None:
        if not self.failures:
            words = " ".join(str(error).split())[:200]
            self.say(
                f"tracking: MLflow does not answer ({type(error).__name__}: {words}); the study goes on without"
            )
        self.failures += 1
        self.book.forget_connection()
        until = time.monotonic() + min(PATIENCE, 2.0**self.failures)
        while time.monotonic() < until and not self.closing.is_set():
            time.sleep(0.2)
        self.wake.set()


def make_tracker(study: str, folder: Path, uri: str | None, say: Say) -> Tracker:
    """The tracker of the study in `folder`, on the server at `uri`, or in a SQLite file beside the ledger.

    Raises `InputError` without the extra `mlflow`.
    """
    if importlib.util.find_spec("mlflow") is None:
        raise InputError("mlflow is not installed; it comes with an extra: pip install 'whence[mlflow]'")
    if uri is None or uri == "local":
        folder.mkdir(parents=True, exist_ok=True)
        place = folder.absolute()
        return Tracker(study, f"sqlite:///{place / 'mlflow.db'}", (place / "mlflow-files").as_uri(), say)
    return Tracker(study, uri, None, say)
