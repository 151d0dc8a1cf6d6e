"""The epochs of a running job, written down as they end, so that others can watch it."""

from __future__ import annotations

import json
from pathlib import Path

from whence.records import CurvePoint, as_row
from whence.study.job import Job
from whence.study.resume import state_folder

NAME = "epochs.jsonl"


def note_epoch(folder: Path, point: CurvePoint) -> None:
    """Add an epoch to the journal in the folder of the job's state; a disk that is full stops no training."""
    try:
        with (folder / NAME).open("a", encoding="utf-8") as file:
            file.write(json.dumps(as_row(point)) + "\n")
    except OSError:
        return


class Reader:
    """Reads a running job's journal bit by bit."""

    def __init__(self, job: Job) -> None:
        """Nothing is read yet; the journal need not exist."""
        self.path: Path = state_folder(job.folder) / NAME
        self.position = self.seen = 0

    def new(self) -> list[CurvePoint]:
        """The epochs since the last call, each once although a job that was cut off repeats some."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.position)
                lines = file.read().splitlines(keepends=True)
        except OSError:
            return []
        found = []
        for line in lines:
            if not line.endswith(b"\n"):
                break  # half written: the next call reads it
            self.position += len(line)
            point = CurvePoint(**json.loads(line))
            if point.epoch > self.seen:
                self.seen = point.epoch
                found.append(point)
        return found
