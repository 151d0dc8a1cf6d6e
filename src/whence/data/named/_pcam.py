"""PatchCamelyon, read from its HDF5 files, and the draws that are made from it.

A draw goes by the pictures' content, so that it does not depend on how a host names the splits (Zenodo calls test what
the authors' own copy calls valid) nor on how the files are listed. PCam holds some pictures twice: by content they stay
together. The drawn pictures are kept as one array under `$WHENCE_HOME`, mapped into memory when it is opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from whence.data.dataset import Dataset
from whence.data.derived.subsets import stratified_order
from whence.data.layouts._csv import read_table
from whence.data.named._pcam_files import HOST, Files
from whence.data.named._shelf import shelf
from whence.data.stores import ArrayStore
from whence.data.threads import in_threads
from whence.errors import InputError
from whence.paths import building, home
from whence.records import Card

if TYPE_CHECKING:
    import h5py

VERSION = 1  # raise it when the same files would be drawn from otherwise
SLAB = 2048  # pictures read at a time
CLASSES = ("negative", "positive")
WHOLE = {"images of all PCam": 327680, "positive of all PCam": 163818, "negative of all PCam": 163862}
OBTAIN = (
    f"fetched from {HOST} (7.7 GB); reading it needs h5py: pip install 'whence[pcam]'. With files put there by hand, "
    "slides are groups only where the three …_meta.csv lie beside them"
)


def make_card(name: str, title: str, preprocessing: str, images: int) -> Card:
    """The card of a draw from PCam."""
    counts = {"images": images, "classes": 2}
    return Card(
        name,
        title,
        "medical",
        "histopathology (H&E, lymph node)",
        "CC0",
        "Veeling, Linmans, Winkens, Cohen, Welling: Rotation equivariant CNNs for digital pathology. MICCAI 2018, "
        "arXiv:1806.03962; Ehteshami Bejnordi et al.: JAMA 318:2199 (2017)",
        "https://github.com/basveeling/pcam",
        preprocessing=preprocessing,
        obtain=OBTAIN,
        verified="MD5 of the compressed files; as many pictures as labels and slides",
        expected=counts,
        # the paper's text gives PCam 237,680 images, its own class counts add up to the real 327,680
        printed=counts | WHOLE | {"images of all PCam": 237680},
    )


@dataclass(frozen=True)
class Whole:
    """What is known of every picture of PCam, in the files' order: digest, label (0 or 1), slide ("" if unknown)."""

    digests: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    slides: npt.NDArray[np.str_] | None


def look_at_all(files: Files) -> Whole:
    """Digests, labels and slides of all pictures; the digests are kept, for hashing them takes minutes."""
    labels = np.concatenate([_labels(file) for file in files.labels])
    kept = home() / "pcam" / f"{files.key}-v{VERSION}" / "digests"
    if not (kept / "digests.npy").exists():
        digests = [digest for slab in _slabs(files.pictures) for digest in _digests(slab)]
        with building(kept) as scratch:
            np.save(scratch / "digests.npy", np.array(digests, dtype="S64"), allow_pickle=False)
    digests = [digest.decode() for digest in np.load(kept / "digests.npy", allow_pickle=False)]
    slides = None if files.slides is None else np.concatenate([_slides(file) for file in files.slides])
    for what, count in (("labels", len(labels)), ("slides", len(digests) if slides is None else len(slides))):
        if count != len(digests):
            raise InputError(
                f"the files of PCam in {str(shelf('pcam'))!r} do not go together: {len(digests)} pictures, {count} "
                f"{what}; delete them and type the same command again"
            )
    return Whole(tuple(digests), labels, slides)


def stratified_rows(whole: Whole, seed: int = 0) -> npt.NDArray[np.int64]:
    """All rows in an order each beginning of which is stratified, and in which equal pictures are neighbours."""
    return stratified_order(whole.labels, whole.digests, seed)


def random_rows(whole: Whole, count: int, seed: int) -> npt.NDArray[np.int64]:
    """`count` rows drawn as the paper's code draws them: at random, not stratified, from all."""
    generator = np.random.RandomState(seed)
    return generator.choice(len(whole.labels), size=count, replace=False).astype(np.int64)


def drawn(card: Card, files: Files, whole: Whole, rows: npt.NDArray[np.int64], called: str) -> Dataset:
    """The dataset of some rows; their pictures are taken out of the HDF5 files once and kept under `called`."""
    rows = np.sort(rows)
    kept = home() / "pcam" / f"{files.key}-v{VERSION}" / called
    if not (kept / "images.npy").exists():
        with building(kept) as scratch:
            _take(files.pictures, rows, scratch / "images.npy")
    images = np.load(kept / "images.npy", mmap_mode="r", allow_pickle=False)
    return Dataset(
        card.name,
        CLASSES,
        whole.labels[rows],
        ArrayStore(images, "PCam"),
        card,
        digests=tuple(whole.digests[row] for row in rows),
        groups=None if whole.slides is None else whole.slides[rows],
    )


def _take(pictures: tuple[Path, ...], rows: npt.NDArray[np.int64], target: Path) -> None:
    """Write the pictures at sorted `rows` as one array, slab by slab."""
    first, out = 0, None
    for slab in _slabs(pictures):
        inside = rows[(rows >= first) & (rows < first + len(slab))] - first
        if out is None:
            shape = (len(rows), *slab.shape[1:])
            out = np.lib.format.open_memmap(target, "w+", np.uint8, shape)
        place = np.searchsorted(rows, first)
        out[place : place + len(inside)] = slab[inside]
        first += len(slab)
    if out is not None:
        out.flush()


def _slabs(pictures: tuple[Path, ...]) -> Iterator[npt.NDArray[np.uint8]]:
    for file in pictures:
        with _open(file) as opened:
            data = _array(opened, "x", file)
            if data.ndim != 4 or data.shape[3] != 3 or data.dtype != np.uint8:
                raise InputError(
                    f"{str(file)!r}: x is {data.dtype} of shape {data.shape}; accepted are uint8 pictures (n, h, w, 3)"
                )
            for start in range(0, len(data), SLAB):
                yield data[start : start + SLAB]


def _digests(slab: npt.NDArray[np.uint8]) -> list[str]:
    store = ArrayStore(slab)
    return list(in_threads(store.digest, len(store)))


def _labels(file: Path) -> npt.NDArray[np.int64]:
    with _open(file) as opened:
        labels = np.asarray(_array(opened, "y", file)[...]).reshape(-1).astype(np.int64)
    if not set(np.unique(labels)) <= {0, 1}:
        raise InputError(
            f"{str(file)!r}: labels are {sorted(set(labels.tolist()))[:5]}; accepted are 0 and 1"
        )
    return labels


def _slides(file: Path) -> npt.NDArray[np.str_]:
    table = read_table(file)
    if "wsi" not in table.header:
        raise InputError(f"{str(file)!r} has no column wsi; delete it or download it anew")
    return np.array([cells["wsi"] for _, cells in table.rows])


def _open(file: Path) -> h5py.File:
    try:
        import h5py
    except ImportError as error:
        raise InputError(
            "PCam is in HDF5 files; to read them install h5py: pip install 'whence[pcam]'"
        ) from error
    try:
        return h5py.File(file, "r")
    except OSError as error:
        raise InputError(
            f"{str(file)!r} is no whole HDF5 file ({' '.join(str(error).split())}); delete it and fetch it anew"
        ) from error


def _array(opened: Any, key: str, file: Path) -> Any:
    if key not in opened:
        raise InputError(f"{str(file)!r} has no array {key!r}; delete it and fetch it anew")
    return opened[key]
