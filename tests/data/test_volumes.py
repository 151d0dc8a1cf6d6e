"""Volumes as 2D images: NIfTI files and 3D arrays, which slices, which way up, one group a volume."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.data import cut, open_dataset, survey
from whence.data.formats import read_images
from whence.data.formats.nifti import levels, slicing_axis, stretched, upright
from whence.data.slices import Slices, parse_slices
from whence.errors import InputError, UnreadableImage

Refused = Callable[..., AbstractContextManager[None]]


@given(st.integers(1, 40), st.integers(1, 50))
def test_every_kth_slice_is_evenly_spaced_and_never_none(depth: int, step: int) -> None:
    numbers = [part[0] for part in Slices("every", step).of(depth)]
    assert numbers
    assert all(0 <= number < depth for number in numbers)
    assert set(np.diff(numbers)) <= {step}
    if step == 1:
        assert numbers == list(range(depth))


def test_central_and_projection() -> None:
    assert [parse_slices("central").of(depth) for depth in (1, 2, 5)] == [((0,),), ((1,),), ((2,),)]
    assert parse_slices("mip").of(3) == ((0, 1, 2),)
    assert parse_slices("every:3").of(9) == ((1,), (4,), (7,))


@pytest.mark.parametrize(
    "text", ["", "middle", "every", "every:0", "every:-1", "every:1.5", "every:9999999999"]
)
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="slices=central, slices=mip"):
        parse_slices(text)


def volumes(folder: Path, n: int = 12) -> Path:
    """An .npz of n volumes (6, 5, 4): volume v's slice z is 10 v + z throughout, its second last the brightest."""
    folder.mkdir()
    images = 10 * np.arange(n)[:, None, None, None] + np.arange(6)[:, None, None] + np.zeros((n, 6, 5, 4))
    images[:, 4] += 100
    np.savez_compressed(
        folder / "set.npz", train_images=images.astype(np.uint8), train_labels=np.arange(n) % 2
    )
    return folder


def test_slices_of_arrays(tmp_path: Path, refused: Refused) -> None:
    folder = volumes(tmp_path / "v")
    central = open_dataset(folder)
    assert (len(central), central.images.open(0).size) == (12, (4, 5))
    assert sorted(np.asarray(central.images.open(i))[0, 0] for i in range(12)) == [
        10 * v + 3 for v in range(12)
    ]
    assert open_dataset(f"{folder}[slices=central]").fingerprint == central.fingerprint
    mip = open_dataset(f"{folder}[slices=mip]")
    assert sorted(np.asarray(mip.images.open(i))[0, 0] for i in range(12)) == [
        10 * v + 104 for v in range(12)
    ]
    every = open_dataset(f"{folder}[slices=every:2]")
    assert every.name == "v[slices=every:2]"
    assert every.groups is not None
    found: dict[str, set[int]] = {str(group): set() for group in every.groups}
    for i, group in enumerate(every.groups):
        found[str(group)].add(int(np.asarray(every.images.open(i))[0, 0]))
    assert sorted(map(sorted, found.values())) == [[10 * v + 1, 10 * v + 3, 10 * v + 5] for v in range(12)]
    for fold in cut(every, folds=2):
        assert not set(every.groups[fold.test]) & set(every.groups[fold.train])
    with refused("slices is 'middle'"):
        open_dataset(f"{folder}[slices=middle]")


def test_the_order_of_volumes_in_the_file_does_not_matter(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 255, (8, 5, 6, 7), dtype=np.uint8), np.arange(8) % 2
    for name, order in (("a", np.arange(8)), ("b", np.arange(8)[::-1])):
        (tmp_path / name).mkdir()
        np.savez(tmp_path / name / "x.npz", images=images[order], labels=labels[order])
    assert open_dataset(tmp_path / "a").fingerprint == open_dataset(tmp_path / "b").fingerprint


def test_colour_volumes_and_flat_images(tmp_path: Path, refused: Refused) -> None:
    colour = np.arange(4 * 3 * 5 * 5 * 3, dtype=np.uint32).reshape(4, 3, 5, 5, 3).astype(np.uint8)
    np.savez(tmp_path / "c.npz", images=colour, labels=np.array([0, 1, 0, 1]))
    dataset = open_dataset(tmp_path / "c.npz")
    assert {np.asarray(dataset.images.open(i)).tobytes() for i in range(4)} == {
        v[1].tobytes() for v in colour
    }
    np.savez(tmp_path / "f.npz", images=colour[:, 0], labels=np.array([0, 1, 0, 1]))
    with refused("slices=mip", "2D images"):
        open_dataset(f"{tmp_path / 'f.npz'}[slices=mip]")


def test_volumes_cut_short(tmp_path: Path, refused: Refused) -> None:
    np.savez(
        tmp_path / "x.npz", images=np.asfortranarray(np.zeros((4, 5, 5, 5), np.uint8)), labels=np.arange(4)
    )
    with refused("Fortran"):
        open_dataset(tmp_path / "x.npz")


nibabel = pytest.importorskip("nibabel", reason="nibabel is not installed: pip install 'whence[nifti]'")


def save(path: Path, array: np.ndarray, spacing: tuple[float, ...] = (1, 1, 1), turned: str = "RAS") -> Path:
    """A NIfTI file of `array`, whose axes run to the right, the front and the head, stored as `turned`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(array, np.diag([*spacing, 1.0]))
    to = nibabel.orientations.axcodes2ornt(turned)
    here = nibabel.orientations.axcodes2ornt("RAS")
    image.as_reoriented(nibabel.orientations.ornt_transform(here, to)).to_filename(path)
    return path


def marked() -> np.ndarray:
    """A head of 5 × 7 × 9 voxels, bright in the middle of its right, front and upper side."""
    head = np.zeros((5, 7, 9), dtype=np.int16)
    head[4, 3, 4] = head[2, 6, 4] = head[2, 3, 8] = 1000
    return head


@pytest.mark.parametrize("turned", ["RAS", "LPS", "ASL", "PIR"])
def test_slices_stand_upright_however_they_are_stored(tmp_path: Path, turned: str) -> None:
    def central(spacing: tuple[float, ...]) -> np.ndarray:
        path = save(tmp_path / "a.nii.gz", marked(), spacing, turned)
        return np.asarray(read_images(path.parent, [path.name]).store.open(0))

    def bright(spacing: tuple[float, ...]) -> tuple[tuple[int, ...], set[tuple[int, int]]]:
        plane = central(spacing)
        return plane.shape, {(int(row), int(column)) for row, column in np.argwhere(plane)}

    # the patient's right is on the left, the front or the head is up; from the side, the front is on the left
    assert bright((1, 1, 1)) == ((7, 5), {(3, 0), (0, 2)})
    assert bright((1, 3, 1)) == ((9, 5), {(4, 0), (0, 2)})
    assert bright((3, 1, 1)) == ((9, 7), {(4, 0), (0, 3)})


def test_levels_of_a_volume() -> None:
    volume = np.arange(10_000, dtype=np.float64).reshape(10, 10, 100)
    volume[0, 0, 0], volume[9, 9, 99] = np.nan, 1e9  # one spoilt voxel at either end
    low, high = levels(volume)
    assert low == pytest.approx(50, abs=1)
    assert high == pytest.approx(9949, abs=1)
    assert levels(np.zeros((3, 3, 3))) == (0, 0)
    mask = np.zeros((20, 20, 20), dtype=np.uint8)
    mask[0, 0, 0] = 1
    assert levels(mask) == (0, 1)
    assert stretched(np.array([[-5.0, 0.0, 0.5, 1.0, np.nan, np.inf]]), 0, 1).tolist() == [
        [0, 0, 128, 255, 0, 255]
    ]
    assert stretched(np.array([[3]]), 3, 3).tolist() == [[0]]


def test_which_axis_is_cut_across() -> None:
    assert slicing_axis((5, 5, 5), (1, 1, 1)) == 2
    assert slicing_axis((5, 5, 5), (1, 4, 1)) == 1
    assert slicing_axis((1, 5, 5), (1, 4, 1)) == 0
    assert upright(np.zeros((2, 3, 4)), 2).shape == (4, 3, 2)


def tree(root: Path) -> Path:
    """Two classes of four volumes."""
    for number in range(8):
        volume = np.random.default_rng(number).integers(0, 4000, (6, 7, 8)).astype(np.int16)
        save(root / ("ill" if number % 2 else "well") / f"sub-{number:02}.nii.gz", volume)
    return root


def test_a_tree_of_volumes_and_a_table(tmp_path: Path) -> None:
    root = tree(tmp_path / "heads")
    dataset = open_dataset(root)
    assert dataset.class_counts() == {"ill": 4, "well": 4}
    every = open_dataset(f"{root}[slices=every:3]")
    assert (len(every), len(set(np.asarray(every.groups)))) == (24, 8)
    assert survey(every).width.tolist() == [6] * 24
    rows = "".join(f"sub-{i:02},{'ill' if i % 2 else 'well'}\n" for i in range(8))
    (root / "labels.csv").write_text("image,label\n" + rows)
    assert open_dataset(root).fingerprint == dataset.fingerprint


def test_a_negative_slope_two_dimensions_and_time(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.array([[[0]], [[100]]], dtype=np.int16), np.eye(4))
    image.header.set_slope_inter(-1, 0)
    nibabel.save(image, tmp_path / "a.nii")
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[112:116] = np.float32(-1).tobytes()  # scl_slope, should the writer have turned it round
    (tmp_path / "a.nii").write_bytes(raw)
    loaded = np.asarray(nibabel.load(tmp_path / "a.nii").dataobj).ravel()
    shown = np.asarray(read_images(tmp_path, ["a.nii"]).store.open(0)).ravel()[::-1]  # right is on the left
    assert (loaded[0] < loaded[1]) == (shown[0] < shown[1])
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 5), np.int16), np.eye(4)), tmp_path / "b.nii")
    assert read_images(tmp_path, ["b.nii"]).store.open(0).size == (4, 5)
    film = np.stack([np.full((3, 3, 3), 7), np.arange(27).reshape(3, 3, 3)], axis=-1).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(film, np.eye(4)), tmp_path / "c.nii")
    assert np.asarray(read_images(tmp_path, ["c.nii"]).store.open(0)).max() == 0  # the first of two volumes


def test_damaged_volumes_are_named_and_can_be_left_out(tmp_path: Path, refused: Refused) -> None:
    root = tree(tmp_path / "heads")
    for name, end in (("ill/sub-01.nii.gz", -40), ("well/sub-00.nii.gz", 20)):
        (root / name).write_bytes((root / name).read_bytes()[:end])
    with refused("sub-0", "1 more of 8"):
        survey(open_dataset(root))
    assert open_dataset(root, skip_unreadable=True).class_counts() == {"ill": 3, "well": 3}


def test_absurd_sizes_and_kinds(tmp_path: Path) -> None:
    save(tmp_path / "a.nii", np.zeros((2, 2, 2), np.int16))
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[42:48] = np.array([32767] * 3, "<i2").tobytes()
    (tmp_path / "a.nii").write_bytes(raw)
    with pytest.raises(UnreadableImage, match="32,767 × 32,767"):
        read_images(tmp_path, ["a.nii"]).store.open(0)
    save(tmp_path / "b.nii", np.zeros((2, 2, 2), np.complex64))
    with pytest.raises(UnreadableImage, match="complex64"):
        read_images(tmp_path, ["b.nii"]).store.open(0)


def test_real_volumes(real_data: Path) -> None:
    folder = real_data / "data" / "adrenal3d"
    names = json.loads((folder / "labels.json").read_text())
    dataset = open_dataset(folder)
    assert dataset.class_counts() == {"normal": 1234, "hyperplasia": 350}
    assert dataset.class_names == tuple(names[str(i)] for i in range(2))
