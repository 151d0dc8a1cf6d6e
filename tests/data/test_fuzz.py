"""A thousand damaged files: each opens, or is refused in one line; nothing is written outside the cache.

The same cases every time, so that a red run is the fault of a change. WHENCE_FUZZ_CASES asks for more of each kind,
drawn anew.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.data.fakes.dicom import write
from whence.data import describe, load_pixels, open_dataset
from whence.errors import InputError

CASES = os.environ.get("WHENCE_FUZZ_CASES")
fuzz = settings(
    max_examples=int(CASES or 200),
    derandomize=CASES is None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MODES = ("L", "RGB", "P", "1", "I;16")
EXTREMES = (b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff")
IMAGES = ("png", "jpg", "bmp", "gif", "tif", "webp")
Damage = Callable[[bytes], bytes]


@st.composite
def damages(draw: st.DrawFn) -> Damage:
    """What may befall a file: cut off, bytes overwritten, left out or put in, a piece repeated."""
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from(("cut", "overwrite", "delete", "insert", "repeat")),
                st.floats(0, 1),
                st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from(EXTREMES)),
            ),
            min_size=1,
            max_size=4,
        )
    )

    def damage(content: bytes) -> bytes:
        for kind, where, put in steps:
            at = int(where * len(content))
            if kind == "cut":
                content = content[:at]
            elif kind == "overwrite":
                content = content[:at] + put + content[at + len(put) :]
            elif kind == "delete":
                content = content[:at] + content[at + len(put) :]
            elif kind == "insert":
                content = content[:at] + put + content[at:]
            else:
                content = content[:at] + content[at // 2 :]
        return content

    return damage


@cache
def picture(suffix: str, mode: str) -> bytes:
    """A small picture as a file of its own."""
    random = np.random.default_rng(0)
    image = Image.fromarray(random.integers(0, 255, (13, 11, 3), dtype=np.uint8))
    if mode == "I;16":
        image = Image.fromarray(random.integers(0, 60000, (13, 11), dtype=np.uint16))
    opened = io.BytesIO()
    (image if mode == "I;16" else image.convert(mode)).save(
        opened, {"jpg": "jpeg", "tif": "tiff"}.get(suffix, suffix)
    )
    return opened.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the damaged dataset lies, with a neighbour that must stay as it is."""
    (tmp_path / "neighbour").write_text("untouched")
    return tmp_path / "data"


def opens_or_is_refused(folder: Path, address: str | Path | None = None, skip: bool = False) -> None:
    """Open, describe and cache a dataset. What goes wrong must be one line of an `InputError`."""
    home = Path(os.environ["WHENCE_HOME"])
    before = listing(folder.parent, home)
    said = "opened"
    try:
        dataset = open_dataset(address or folder, skip_unreadable=skip)
        describe(dataset)
        assert load_pixels(dataset, 8).shape == (len(dataset), 8, 8, 3)
    except InputError as error:
        said = str(error)
    assert said
    assert "\n" not in said
    assert listing(folder.parent, home) == before
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(folder)


def listing(root: Path, home: Path) -> dict[Path, bytes]:
    """Every file below `root` with its content, but for those of the cache."""
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_relative_to(home))
    return {path: path.read_bytes() for path in files}


def lay_out(folder: Path, files: dict[str, bytes]) -> None:
    """Write files below a new folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@fuzz
@given(damage=damages(), suffix=st.sampled_from(IMAGES), mode=st.sampled_from(MODES), skip=st.booleans())
def test_damaged_images(folder: Path, damage: Damage, suffix: str, mode: str, skip: bool) -> None:
    suffix = "png" if mode == "I;16" and suffix not in ("png", "tif") else suffix
    mode = "L" if mode in ("P", "1") and suffix in ("jpg", "webp") else mode
    whole, other = picture(suffix, mode), picture("png", "L")
    lay_out(
        folder, {f"a/0.{suffix}": damage(whole), "a/1.png": other, "b/0.png": other, f"b/1.{suffix}": whole}
    )
    opens_or_is_refused(folder, skip=skip)


TABLE = "image,label,split,patient\n" + "".join(f"{i}.png,{'ab'[i % 2]},train,p{i}\n" for i in range(4))
CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ODD = st.sampled_from(
    ("../out.png", "/etc/passwd", "0.png", "C:\\x.png", "~", "\0", '"', "\r", "a\nb", "=1+1", "")
)


@fuzz
@given(
    damage=st.one_of(st.none(), damages()),
    header=st.lists(
        st.sampled_from(("image", "label", "split", "file", "class", "x", "")), min_size=1, max_size=5
    ),
    rows=st.lists(st.lists(st.one_of(CELLS, ODD), min_size=1, max_size=5), max_size=5),
    separator=st.sampled_from((",", ";", "\t")),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "latin-1")),
)
def test_damaged_tables(
    folder: Path,
    damage: Damage | None,
    header: list[str],
    rows: list[list[str]],
    separator: str,
    encoding: str,
) -> None:
    made = "\n".join(separator.join(row) for row in [header, *rows])
    content = damage(TABLE.encode(encoding)) if damage else made.encode(encoding, errors="replace")
    images = {f"images/{i}.png": picture("png", "L") for i in range(4)}
    lay_out(folder, images | {"labels.csv": content})
    opens_or_is_refused(folder)


KINDS = st.sampled_from(("u1", "i2", "i8", "f4", "O", "U3", "S3", "bool", "M8[s]", "c8"))
SHAPES = st.lists(st.sampled_from((0, 1, 2, 3, 6)), max_size=5)


@fuzz
@given(
    damage=st.one_of(st.none(), damages()),
    arrays=st.dictionaries(
        st.sampled_from(
            ("train_images", "train_labels", "val_images", "val_labels", "images", "labels", "odd")
        ),
        st.tuples(KINDS, SHAPES),
        max_size=4,
    ),
    names=st.one_of(
        st.none(), st.binary(max_size=20), st.sampled_from((b"[]", b'{"0": 1}', b'["a", "b"]', b"null"))
    ),
    slices=st.sampled_from(("", "[slices=mip]", "[slices=every:2]")),
)
def test_damaged_arrays(
    folder: Path,
    damage: Damage | None,
    arrays: dict[str, tuple[str, list[int]]],
    names: bytes | None,
    slices: str,
) -> None:
    images = np.random.default_rng(0).integers(0, 255, (6, 4, 5), dtype=np.uint8)
    valid: dict[str, Any] = {"train_images": images, "train_labels": np.array([[0], [1]] * 3)}
    made: dict[str, Any] = {name: np.zeros(shape, dtype=kind) for name, (kind, shape) in arrays.items()}
    opened = io.BytesIO()
    np.savez(
        opened, **(valid if damage else valid | made)
    )  # object arrays are pickled: they must not be read
    content = damage(opened.getvalue()) if damage else opened.getvalue()
    lay_out(folder, {"set.npz": content} | ({} if names is None else {"labels.json": names}))
    opens_or_is_refused(folder, f"{folder / 'set.npz'}{slices}")


@cache
def scan(frames: int, colour: bool) -> bytes:
    """A DICOM file of 6 × 5 pixels."""
    import tempfile

    values = np.random.default_rng(0).integers(0, 255, (6, 5, 3) if colour else (frames, 6, 5))
    with tempfile.TemporaryDirectory() as place:
        kind, tags = (
            ("u1", {}) if colour else ("<u2", {"WindowCenter": 100, "WindowWidth": 90, "RescaleSlope": 2})
        )
        file = write(Path(place) / "x.dcm", values, kind, InstanceNumber=1, RescaleIntercept=None, **tags)
        return file.read_bytes()


@fuzz
@given(
    damage=damages(),
    frames=st.sampled_from((1, 3)),
    colour=st.booleans(),
    name=st.sampled_from(("x.dcm", "1.2.3", "IM0001")),
    skip=st.booleans(),
    slices=st.sampled_from(("", "[slices=central]", "[slices=mip]")),
)
def test_damaged_dicom_files(
    folder: Path, damage: Damage, frames: int, colour: bool, name: str, skip: bool, slices: str
) -> None:
    pytest.importorskip("pydicom", reason="pydicom is not installed: pip install 'whence[dicom]'")
    whole = scan(frames, colour)
    lay_out(folder, {f"a/{name}": damage(whole), "a/y.dcm": whole, "b/z.dcm": whole})
    opens_or_is_refused(folder, f"{folder}{slices}", skip=skip)


@cache
def head(suffix: str) -> bytes:
    """A NIfTI volume of 4 × 5 × 6 voxels."""
    import tempfile

    import nibabel

    values = np.random.default_rng(0).integers(0, 900, (4, 5, 6), dtype=np.int16)
    with tempfile.TemporaryDirectory() as place:
        image = nibabel.Nifti1Image(values, np.eye(4))  # type: ignore[no-untyped-call]
        image.to_filename(Path(place) / f"x{suffix}")
        return (Path(place) / f"x{suffix}").read_bytes()


@fuzz
@given(damage=damages(), suffix=st.sampled_from((".nii", ".nii.gz")), skip=st.booleans())
def test_damaged_volumes(folder: Path, damage: Damage, suffix: str, skip: bool) -> None:
    pytest.importorskip("nibabel", reason="nibabel is not installed: pip install 'whence[nifti]'")
    whole = head(suffix)
    lay_out(folder, {f"a/x{suffix}": damage(whole), f"a/y{suffix}": whole, f"b/z{suffix}": whole})
    opens_or_is_refused(folder, f"{folder}[slices=every:2]", skip=skip)


@fuzz
@given(damage=damages())
def test_damaged_names_of_classes(folder: Path, damage: Damage) -> None:
    images = np.random.default_rng(0).integers(0, 255, (6, 4, 5), dtype=np.uint8)
    opened = io.BytesIO()
    np.savez(opened, train_images=images, train_labels=np.array([0, 1] * 3))
    names = damage(json.dumps({"0": "healthy", "1": "ill"}).encode())
    lay_out(folder, {"set.npz": opened.getvalue(), "labels.json": names})
    opens_or_is_refused(folder)
