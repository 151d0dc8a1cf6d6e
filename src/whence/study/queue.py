"""Which job comes next: one whose needs are done, and of those the one behind which most work waits."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

from whence.study.job import Job


class Queue:
    """The jobs still to be taken, longest first: a job's length is its own and that of the longest that needs it."""

    def __init__(self, plan: Sequence[Job], seconds: Callable[[Job], float]) -> None:
        """Start with every job of `plan` untaken; `seconds` is how long a job is expected to take."""
        self.jobs = {job.key: job for job in plan}
        self.seconds = seconds
        self.unmet = {job.key: sum(key in self.jobs and key != job.key for key in job.needs) for job in plan}
        self.needed_by: dict[str, list[str]] = {}
        for job in plan:
            for key in job.needs:
                self.needed_by.setdefault(key, []).append(job.key)
        self.order = {job.key: position for position, job in enumerate(plan)}
        self.length: dict[str, float] = {}
        for job in plan:
            self._measure(job.key)
        self.ready = [self._place(key) for key, unmet in self.unmet.items() if not unmet]
        heapq.heapify(self.ready)

    def take(self, count: int, time_left: float) -> list[Job]:
        """At most `count` jobs whose needs are done and which are expected to end in time; others are left out."""
        taken: list[Job] = []
        while self.ready and len(taken) < count:
            job = self.jobs[heapq.heappop(self.ready)[2]]
            if self.seconds(job) <= time_left:
                taken.append(job)
        return taken

    def put_back(self, job: Job) -> None:
        """Let a job that was taken be taken again."""
        heapq.heappush(self.ready, self._place(job.key))

    def done(self, job: Job) -> None:
        """Note that a job is done, so that what needs it may be taken; what needs a failed one never is."""
        for key in self.needed_by.get(job.key, ()):
            self.unmet[key] -= 1
            if not self.unmet[key]:
                heapq.heappush(self.ready, self._place(key))

    def _place(self, key: str) -> tuple[float, int, str]:
        return -self.length[key], self.order[key], key

    def _measure(self, key: str) -> float:
        if key not in self.length:
            behind = [self._measure(one) for one in self.needed_by.get(key, ()) if one != key]
            self.length[key] = self.seconds(self.jobs[key]) + max(behind, default=0.0)
        return self.length[key]
