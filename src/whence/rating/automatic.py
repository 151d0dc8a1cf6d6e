"""The rater that is no person: the same six answers, from a dataset's card and from what its pixels measure.

Nothing is learned and no network looks; each rule compares one number with one bound, and says so. The bounds were set
between the groups that they part on a dozen real sets (docs/rating.md shows the numbers): take the answers as a
stand-in for experts, not as one of them. Nothing depends on a dataset's name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whence.data import Dataset, load_pixels, survey
from whence.data.drawing import drawn
from whence.data.threads import Progress
from whence.errors import InputError
from whence.rating.questions import class_band

SIDE = 64  # pixels of the copies that are measured
MOST = 1000  # images measured, drawn at random where there are more
CELLS = 4  # along each side
BORDERS_ALIKE = 0.2  # below: pictures taken with one set-up
ALIKE_ALL_OVER = 0.28  # below: a texture
LITTLE, MUCH = 0.125, 0.19  # diversity
WORDS = (  # in a card's modality, first match first
    ("microscopy", ("microscop", "histo", "patholog", "cytolog", "blood", "smear", "stain")),
    (
        "body surface",
        ("dermatoscop", "dermoscop", "skin", "fundus", "retina", "endoscop", "colonoscop", "coherence"),
    ),
    (
        "radiology",
        ("x-ray", "xray", "radiograph", "tomograph", "ct", "mr", "mri", "magnetic", "ultrasound", "mammogr"),
    ),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What the pixels say. `grey`: share of grey images. The others are in units of the full range of brightness.

    `borders`: how much the colours along the borders differ from image to image (standard deviation). `layout`: the
    median share of an image's variance that lies between the means of its 4 × 4 cells, in [0, 1]. `diversity`: how
    much a pixel of an 8 × 8 copy differs from image to image (standard deviation).
    """

    grey: float
    borders: float
    layout: float
    diversity: float


@dataclass(frozen=True, slots=True)
class Derived:
    """An answer and the fact that it was derived from."""

    answer: str
    because: str


def measure(dataset: Dataset, seed: int = 1, progress: Progress | None = None) -> Measured:
    """Measure a dataset; decodes every image unless it was surveyed before. Raises `UnreadableImage`."""
    seen = survey(dataset, progress)
    chosen = drawn(dataset, MOST, seed)
    pixels = np.asarray(load_pixels(dataset, SIDE)[chosen], dtype=np.float32) / np.float32(255)
    return Measured(
        grey=float(np.mean(seen.channels == 1)),
        borders=float(np.sqrt(seen.border.var(axis=0, dtype=np.float64).mean())),
        layout=layout(pixels.mean(axis=3, dtype=np.float32)),
        diversity=float(np.sqrt(_cell_means(pixels, 2 * CELLS).var(axis=0, dtype=np.float64).mean())),
    )


def layout(grey: npt.NDArray[np.float32]) -> float:
    """The median over images (N, S, S) of the share of the variance between the means of 4 × 4 cells, in [0, 1].

    Near 0 in a texture, whose cells are all alike; an image of one grey throughout has none: 0.
    """
    between = _cell_means(grey[..., None], CELLS).reshape(len(grey), -1).var(axis=1, dtype=np.float64)
    whole = grey.reshape(len(grey), -1).var(axis=1, dtype=np.float64)
    return float(np.median(np.divide(between, whole, out=np.zeros_like(whole), where=whole > 1e-9)))


def derive(dataset: Dataset, measured: Measured) -> dict[str, Derived]:
    """The six answers of a dataset. Raises `InputError` for a dataset of a single class."""
    origin = _origin(dataset.card.origin, measured)
    content = _below(
        measured.layout, ALIKE_ALL_OVER, "textures", "objects", "of the variance is between cells"
    )
    band = class_band(len(dataset.class_names))
    if band is None:
        raise InputError(f"{dataset.name!r} has a single class; two or more are needed")
    return {
        "origin": origin,
        "colour": Derived(
            "grey" if measured.grey > 0.5 else "colour", f"{measured.grey:.0%} of the images are grey"
        ),
        "content": content,
        "type": _type(dataset.card.modality, origin.answer, content.answer, measured),
        "diversity": _diversity(measured.diversity),
        "classes": Derived(band, f"{len(dataset.class_names)} classes"),
    }


def rate(dataset: Dataset, seed: int = 1, progress: Progress | None = None) -> dict[str, Derived]:
    """`derive` from what `measure` finds."""
    return derive(dataset, measure(dataset, seed, progress))


def _origin(said: str | None, measured: Measured) -> Derived:
    if said in ("natural", "medical"):
        return Derived(said, f"the card says {said}")
    if measured.grey > 0.5:
        return Derived("medical", "no card says it; the images are grey")
    what = "no card says it; the borders differ from image to image by"
    alike = measured.borders < BORDERS_ALIKE
    sign = "<" if alike else "≥"
    return Derived("medical" if alike else "natural", f"{what} {measured.borders:.3f} {sign} {BORDERS_ALIKE}")


def _type(modality: str | None, origin: str, content: str, measured: Measured) -> Derived:
    words = (modality or "").casefold().replace(",", " ").replace("(", " ").split()
    if origin == "medical":
        for answer, beginnings in WORDS:
            if any(word.startswith(b) if len(b) > 3 else word == b for word in words for b in beginnings):
                return Derived(answer, f"the card says {modality}")
        if measured.grey > 0.5:
            return Derived("radiology", "medical and grey")
        if content == "textures":
            return Derived("microscopy", "medical textures in colour")
        return Derived("body surface", "medical objects in colour")
    return (
        Derived("materials", "natural textures")
        if content == "textures"
        else Derived("several", "natural objects")
    )


def _diversity(value: float) -> Derived:
    what = f"images differ by {value:.3f} of the range of brightness"
    if value < LITTLE:
        return Derived("low", f"{what} < {LITTLE}")
    return Derived("medium", f"{what} < {MUCH}") if value < MUCH else Derived("high", f"{what} ≥ {MUCH}")


def _below(value: float, bound: float, below: str, above: str, what: str) -> Derived:
    low = value < bound
    return Derived(below if low else above, f"{value:.2f} {what} {'<' if low else '≥'} {bound}")


def _cell_means(pixels: npt.NDArray[np.float32], cells: int) -> npt.NDArray[np.float32]:
    """Means of cells × cells equal parts of images (N, S, S, C), (N, cells, cells, C)."""
    n, side, _, channels = pixels.shape
    size = side // cells
    means: npt.NDArray[np.float32] = pixels.reshape(n, cells, size, cells, size, channels).mean(axis=(2, 4))
    return means
