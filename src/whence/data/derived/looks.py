"""The same images made to look otherwise: grey, or of one size."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image

from whence.data.dataset import Dataset
from whence.data.derived._made import made
from whence.data.stores import ImageStore
from whence.errors import InputError

LARGEST = 4096


@dataclass(frozen=True)
class Changed:
    """Every image of another store, changed when it is opened. `name` tells the change and goes into the digests.

    `draft`: a JPEG may be decoded smaller, its shorter side at least so long; None decodes it whole.
    """

    store: ImageStore
    name: str
    change: Callable[[Image.Image], Image.Image]
    draft: int | None = None

    def __len__(self) -> int:
        """How many images."""
        return len(self.store)

    def open(self, i: int, draft: int | None = None) -> Image.Image:
        """Image `i`, changed; never decoded smaller than the change itself asks, so that it always looks the same."""
        return self.change(self.store.open(i, self.draft))

    def digest(self, i: int) -> str:
        """The sha256 of the change's name and the digest of what was changed."""
        return changed_digest(self.name, self.store.digest(i))

    def describe(self, i: int) -> str:
        """As that of the store below."""
        return self.store.describe(i)


def changed_digest(change: str, digest: str) -> str:
    """The digest of a changed image, from that of the image itself."""
    return hashlib.sha256(f"{change} {digest}".encode()).hexdigest()


def grey(dataset: Dataset) -> Dataset:
    """The images without their colour (ITU-R 601 luma); they count as grey ones from then on."""
    return made(
        changed(dataset, "grey", lambda image: image.convert("L")), dataset, [("grey", "")], "made grey"
    )


def resize(dataset: Dataset, height: int, width: int | None = None) -> Dataset:
    """The images at one size in pixels, the aspect changed where need be; square without `width`.

    Bicubic with antialiasing; a JPEG is first decoded at a fraction of its size, never below twice the one asked.
    Raises `InputError`.
    """
    width = height if width is None else width
    if not (1 <= height <= LARGEST and 1 <= width <= LARGEST):
        raise InputError(
            f"{dataset.name!r} cannot be resized to {height} × {width} pixels; accepted are 1 to {LARGEST}"
        )
    size = str(height) if height == width else f"{height}x{width}"
    return made(
        resized(dataset, height, width),
        dataset,
        [("resize", size)],
        f"resized to {height} × {width} pixels (height × width)",
    )


def resized(dataset: Dataset, height: int, width: int) -> Dataset:
    """As `resize`, under the dataset's own name and card: for a dataset that is defined at this size."""
    return changed(dataset, f"resize {height}x{width}", _resizer(height, width), 2 * max(height, width))


def changed(
    dataset: Dataset, name: str, change: Callable[[Image.Image], Image.Image], draft: int | None = None
) -> Dataset:
    """The dataset with every image changed, and with the digests that go with it."""
    digests = tuple(changed_digest(name, digest) for digest in dataset.digests)
    return replace(dataset, images=Changed(dataset.images, name, change, draft), digests=digests)


def _resizer(height: int, width: int) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.resize((width, height), Image.Resampling.BICUBIC)
