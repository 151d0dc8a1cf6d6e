"""How fast a training is: its images per second against a bare loop's and the usual pipeline's, in one run.

    python benchmarks/training_rate.py [FOLDER] [--backbone mobilenetv3_small_100] [--size 64] [--device cpu]

`bare` is forward, backward and step on resident random tensors: nothing that trains this network at this batch and
precision is faster, and whence adds 4 bytes read and 12 written per pixel value to normalise and move an image.
`steps` is whence's loop with augmentation and next to no evaluation; `fit` the whole of it, validation and test images
looked at after every epoch (80–10–10). `usual` (only with FOLDER, a dataset of image files) is a DataLoader that
decodes each file with Pillow and transforms it with torchvision, image by image, in as many workers as threads.
Medians over rounds that take turns. Where others compute on the same machine, --processor-time with --threads 1 counts
this process's own time (not the loader's workers'). On a GPU the share of the arithmetic peak is told (--peak TFLOP/s).
"""

from __future__ import annotations

import argparse
import ast
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from whence.data import load_pixels, open_dataset
from whence.nets.backbone import build
from whence.nets.forward import Device, Normalisation
from whence.records import IMAGENET_MEAN, IMAGENET_STD
from whence.training.loop import Part, fit
from whence.training.recipe import Recipe, make_recipe
from whence.training.tuning import to_training_mode

CLASSES = 3
CLOCK: list[Callable[[], float]] = [time.perf_counter]
PLAIN = Normalisation(IMAGENET_MEAN, IMAGENET_STD)


def main() -> None:
    """Measure in turns and print images per second and ratios."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("folder", nargs="?")
    arguments.add_argument("--backbone", default="mobilenetv3_small_100")
    arguments.add_argument("--size", type=int, default=64)
    arguments.add_argument("--batch", type=int, default=32)
    arguments.add_argument("--images", type=int, default=512)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--device", default="cpu")
    arguments.add_argument("--channels-last", action="store_true")
    arguments.add_argument("--peak", type=float, default=0.0)
    arguments.add_argument("--processor-time", action="store_true")
    given = arguments.parse_args()
    if given.processor_time:
        CLOCK.append(time.process_time)
    if given.device == "cuda" and not torch.cuda.is_available():
        print("skipped: torch finds no GPU here")
        return
    torch.set_num_threads(given.threads)
    fields = {"size": given.size, "batch": given.batch, "epochs": 1, "channels_last": given.channels_last}
    recipe = make_recipe(fields, "finetune")
    device = Device.resolve(given.device, "auto")
    part = random_part(given.images, given.size)
    few, tenth = random_part(2, given.size), random_part(given.images // 8, given.size)
    ways: dict[str, Callable[[], float]] = {
        "bare": lambda: bare(given.backbone, recipe, device, given.images),
        "steps": lambda: whence(given.backbone, recipe, device, part, few),
        "fit": lambda: whence(given.backbone, recipe, device, part, tenth),
    }
    if given.folder:
        dataset = open_dataset(given.folder)
        files = [ast.literal_eval(dataset.images.describe(i)) for i in range(len(dataset))][: given.images]
        started = time.perf_counter()
        load_pixels(dataset, given.size)
        print(
            f"pixel cache of {len(dataset)} files: {time.perf_counter() - started:.1f} s (0 where it was there)"
        )
        ways["usual"] = lambda: usual(given.backbone, recipe, device, files, given.threads)
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(given.rounds + 1):
        for name, measure in ways.items():
            rate = measure()
            if turn:  # the first round warms up
                rates[name].append(rate)
    median = {name: statistics.median(values) for name, values in rates.items()}
    settings = (
        f"{given.backbone}, {given.size} px, batch {given.batch}, {device.precision}, {given.threads} threads"
    )
    print(f"{settings}, load {os.getloadavg()[0]:.1f}")
    for name, value in median.items():
        ratios = [a / b for a, b in zip(rates[name], rates["bare"], strict=True)]
        spread = f"{min(rates[name]):.0f} to {max(rates[name]):.0f}"
        print(f"{name}: {value:.0f} images/s ({spread}), {statistics.median(ratios):.3f} of bare")
    if "usual" in rates:
        ratios = [a / b for a, b in zip(rates["fit"], rates["usual"], strict=True)]
        print(
            f"fit against usual: {statistics.median(ratios):.2f} × ({min(ratios):.2f} to {max(ratios):.2f})"
        )
    if given.peak:
        used = 3 * operations(given.backbone, given.size) * median["fit"] / (given.peak * 1e12)
        print(f"share of the arithmetic peak: {used:.2f}")


def random_part(count: int, size: int) -> Part:
    """Random images and labels of every class."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    return Part(pixels, (np.arange(count) % CLASSES).astype(np.int64))


def bare(backbone: str, recipe: Recipe, device: Device, images: int) -> float:
    """Images per second of forward, backward and step on tensors that are there already."""
    network = build(backbone, CLASSES, recipe.dropout, seed=0).to(device.kind)
    x = torch.randn(recipe.batch, 3, recipe.size, recipe.size, device=device.kind)
    if recipe.channels_last:
        network.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    y = torch.arange(recipe.batch, device=device.kind) % CLASSES
    optimiser = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)
    to_training_mode(network)
    started = now(device)
    for _ in range(images // recipe.batch):
        optimiser.zero_grad(set_to_none=True)
        with device.autocast():
            loss = cross_entropy(network(x), y)
        torch.autograd.backward(loss)
        optimiser.step()
    return images / (now(device) - started)


def whence(backbone: str, recipe: Recipe, device: Device, training: Part, others: Part) -> float:
    """Training images per second of one epoch of `fit`."""
    network = build(backbone, CLASSES, recipe.dropout, seed=0)
    started = now(device)
    fit(network, PLAIN, training, others, others, recipe, device, seed=1)
    return len(training.labels) / (now(device) - started)


def usual(backbone: str, recipe: Recipe, device: Device, files: list[str], workers: int) -> float:
    """Images per second of the pipeline that most scripts have, its workers started before the clock."""
    network = build(backbone, CLASSES, recipe.dropout, seed=0).to(device.kind)
    loader = DataLoader(
        Files(files, recipe.size), recipe.batch, shuffle=True, num_workers=workers, drop_last=True
    )
    optimiser = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)
    to_training_mode(network)
    seen, started = 0, 0.0
    for number, (images, labels) in enumerate(loader):
        if number == 1:
            started = now(device)
        optimiser.zero_grad(set_to_none=True)
        with device.autocast():
            loss = cross_entropy(network(images.to(device.kind)), labels.to(device.kind))
        torch.autograd.backward(loss)
        optimiser.step()
        seen += len(labels) if number else 0
    return seen / (now(device) - started)


class Files(Dataset[tuple[torch.Tensor, int]]):
    """Image files, decoded and transformed one by one when asked."""

    def __init__(self, files: list[str], size: int) -> None:
        """The usual transforms, with recipe `small`'s ranges."""
        self.files = files
        self.transform = v2.Compose(
            [
                v2.Resize((size, size), antialias=True),
                v2.RandomAffine(10, translate=(0.1, 0.1), interpolation=v2.InterpolationMode.BILINEAR),
                v2.RandomHorizontalFlip(),
                v2.ToImage(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(IMAGENET_MEAN, IMAGENET_STD),
            ]
        )

    def __len__(self) -> int:
        """How many files."""
        return len(self.files)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        """One image and some label."""
        with Image.open(Path(self.files[i])) as image:
            return self.transform(image.convert("RGB")), i % CLASSES


def operations(backbone: str, size: int) -> float:
    """Floating-point operations of one forward pass of one image."""
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        build(backbone, CLASSES, 0.0, seed=0).eval()(torch.zeros(1, 3, size, size))
    return float(counter.get_total_flops())


def now(device: Device) -> float:
    """The time, after everything that a GPU was given."""
    if device.kind == "cuda":
        torch.cuda.synchronize()
    return CLOCK[-1]()


if __name__ == "__main__":
    main()
