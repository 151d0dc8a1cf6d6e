"""Work on many images at once, in order, without holding all results at the same time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
Progress = Callable[[int, int], None]  # (how many are done, how many there are)


def in_threads(function: Callable[[int], T], count: int, progress: Progress | None = None) -> Iterator[T]:
    """Yield `function(0) … function(count - 1)` in order, computed on every core that we may use.

    Decoding and hashing release the interpreter lock, so threads are enough. Only a short window of
    results waits at any time, and the first error stops the rest.
    """
    workers = usable_cores()
    with ThreadPoolExecutor(workers, thread_name_prefix="whence-data") as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for i in range(count):
                waiting.append(pool.submit(function, i))
                if len(waiting) >= 8 * workers:
                    yield waiting.popleft().result()
                    _tell(progress, i + 1 - len(waiting), count)
            while waiting:
                yield waiting.popleft().result()
                _tell(progress, count - len(waiting), count)
        finally:
            for future in waiting:
                future.cancel()


def _tell(progress: Progress | None, done: int, count: int) -> None:
    if progress is not None:
        progress(done, count)


def usable_cores() -> int:
    """How many cores this process may use, 1 at least."""
    if hasattr(os, "sched_getaffinity"):  # containers and batch systems give fewer cores than there are
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
