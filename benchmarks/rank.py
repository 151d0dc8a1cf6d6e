"""How long `whence rank` takes without a race: 500 images, 8 sources, resnet18 at 64 px; at first, and again.

    python benchmarks/rank.py [--images 500] [--sources 8] [--backbone resnet18] [--race k=1]

In-process, after the imports. Bounds, before measuring: the images pass through every network once (500 × 8 × 0.3
GFLOP at 64 px, about 500 a second on two cores with resnet18), and each network's features are probed on five folds.
Again, the features come from the cache, and what is left is the belief over the sources. Weights here are random ones:
what they are changes no time.

With `--race` a race follows, one job at a time: what it takes beyond the training itself. Of four sources with a budget
of one source it trains 60 fold-epochs in some ten trials; beyond that each trial reads and writes a state of 45 MB
twice, and one posterior is solved per step.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def main() -> None:
    """Print seconds of the first and of later rankings, and where they went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--sources", type=int, default=8)
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--race", help="a budget, such as k=1")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["WHENCE_HOME"] = str(folder / "home")
        pictures(folder / "target", given.images)
        sources = ["none", *weights(folder, given.backbone, given.sources - 1)]
        load_libraries()
        from whence import rank

        def ranked(budget: str | None = None) -> tuple[float, dict[str, Any]]:
            began = time.monotonic()
            found = rank(
                folder / "target", sources=sources, backbone=given.backbone, device="cpu", engine="inline",
                budget=budget,
            )  # fmt: skip
            return time.monotonic() - began, found.document

        for which in ("cold", "warm", "warm again"):
            took, _ = ranked()
            print(f"{which}: {took:.2f} s; load {os.getloadavg()[0]:.1f}", flush=True)
        if given.race:
            whole, document = ranked(given.race)
            told(document["race"], whole - took)


def told(race: dict[str, Any], took: float) -> None:
    """Print what a race took, and how much of it was not training."""
    beyond = took - race["seconds"]
    print(
        f"race of {len(race['runs'])} runs, {race['fold_epochs']:.0f} fold-epochs: {took:.1f} s, of which training "
        f"{race['seconds']:.1f} s; beyond it {100 * beyond / race['seconds']:.1f} %; load {os.getloadavg()[0]:.1f}"
    )


def load_libraries() -> None:
    """What the first ranking of a process would import on its way."""
    for name in ("scipy.stats", "sklearn.linear_model", "sklearn.model_selection", "timm", "torchvision"):
        import_module(name)
    import_module("whence.api")


def pictures(folder: Path, count: int) -> None:
    """Two classes of pictures of 200 × 200 pixels that differ in their stripes."""
    random = np.random.default_rng(1)
    for number, label in enumerate(("healthy", "ill")):
        (folder / label).mkdir(parents=True)
        for image in range(count // 2):
            pixels = random.integers(0, 200, (200, 200, 3))
            pixels[:: number + 2] += 30
            Image.fromarray(pixels.astype(np.uint8)).save(folder / label / f"{image}.jpg")


def weights(folder: Path, backbone: str, count: int) -> list[str]:
    """Files of random weights, as sources."""
    from whence.nets.backbone import build
    from whence.nets.weights import save_weights

    found = []
    for number in range(count):
        path = folder / f"weights{number}.safetensors"
        record = {"arch": backbone, "trained_on": f"set {number}"}
        save_weights(path, build(backbone, 10, 0.0, number), record)
        found.append(f"file:{path}")
    return found


if __name__ == "__main__":
    main()
