"""Every distance between all datasets in a folder of real images, beside each dataset's noise floor.

    python benchmarks/distances_on_real_data.py DATA WEIGHTS -o studies/distances-on-real-data

DATA is a folder of datasets, WEIGHTS the probe's file, a ResNet-18 (docs/data.md says where ours came from); what
`whence distance --matrix DATA/* --probe file:WEIGHTS` measures. Writes `distances.csv` (one row per measure and pair)
and `noise.csv` (one row per measure and dataset); with `--figure FILE.svg` also the heat maps.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import pandas as pd

import whence
from whence.api import distances_document, draw_distances


def main() -> None:
    """Measure, write, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--only", nargs="*", help="names of datasets, where not all are wanted")
    given = parser.parse_args()
    names = given.only or sorted(path.name for path in given.data.iterdir() if path.is_dir())
    started = time.perf_counter()
    found = whence.distances(
        [given.data / name for name in names],
        matrix=True,
        probe=f"file:{given.weights}",
        backbone="resnet18",
        device="cpu",
        say=lambda line: print(f"{time.perf_counter() - started:6.0f} s  {line}", flush=True),
    )
    document = distances_document(found)
    given.output.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(document["values"]).drop(columns=["kind", "note", "sampled", "seconds"])
    table.round(6).to_csv(given.output / "distances.csv", index=False)
    pd.DataFrame(document["noise"]).round(6).to_csv(given.output / "noise.csv", index=False)
    if given.figure:
        draw_distances(found, given.figure)
    for row in document["left_out"]:
        print("left out:", row)
    print(f"{time.perf_counter() - started:.0f} s, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
