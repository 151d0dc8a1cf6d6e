"""How images reach the loop: from the device's memory where they fit, else in chunks from the pixel cache."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

RESIDENT_SHARE = 0.25  # of the memory that is free: other jobs, and the network itself, need the rest
CHUNK_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Chosen:
    """Some rows of a pixel cache that is mapped into memory; only what is asked for is read."""

    cache: NDArray[np.uint8]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        """How many rows."""
        return len(self.rows)

    def __getitem__(self, which: slice | NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images at these positions, read from the cache now."""
        found: NDArray[np.uint8] = self.cache[self.rows[which]]
        return found


Pixels = NDArray[np.uint8] | Chosen


def chosen(cache: NDArray[np.uint8], rows: NDArray[np.int64], room: float | None = None) -> Pixels:
    """The images in `rows` of a pixel cache: in memory if they take no more than `room` bytes, else read when asked.

    By default the room is a quarter of the memory that is free.
    """
    wanted = len(rows) * int(np.prod(cache.shape[1:]))
    if wanted <= (RESIDENT_SHARE * free_memory("cpu") if room is None else room):
        return np.ascontiguousarray(cache[rows])
    return Chosen(cache, rows)


def free_memory(kind: str) -> float:
    """Bytes that a device of this kind ("cpu" or "cuda") could still hold."""
    if kind == "cuda":
        return float(torch.cuda.mem_get_info()[0])
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        return 1024.0 * int(fields["MemAvailable"].split()[0])
    except (OSError, KeyError, ValueError):
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


class Feeder:
    """Gives the images of batch after batch on the device. What it gives does not depend on how it does so."""

    def __init__(self, pixels: Pixels, kind: str, room: float | None = None) -> None:
        """Put `pixels` on a device of this kind if they fit into `room` bytes (default: a quarter of what is free)."""
        self.pixels, self.kind = pixels, kind
        self.resident: torch.Tensor | None = None
        if isinstance(pixels, np.ndarray):
            room = RESIDENT_SHARE * free_memory(kind) if room is None else room
            if kind == "cpu" or pixels.nbytes <= room:
                self.resident = torch.from_numpy(pixels).to(kind)

    def batches(self, order: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]:
        """Yield uint8 (n, H, W, 3) on the device for each of the index tensors of `order`."""
        if self.resident is not None:
            for rows in order:
                yield self.resident[rows.to(self.kind)]
        else:
            yield from self._streamed(order)

    def _streamed(self, order: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]:
        """While one chunk of batches is trained on, a thread reads the next into pinned memory."""
        if not order:
            return
        one = self.pixels[order[0][:1].numpy()].nbytes
        together = max(1, CHUNK_BYTES // max(1, one * len(order[0])))
        chunks = [order[first : first + together] for first in range(0, len(order), together)]
        with ThreadPoolExecutor(1, thread_name_prefix="whence-feeder") as pool:
            waiting = deque([pool.submit(self._read, chunks[0])])
            for number in range(len(chunks)):
                if number + 1 < len(chunks):
                    waiting.append(pool.submit(self._read, chunks[number + 1]))
                for images in waiting.popleft().result():
                    yield images.to(self.kind, non_blocking=True)

    def _read(self, chunk: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        images = torch.from_numpy(self.pixels[torch.cat(list(chunk)).numpy()])
        if self.kind == "cuda":
            images = images.pin_memory()
        return torch.split(images, [len(rows) for rows in chunk])
