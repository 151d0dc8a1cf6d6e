"""The pictures of one trained fold: where the network looks, class by class, and image by image where that is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from whence.data import Dataset, Fold
from whence.features.drawing import Row, grey, heat, over, sheet
from whence.features.maps import maps
from whence.training.fitting import Fitted

CHANNELS = 8  # feature maps in a row
CLASSES, IMAGES = 12, 200  # drawn at most, and of each class averaged at most
FEWEST = 4  # images in a mean
AT_ONCE = 32


class Sheets:
    """The pictures of one trained fold, each a method that writes a file and returns its name."""

    def __init__(
        self,
        dataset: Dataset,
        fold: Fold,
        fitted: Fitted,
        pixels: NDArray[np.uint8],
        layer: str,
        folder: Path,
    ) -> None:
        self.names, self.fitted, self.pixels, self.layer, self.folder = (
            dataset.class_names, fitted, pixels, layer, folder,
        )  # fmt: skip
        self.labels = dataset.labels[fold.test]
        self.digests = [dataset.digests[i] for i in fold.test]
        self.told = fitted.probabilities.argmax(axis=1)

    def class_maps(self) -> str:
        """The mean class-activation map of every class over the test images of every class."""
        drawn = range(min(len(self.names), CLASSES))
        means = [
            (true, len(which), [self._means(which, [one] * len(which))[1] for one in drawn])
            for true, which in self._by_class()
        ]
        if not means:
            return ""
        highest = max(float(one.max()) for _, _, found in means for one in found) or 1.0
        rows = [
            Row((f"images of {self.names[true]}", f"({count})"), [heat(one / highest) for one in found])
            for true, count, found in means
        ]
        heads = [f"for {self.names[one]}" for one in drawn]
        title = f"What speaks for a class, at {self.layer}: means, yellow where the highest of them is"
        return self._write("class_activation.png", title, heads, rows)

    def channel_means(self) -> str:
        """The strongest channels of the layer, averaged over the test images of each class."""
        means = [
            (true, len(which), self._means(which, self.told[which])[0]) for true, which in self._by_class()
        ]
        if not means:
            return ""
        overall = np.mean([found.mean(axis=(1, 2)) for _, _, found in means], axis=0)
        strongest = np.argsort(-overall, kind="stable")[:CHANNELS]
        rows = [
            Row((f"images of {self.names[true]}", f"({count})"), [grey(found[k]) for k in strongest])
            for true, count, found in means
        ]
        heads = [f"channel {k}" for k in strongest]
        return self._write("feature_maps.png", f"The strongest channels of {self.layer}: means", heads, rows)

    def examples(self, count: int) -> str:
        """The first test images of the fold: image, what speaks for the class told, strongest channels."""
        which = np.arange(min(count, len(self.labels)))
        return self._images(
            "images.png", f"Test images and what the network makes of them, at {self.layer}", which
        )

    def mistakes(self, count: int) -> str:
        """The test images told wrong with the highest probability; no picture where all were told right."""
        wrong = np.flatnonzero(self.told != self.labels)
        sure = self.fitted.probabilities[wrong, self.told[wrong]]
        worst = wrong[np.argsort(-sure, kind="stable")][:count]
        if not len(worst):
            return ""
        title = f"The worst mistakes: {len(worst)} of {len(wrong)} wrong among {len(self.labels)} test images"
        return self._images("mistakes.png", title, worst)

    def _images(self, file: str, title: str, which: NDArray[np.int64]) -> str:
        features, activation = (
            np.concatenate(p) for p in zip(*self._maps(which, self.told[which]), strict=True)
        )
        heads = ["image", "for what it is told", "strongest channel", "second", "third", "fourth", "fifth"]
        rows = []
        for i, (channels, active) in zip(which, zip(features, activation, strict=True), strict=True):
            strongest = np.argsort(-channels.mean(axis=(1, 2)), kind="stable")[: len(heads) - 2]
            words = (
                f"is {self.names[self.labels[i]]}",
                f"taken for {self.names[self.told[i]]}",
                f"probability {self.fitted.probabilities[i, self.told[i]]:.2f}",
                self.digests[i][:12],
            )
            tiles = [self.pixels[i], over(self.pixels[i], active), *(grey(channels[k]) for k in strongest)]
            rows.append(Row(words, tiles))
        return self._write(file, title, heads, rows)

    def _by_class(self) -> list[tuple[int, NDArray[np.int64]]]:
        """Up to `CLASSES` classes with their first test images; none with so few that a mean would show one of them."""
        found = [(true, np.flatnonzero(self.labels == true)[:IMAGES]) for true in range(len(self.names))]
        return [(true, which) for true, which in found if len(which) >= FEWEST][:CLASSES]

    def _means(
        self, which: NDArray[np.int64], classes: Sequence[int] | NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The means over images of what `_maps` gives."""
        features, active = 0.0, 0.0
        for one, other in self._maps(which, classes):
            features, active = features + one.sum(axis=0), active + other.sum(axis=0)
        return features / len(which), active / len(which)  # type: ignore[return-value]

    def _maps(
        self, which: NDArray[np.int64], classes: Sequence[int] | NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Feature maps and class-activation maps of these test images, some at a time."""
        network = self.fitted.network.eval()
        device = next(network.parameters()).device
        for start in range(0, len(which), AT_ONCE):
            piece = slice(start, start + AT_ONCE)
            images = self.fitted.normalise(torch.from_numpy(self.pixels[which[piece]]).to(device))
            found, active = maps(network, images, self.layer, torch.as_tensor(np.array(classes[piece])))
            yield found.float().cpu().numpy(), active.float().cpu().numpy()

    def _write(self, name: str, title: str, heads: Sequence[str], rows: Sequence[Row]) -> str:
        sheet(title, heads, rows).save(self.folder / name)
        return name
