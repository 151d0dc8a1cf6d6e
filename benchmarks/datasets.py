"""How fast images become a dataset and a pixel cache, against Pillow alone; how much memory that takes.

    python benchmarks/datasets.py [FOLDER]

What bounds it. A JPEG of 600 × 450 pixels, drafted to half of its sides for a cache of 64 pixels, takes its entropy
decoding and a small inverse transform of each of its 8 × 8 blocks, two thirds of the work; the rest is the resize to
64 × 64, about a million multiplications, and 12 kB written. Listing and fingerprint read each file once: 100,000 files
of 4 kB are 0.4 GB of SHA-256 (over 1 GB/s a core) and three system calls a file.

Each figure is a ratio within one run, or seconds of wall time: mind the load that is printed beside them.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data as pictures

PHOTOGRAPHS, SIDE = 1200, 64
MANY, SMALL = 100_000, 96
REPEATS = 5


def photographs(folder: Path) -> list[Path]:
    """JPEGs of 600 × 450 pixels, cut from real pictures."""
    random = np.random.default_rng(0)
    whole = [
        Image.fromarray(getattr(pictures, name)()).resize((900, 700))
        for name in ("astronaut", "chelsea", "coffee")
    ]
    files = []
    for i in range(PHOTOGRAPHS):
        left, top = random.integers(0, 300), random.integers(0, 250)
        file = folder / "ab"[i % 2] / f"{i}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        whole[i % 3].crop((left, top, left + 600, top + 450)).save(file, quality=92)
        files.append(file)
    return files


def seconds_of_pillow(files: list[Path], resized: bool) -> float:
    """Draft and decode all files over all cores, to the cache's size if `resized`, and keep nothing."""

    def decode(file: Path) -> None:
        with Image.open(file) as image:
            image.draft("RGB", (2 * SIDE, 2 * SIDE))
            image.load()
            if resized:
                image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)

    started = time.perf_counter()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(decode, files))
    return time.perf_counter() - started


def seconds_of_cache(folder: Path) -> float:
    """From an opened dataset to its pixel cache, made anew."""
    from whence.data import load_pixels, open_dataset

    dataset = open_dataset(folder)
    with tempfile.TemporaryDirectory() as home:
        os.environ["WHENCE_HOME"] = home
        started = time.perf_counter()
        load_pixels(dataset, SIDE)
        return time.perf_counter() - started


def told(ratios: list[float]) -> str:
    """Median, least and most of some sorted numbers."""
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}, {len(ratios)} rounds)"


def many(folder: Path) -> None:
    """A hundred thousand JPEGs of 96 × 96 pixels, each different."""
    random = np.random.default_rng(1)
    whole = Image.fromarray(pictures.coffee())
    for i in range(MANY):
        left, top = random.integers(0, 500), random.integers(0, 300)
        file = folder / "ab"[i % 2] / f"{i // 1000}" / f"{i}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        whole.crop((left, top, left + SMALL, top + SMALL)).save(file, quality=int(random.integers(80, 96)))


def listing_and_caching(folder: Path) -> None:
    """In a process of its own: seconds of listing and fingerprint, and the memory of the whole way to the cache."""
    from whence.data import load_pixels, open_dataset

    started = time.perf_counter()
    dataset = open_dataset(folder)
    mark = dataset.fingerprint
    listed = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as home:
        os.environ["WHENCE_HOME"] = home
        started = time.perf_counter()
        load_pixels(dataset, SMALL)
        cached = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(dataset):,} images of {SMALL} px: listing and fingerprint ({mark[:8]}) {listed:.1f} s  (bar: 30)"
    )
    print(f"  caching {cached:.1f} s; most resident memory of the whole process {peak:.0f} MB  (bar: 500)")


def main() -> None:
    """Run all of it in `FOLDER`, or in a temporary one."""
    if sys.argv[1:2] == ["--listing"]:
        listing_and_caching(Path(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as place:
        root = Path(place)
        files = photographs(root / "photographs")
        seconds_of_pillow(files, resized=True)
        rounds = [
            (
                seconds_of_pillow(files, True),
                seconds_of_pillow(files, False),
                seconds_of_cache(root / "photographs"),
            )
            for _ in range(REPEATS)
        ]
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        to_size, only = (sorted(one[k] / one[2] for one in rounds) for k in (0, 1))
        print(f"JPEG of 600 × 450 to a cache of {SIDE} px, images/s ÷ those of Pillow's draft decoding:")
        print(f"  to the same size {told(to_size)}  (bar: 0.9); without resizing {told(only)}")
        many(root / "many")
        subprocess.run([sys.executable, __file__, "--listing", str(root / "many")], check=True)


if __name__ == "__main__":
    main()
