"""`demo:`: two small sources and two small medical targets, cut from real pictures in two libraries' wheels.

scikit-image ships colon tissue, a fundus, photographs and textures, scikit-learn two photographs more. Patches overlap
only inside a region of a picture, and the regions are the groups: no fold tests on what it trained on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from whence.data.dataset import Dataset
from whence.data.named._patches import Grid, halved, levelled
from whence.data.stores import ArrayStore
from whence.errors import InputError
from whence.records import Card

SCHEME = "demo"
NAMES = ("histology", "natural", "retina", "textures")

PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "china.jpg", "flower.jpg")
TEXTURES = ("brick.png", "grass.png", "gravel.png")
CLASSES = {"chelsea": "cat"}
FLAT = 4  # grey levels: a patch whose standard deviation is below this shows nothing (empty slide, plain sky)

LICENCES = {  # as scikit-image's docstrings and scikit-learn's image README state them
    "histology": "no known restrictions (Center for Molecular and Morphological Imaging, in scikit-image)",
    "retina": "CC0 (Häggström 2014, doi:10.15347/wjm/2014.008, in scikit-image)",
    "natural": "CC0 (cat, coffee), public domain (astronaut, rocket); CC BY 2.0, attribution: danielbuechele (china), "
    "danielbuechele or vultilion, whose page is linked (flower)",
    "textures": "CC0",
}
SKIMAGE = "van der Walt et al.: scikit-image: image processing in Python. PeerJ 2:e453 (2014)"
CARDS = {
    "histology": Card(
        "demo:histology",
        "Colon tissue: does the patch bind the stain?",
        "medical",
        "microscopy, immunohistochemistry shown in grey",
        LICENCES["histology"],
        SKIMAGE,
        preprocessing="32 px; each patch with equal brightness and contrast; label: mean DAB stain above the median",
    ),
    "retina": Card(
        "demo:retina",
        "Fundus: does the patch hold a vessel?",
        "medical",
        "fundus photograph, red channel",
        LICENCES["retina"],
        SKIMAGE,
        preprocessing="64 px halved to 32; equal brightness and contrast; label: ridges in the green channel",
    ),
    "natural": Card(
        "demo:natural",
        "Which photograph is the patch from?",
        "natural",
        "photographs",
        LICENCES["natural"],
        SKIMAGE,
    ),
    "textures": Card(
        "demo:textures", "Brick, grass or gravel?", "natural", "photographs", LICENCES["textures"], SKIMAGE
    ),
}


def card(name: str) -> Card:
    """The card of one of `NAMES`."""
    return CARDS[name]


def open(name: str) -> Dataset:
    """Cut one of `NAMES` from the installed pictures; an `InputError` if scikit-image is not installed."""
    cut = {"histology": _histology, "retina": _retina, "natural": _natural, "textures": _textures}
    return cut[name]()


def _histology() -> Dataset:
    """Grey patches of immunostained colon; whether they bind the stain is read from the colours, then hidden."""
    picture, grid = _read("ihc.png"), Grid(region=64, side=32, step=16)
    stain = grid.cut(_bound_stain(picture)).mean(axis=(1, 2))
    grey = grid.cut(_grey(picture))
    seen = grey.std(axis=(1, 2)) > FLAT
    labels = stain[seen] > np.median(stain[seen])
    groups = grid.names("ihc", picture.shape)[seen]
    return _dataset("histology", ("unstained", "stained"), levelled(grey[seen]), labels, groups)


def _retina() -> Dataset:
    """Patches of a fundus in red light, where vessels hardly show; the label is read from the green channel."""
    from scipy import ndimage

    picture, grid = _read("retina.jpg"), Grid(region=128, side=64, step=32)
    green = picture[..., 1].astype(np.float32)
    along, across, both = (
        ndimage.gaussian_filter(green, 4, order=order) for order in ((0, 2), (2, 0), (1, 1))
    )
    # The larger eigenvalue of the Hessian: high on a dark line, whichever way it runs.
    ridge = (along + across) / 2 + np.hypot((along - across) / 2, both)
    inside = grid.cut(ndimage.binary_erosion(picture[..., 0] > 60, iterations=20)).all(axis=(1, 2))
    strength = np.percentile(grid.cut(ridge)[inside], 90, axis=(1, 2))
    red = levelled(halved(grid.cut(picture[..., 0])[inside]))
    groups = grid.names("retina", picture.shape)[inside]
    return _dataset("retina", ("no vessel", "vessel"), red, strength > np.median(strength), groups)


def _natural() -> Dataset:
    return _pictures("natural", PHOTOGRAPHS, Grid(region=64, side=32, step=32))


def _textures() -> Dataset:
    return _pictures("textures", TEXTURES, Grid(region=64, side=32, step=16))


def _pictures(name: str, files: tuple[str, ...], grid: Grid) -> Dataset:
    """A class per picture: which one is a patch from?"""
    patches, labels, groups = [], [], []
    for label, file in enumerate(files):
        picture = _read(file)
        found = grid.cut(picture)
        seen = found.reshape(len(found), -1).std(axis=1) > FLAT
        patches.append(found[seen])
        labels.append(np.full(seen.sum(), label))
        groups.append(grid.names(Path(file).stem, picture.shape)[seen])
    classes = tuple(CLASSES.get(Path(file).stem, Path(file).stem) for file in files)
    return _dataset(name, classes, np.concatenate(patches), np.concatenate(labels), np.concatenate(groups))


def _dataset(
    name: str,
    classes: tuple[str, ...],
    patches: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.integer | np.bool_],
    groups: npt.NDArray[np.str_],
) -> Dataset:
    store = ArrayStore(np.ascontiguousarray(patches))
    return Dataset(f"{SCHEME}:{name}", classes, labels.astype(np.int64), store, CARDS[name], groups=groups)


def _bound_stain(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """How much DAB each pixel binds: its optical density on Ruifrok and Johnston's third stain (2001).

    What `skimage.color.rgb2hed` gives, without the second that importing it costs in every job.
    """
    stains = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
    density = np.log(np.maximum(picture / 255, 1e-6)) / np.log(1e-6)
    bound: npt.NDArray[np.float64] = np.maximum(density @ np.linalg.inv(stains)[:, 2], 0)
    return bound


def _read(file: str) -> npt.NDArray[np.uint8]:
    """A picture from the files inside the wheels: nothing is ever downloaded."""
    from PIL import Image

    try:
        with Image.open(_folder(file) / file) as image:
            return np.asarray(image)
    except FileNotFoundError as error:
        raise InputError(
            f"the picture {error.filename} of the demo is missing; install its library anew: "
            "pip install --force-reinstall scikit-image scikit-learn"
        ) from error


def _folder(file: str) -> Path:
    if file in ("china.jpg", "flower.jpg"):
        import sklearn

        return Path(sklearn.__file__).parent / "datasets" / "images"
    try:
        import skimage
    except ImportError as error:
        raise InputError(
            "the demo's pictures are in scikit-image, which is not installed; pip install 'whence[demo]'"
        ) from error
    return Path(skimage.__file__).parent / "data"


def _grey(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    from PIL import Image

    return np.asarray(Image.fromarray(picture).convert("L"))
