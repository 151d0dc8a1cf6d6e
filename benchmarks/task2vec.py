"""Task2Vec: one embedding against the reference protocol's work, and 100 subsets against one pass over all images.

    python benchmarks/task2vec.py WEIGHTS [--part one|subsets] [--images 10000] [--threads 1]

WEIGHTS is a ResNet-18's file; images are 64 pixels, random but learnable (time does not depend on them). All runs in
this process, after imports and a warm-up, on features that are not cached; ratios are of seconds on the clock, and
of processor seconds, which other work on the machine changes less.

What bounds it, per image, ResNet-18 at 64 pixels (0.15 G multiplications forward):
    a pass forward and back with weight gradients   3 × 0.15 G; weights' gradients once per batch
    ours                                            2 × 0.15 G, and the squares: 57 M (G formed: stem, layer1) and less
                                                    than 10 M (inner products: layer2 to layer4); forming G
                                                    everywhere would write and read 45 MB per image
    the reference                                   10,000 passes forward and back whatever the dataset's size
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from whence.data import ArrayStore, Dataset, load_pixels
from whence.features.extract import load_network
from whence.features.fisher import FilterMeans
from whence.features.task2vec import Probe, embed, embed_rows
from whence.features.task_head import exact_directions, fit_head
from whence.measures import task2vec
from whence.nets.backbone import penultimate
from whence.nets.weights import file_sha256
from whence.records import Card

CLASSES, SIZE, BATCH, DRAWS, EPOCHS = 10, 64, 64, 10_000, 10


def pictures(count: int, seed: int = 0) -> Dataset:
    """Noise on a colour and stripes that belong to the class."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    pixels = random.integers(0, 130, (count, SIZE, SIZE, 3), dtype=np.uint8)
    for c in range(CLASSES):
        pixels[labels == c, :: c + 2, :, c % 3] += 90
    names = tuple(f"class {c}" for c in range(CLASSES))
    return Dataset(f"pictures {count}", names, labels, ArrayStore(pixels), Card("pictures"))


def timed(function: Callable[[], Any]) -> tuple[Any, float, float]:
    """What it gives, seconds on the clock, seconds of processors."""
    clock, used = time.perf_counter(), time.process_time()
    found = function()
    return found, time.perf_counter() - clock, time.process_time() - used


def ready(dataset: Dataset, probe: Probe) -> tuple[torch.nn.Module, torch.Tensor]:
    """The probe and all images, normalised."""
    network, normalise = load_network(probe.backbone, probe.weights, 0)
    return network, normalise(torch.from_numpy(np.array(load_pixels(dataset, SIZE))))


def reference(dataset: Dataset, probe: Probe, draws: int) -> tuple[np.ndarray, torch.nn.Linear]:
    """The published protocol's work: the head by Adam on features drawn with replacement, ten epochs of so many draws,
    then squares of batch means' gradients over as many; the network is left in train mode there.
    """
    torch.manual_seed(0)
    network, images = ready(dataset, probe)
    labels = torch.from_numpy(dataset.labels.copy())
    network.eval()
    with torch.no_grad():
        seen = penultimate(network, images)
    head = torch.nn.Linear(seen.shape[1], CLASSES)
    optimiser = torch.optim.Adam(head.parameters(), lr=4e-4, weight_decay=1e-4)
    for _ in range(EPOCHS):
        for drawn in torch.randint(len(images), (draws,)).split(BATCH):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(head(seen[drawn]), labels[drawn]).backward()
            optimiser.step()
    network.train()
    kept = FilterMeans(network)._watched
    network.train().requires_grad_(True)
    sums = [torch.zeros_like(module.weight) for module in kept]
    batches = torch.randint(len(images), (draws,)).split(BATCH)
    for drawn in batches:
        logits = head(penultimate(network, images[drawn]))
        label = torch.multinomial(logits.detach().softmax(1), 1)[:, 0]
        network.zero_grad()
        torch.nn.functional.cross_entropy(logits, label).backward()
        for total, module in zip(sums, kept, strict=True):
            total += module.weight.grad.square()
    means = [total.reshape(len(total), -1).mean(dim=1) / len(batches) for total in sums]
    return torch.cat(means).numpy().astype(np.float64), head


def exact(dataset: Dataset, probe: Probe, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The exact Fisher information of a given head, in eval mode."""
    network, images = ready(dataset, probe)
    means = FilterMeans(network)
    with torch.no_grad():
        seen = penultimate(network, images).numpy().astype(np.float64)
    logits = seen @ weight.T + bias
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    directions = exact_directions(p / p.sum(axis=1, keepdims=True)) @ weight
    found = [
        means(images[i : i + 50], torch.from_numpy(directions[:, i : i + 50].astype(np.float32)))
        for i in range(0, len(images), 50)
    ]
    return np.asarray(torch.cat(found).double().mean(dim=0).numpy())


def one(probe: Probe, draws: int) -> None:
    """100 images, one embedding."""
    dataset = pictures(100)
    rows = (np.arange(100),)
    load_pixels(dataset, SIZE)
    ours: dict[str, tuple[np.ndarray, float, float]] = {}
    for labels in (1, "exact"):
        fresh()
        load_pixels(dataset, SIZE)
        found, clock, used = timed(
            lambda how=labels: embed_rows(dataset, probe, rows, how, SIZE, 1, "cpu")[0]
        )
        ours[str(labels)] = found, clock, used
        print(f"ours, labels={labels}: {clock:.2f} s ({used:.2f} s of processors)", flush=True)
    (theirs, head), clock, used = timed(lambda: reference(dataset, probe, draws))
    print(f"the reference protocol, {draws} draws: {clock:.1f} s ({used:.1f} s of processors)")
    for labels, (_, seconds, own) in ours.items():
        print(f"  ratio to labels={labels}: {clock / seconds:.0f} × ({used / own:.0f} × of processors)")
    own_head = fit_head(penultimate_features(dataset, probe), dataset.labels)
    truth = exact(dataset, probe, own_head.weight, own_head.bias)
    print(
        f"1 − cosine to the exact Fisher of the same head: one label {task2vec.cosine(ours['1'][0], truth):.2g}, ",
        end="",
    )
    print(f"exact mode {task2vec.cosine(ours['exact'][0], truth):.2g}, ", end="")
    truth = exact(dataset, probe, head.weight.detach().double().numpy(), head.bias.detach().double().numpy())
    print(f"the reference {task2vec.cosine(theirs, truth):.2g} (of its own head)")
    print(f"sum over the exact sum: one label {ours['1'][0].sum() / ours['exact'][0].sum():.3f}, ", end="")
    print(f"the reference {theirs.sum() / truth.sum():.4f} (1 / {BATCH} is {1 / BATCH:.4f})")


def penultimate_features(dataset: Dataset, probe: Probe) -> np.ndarray:
    """(N, D)."""
    network, images = ready(dataset, probe)
    with torch.no_grad():
        found: np.ndarray = penultimate(network.eval(), images).numpy()
    return found


def subsets(probe: Probe, count: int) -> None:
    """100 subsets of 1 %, against one pass forward and back over all images with one sampled label."""
    dataset = pictures(count)
    network, images = ready(dataset, probe)
    network.eval()
    head = torch.nn.Linear(512, CLASSES)

    def plain() -> None:
        for batch in images.split(BATCH):
            network.zero_grad()
            logits = head(penultimate(network, batch))
            label = torch.multinomial(logits.detach().softmax(1), 1)[:, 0]
            torch.nn.functional.cross_entropy(logits, label).backward()

    _, clock, used = timed(plain)
    print(f"one pass over {count} images: {clock:.1f} s ({used:.1f} s of processors)", flush=True)
    fresh()
    load_pixels(dataset, SIZE)
    for what in ("features included", "features at hand"):
        for file in Path(os.environ["WHENCE_HOME"], "features").glob("*.npy"):
            if np.load(file, mmap_mode="r").shape[0] == 100:  # the embeddings, not the features
                file.unlink()
        found, own, own_used = timed(lambda: embed(dataset, probe, protocol="paper", size=SIZE))
        print(
            f"{len(found.values)} subsets of {len(found.rows[0])}, {what}: {own:.1f} s ({own_used:.1f} s of "
            f"processors): {own / clock:.2f} × ({own_used / used:.2f} × of processors), bar 1.5",
            flush=True,
        )


def fresh() -> None:
    """An empty cache."""
    os.environ["WHENCE_HOME"] = tempfile.mkdtemp(prefix="whence-benchmark-")


def main() -> None:
    """Warm up, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("--part", choices=("one", "subsets"))
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    probe = Probe("resnet18", given.weights, file_sha256(given.weights))
    fresh()
    embed(pictures(200, seed=9), probe, images=20, size=SIZE)  # warm-up
    print(f"load {os.getloadavg()[0]:.1f}, {given.threads} threads, torch {torch.__version__}", flush=True)
    if given.part != "subsets":
        one(probe, given.draws)
    if given.part != "one":
        subsets(probe, given.images)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
