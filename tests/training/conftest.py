"""Small training data and networks that tests of the loop share."""

import hashlib

import numpy as np
from torch import nn

from whence.nets.forward import Device, Normalisation
from whence.records import IMAGENET_MEAN, IMAGENET_STD
from whence.training.loop import Part

CPU = Device("cpu", "float32")
PLAIN = Normalisation(IMAGENET_MEAN, IMAGENET_STD)


def part(images: int = 12, classes: int = 3, seed: int = 0, size: int = 16) -> Part:
    """Pictures whose brightness tells their class."""
    random = np.random.default_rng(seed)
    labels = np.arange(images) % classes
    pixels = random.integers(0, 100, (images, size, size, 3)) + 50 * labels[:, None, None, None]
    return Part(pixels.astype(np.uint8), labels.astype(np.int64))


def checksum(network: nn.Module) -> str:
    """A hash of every bit of a network's state."""
    found = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        found.update(name.encode() + tensor.numpy().tobytes())
    return found.hexdigest()
