"""DICOM trees: pixel values worked out by hand, groups without patients' ids, labels from folders and tables."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.data.fakes.dicom import write
from whence.data import open_dataset, survey
from whence.data.formats import read_images
from whence.data.formats._dicom_headers import read_headers
from whence.errors import InputError, UnreadableImage

pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed: pip install 'whence[dicom]'")
from pydicom.dataset import Dataset  # noqa: E402
from pydicom.uid import RLELossless  # noqa: E402

Refused = Callable[..., AbstractContextManager[None]]
REPORT = "1.2.840.10008.5.1.4.1.1.88.11"


def shown(path: Path) -> list[Any]:
    """What the only frame of a file looks like, as a list."""
    return np.asarray(read_images(path.parent, [path.name]).store.open(0)).tolist()  # type: ignore[no-any-return]


def test_a_ct_window_after_rescale(tmp_path: Path) -> None:
    # stored 24, 974, 1024, 1074, 2024 → -1000, -50, 0, 50, 1000 HU; window 0 ± 50 (LINEAR: centre -0.5, width 100)
    file = write(
        tmp_path / "a.dcm",
        [[24, 974, 1024, 1074, 2024]],
        RescaleSlope=1,
        RescaleIntercept=-1024,
        WindowCenter=0,
        WindowWidth=101,
    )
    assert shown(file) == [[0, 1, 129, 255, 255]]  # ((x + 0.5) / 100 + 0.5) × 255: 1.3, 128.8, 256.3


def test_the_first_of_several_windows_and_monochrome1(tmp_path: Path) -> None:
    # centre 100, width 201 → from -0.5 to 199.5: x = 99.5 is the middle; MONOCHROME1 turns round
    file = write(
        tmp_path / "a.dcm",
        [[0, 50, 100, 199, 400]],
        PhotometricInterpretation="MONOCHROME1",
        WindowCenter=[100, 5],
        WindowWidth=[201, 2],
    )
    expected = [255 - round(((x - 99.5) / 200 + 0.5) * 255) for x in (0, 50, 100, 199)] + [0]
    assert shown(file) == [expected]
    assert expected[0] == 254


def test_sigmoid_and_linear_exact_windows(tmp_path: Path) -> None:
    exact = write(
        tmp_path / "a.dcm",
        [[0, 25, 50, 75, 100]],
        WindowCenter=50,
        WindowWidth=100,
        VOILUTFunction="LINEAR_EXACT",
    )
    assert shown(exact) == [[0, 64, 128, 191, 255]]
    sigmoid = write(
        tmp_path / "b.dcm", [[0, 50, 100]], WindowCenter=50, WindowWidth=100, VOILUTFunction="SIGMOID"
    )
    assert shown(sigmoid) == [[round(255 / (1 + np.exp(2))), 128, round(255 / (1 + np.exp(-2)))]]


def test_a_negative_slope_keeps_dark_dark(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.dcm",
        [[0, 100]],
        RescaleSlope=-1,
        RescaleIntercept=100,
        WindowCenter=50,
        WindowWidth=100,
        VOILUTFunction="LINEAR_EXACT",
    )
    assert shown(file) == [[255, 0]]


def test_modality_and_voi_tables(tmp_path: Path) -> None:
    modality, voi = Dataset(), Dataset()
    modality.LUTDescriptor, modality.ModalityLUTType = [4, 0, 16], "US"
    modality.LUTData = [0, 1, 2, 3]
    voi.LUTDescriptor = [4, 0, 8]
    voi.LUTData = [10, 20, 200, 250]
    for item in (modality, voi):
        item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    file = write(tmp_path / "a.dcm", [[0, 1, 2, 3, 9]], ModalityLUTSequence=[modality], VOILUTSequence=[voi])
    assert shown(file) == [[10, 20, 200, 250, 250]]


def test_without_a_window_the_range_is_stretched_and_padding_left_out(tmp_path: Path) -> None:
    file = write(tmp_path / "a.dcm", [[-2000, -100, 0, 100]], "<i2", PixelPaddingValue=-2000)
    assert shown(file) == [[0, 0, 128, 255]]
    constant = write(tmp_path / "b.dcm", [[7, 7]])
    assert shown(constant) == [[0, 0]]
    eight = write(tmp_path / "c.dcm", [[3, 200]], "u1")
    assert shown(eight) == [[3, 200]]
    no_window = write(tmp_path / "d.dcm", [[0, 500]], WindowCenter=0, WindowWidth=0)
    assert shown(no_window) == [[0, 255]]


def test_colour_palette_and_sixteen_bit_colour(tmp_path: Path) -> None:
    assert shown(write(tmp_path / "a.dcm", [[[255, 1, 2], [3, 4, 5]]], "u1")) == [[[255, 1, 2], [3, 4, 5]]]
    deep = write(tmp_path / "b.dcm", [[[65535, 257, 0], [0, 25700, 514]]])
    assert shown(deep) == [[[255, 1, 0], [0, 100, 2]]]
    tables = {
        f"{colour}PaletteColorLookupTable{kind}": value
        for colour, data in (("Red", [0, 65535]), ("Green", [25700, 0]), ("Blue", [0, 257]))
        for kind, value in (("Descriptor", [2, 0, 16]), ("Data", np.array(data, "<u2").tobytes()))
    }
    palette = write(tmp_path / "c.dcm", [[0, 1]], "u1", PhotometricInterpretation="PALETTE COLOR", **tables)
    assert shown(palette) == [[[0, 100, 0], [255, 0, 1]]]


def test_frames_of_a_file_are_images_of_one_patient(tmp_path: Path) -> None:
    frames = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((3, 2, 2), np.uint8)
    write(tmp_path / "a.dcm", frames, "u1", SOPInstanceUID="1.9")
    images = read_images(tmp_path, ["a.dcm"])
    assert images.origin == [0, 0, 0]
    assert [np.asarray(images.store.open(i))[0, 0] for i in range(3)] == [0, 1, 2]
    digests = [images.store.digest(i) for i in range(3)]
    assert len({digest[:32] for digest in digests}) == 1  # sorted, they stay neighbours
    assert len(set(digests)) == 3
    assert images.groups is not None
    assert len(set(images.groups)) == 1
    assert "frame 2" in images.store.describe(2)


def test_enhanced_files_keep_a_window_for_each_frame(tmp_path: Path) -> None:
    def item(centre: float) -> Dataset:
        voi, group = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth, voi.VOILUTFunction = centre, 100, "LINEAR_EXACT"
        group.FrameVOILUTSequence = [voi]
        return group

    scale, shared = Dataset(), Dataset()
    scale.RescaleSlope, scale.RescaleIntercept = 2, 0
    shared.PixelValueTransformationSequence = [scale]
    write(
        tmp_path / "a.dcm",
        [[[25]], [[25]]],
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=[item(50), item(100)],
    )
    store = read_images(tmp_path, ["a.dcm"]).store
    assert [np.asarray(store.open(i)).item() for i in (0, 1)] == [128, 0]  # 50 in 0–100, and 50 in 50–150


def test_run_length_compression(tmp_path: Path) -> None:
    values = np.repeat(np.arange(4, dtype=np.uint8), 8).reshape(4, 8) * 10
    header = pydicom.dcmread(write(tmp_path / "a.dcm", values, "u1"))
    header.compress(RLELossless)
    header.save_as(tmp_path / "b.dcm")
    assert shown(tmp_path / "b.dcm") == values.tolist()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two classes, two patients each, three files a patient; names without a suffix for one of them."""
    root = tmp_path / "scans"
    number = 0
    for label, patients in (("ill", ("P1", "P2")), ("well", ("P3", "P4"))):
        for patient in patients:
            for i in range(3):
                number += 1
                name = f"1.2.{number}" if patient == "P2" else f"{i}.dcm"
                write(
                    root / label / patient / name,
                    np.full((4, 5), number),
                    "u1",
                    PatientID=patient,
                    StudyInstanceUID=f"1.{patient[1]}",
                    SeriesInstanceUID=f"1.{patient[1]}.1",
                    InstanceNumber=3 - i,
                )
    return root


def test_a_tree_of_folders(tree: Path) -> None:
    report = pydicom.dcmread(tree / "ill" / "P1" / "0.dcm")
    for name in ("Rows", "Columns", "PixelData"):
        delattr(report, name)
    report.SOPClassUID = REPORT
    report.save_as(tree / "ill" / "P1" / "report.dcm")
    (tree / "ill" / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    Image.new("L", (8, 8)).save(tree / "ill" / "preview.png")
    dataset = open_dataset(tree)
    assert dataset.class_counts() == {"ill": 6, "well": 6}
    assert dataset.groups is not None
    assert sorted(np.unique(dataset.groups, return_counts=True)[1]) == [3, 3, 3, 3]
    for label in (0, 1):
        assert len(set(dataset.groups[dataset.labels == label])) == 2
    assert survey(dataset).height.tolist() == [4] * 12


def test_groups_tell_nothing_of_the_patient_and_are_the_same_anywhere(tree: Path, tmp_path: Path) -> None:
    dataset = open_dataset(tree)
    moved = tree.rename(tmp_path / "elsewhere")
    assert open_dataset(moved).fingerprint == dataset.fingerprint
    import hashlib

    assert dataset.groups is not None
    for patient in ("P1", "P2", "P3", "P4"):
        for group in set(dataset.groups):
            assert patient not in group
            assert hashlib.sha256(patient.encode()).hexdigest()[:32] not in group
    assert "P1" not in repr(read_headers(moved, ["ill/P1/0.dcm"])[0]).replace("ill/P1", "")


def test_patients_of_two_hospitals_and_blank_ids(tmp_path: Path) -> None:
    def groups(*tags: dict[str, Any]) -> list[str]:
        for i, more in enumerate(tags):
            write(tmp_path / f"{i}.dcm", [[i]], "u1", **more)
        found = read_images(tmp_path, [f"{i}.dcm" for i in range(len(tags))]).groups
        assert found is not None
        return found

    two = groups(
        {"IssuerOfPatientID": "North"}, {"IssuerOfPatientID": "South"}, {"IssuerOfPatientID": "North"}
    )
    assert two[0] == two[2] != two[1]
    blank = groups(*({"PatientID": None, "StudyInstanceUID": uid} for uid in ("1.1", "1.2", "1.1")))
    assert blank[0] == blank[2] != blank[1]
    one_for_all = groups(*({"PatientID": "ANON", "StudyInstanceUID": uid} for uid in ("1.1", "1.2", "1.1")))
    assert one_for_all[0] == one_for_all[2] != one_for_all[1]
    assert groups({"PatientID": None, "StudyInstanceUID": None}) == [""]


def test_a_table_names_files_series_or_patients(tree: Path) -> None:
    by_folder = open_dataset(tree)
    table = tree / "labels.csv"
    rows = "ill/P1,ill\nP2/1.2.4,ill\n1.2.5,ill\n1.2.6,ill\nwell/P3,well\nwell/P4,well\n"
    table.write_text("image,label\n" + rows)
    by_series = open_dataset(tree)
    assert by_series.fingerprint == by_folder.fingerprint
    table.write_text("patient_id,diagnosis\nP1,ill\nP2,ill\nP3,well\nP4,well\n")
    assert open_dataset(tree).fingerprint == by_folder.fingerprint
    table.write_text("patient_id,diagnosis,split\nP1,ill,train\nP4,well,test\n")
    few = open_dataset(table)
    assert few.class_counts() == {"ill": 3, "well": 3}
    assert few.splits is not None
    assert sorted(few.splits) == ["test"] * 3 + ["train"] * 3


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("P1,ill\nP9,well\n", ("row 3", "no DICOM file")),
        ("P1,ill\nP1,well\n", ("row 3", "row 2", "one label")),
        ("P1,ill\n,well\n", ("row 3", "blank")),
    ],
)
def test_tables_of_patients_that_do_not_fit(
    tree: Path, refused: Refused, rows: str, words: tuple[str, ...]
) -> None:
    (tree / "labels.csv").write_text("patient_id,label\n" + rows)
    with refused("labels.csv", *words):
        open_dataset(tree)


def test_slices_of_a_series(tree: Path) -> None:
    assert len(open_dataset(f"{tree}[slices=central]")) == 4
    projected = open_dataset(f"{tree}[slices=mip]")
    levels = sorted(int(np.asarray(projected.images.open(i)).max()) for i in range(4))
    assert levels == [3, 6, 9, 12]  # the brightest of each patient's three
    assert len(open_dataset(f"{tree}[slices=every:2]")) == 4


def test_a_series_is_sorted_by_where_its_slices_lie(tmp_path: Path) -> None:
    for name, z, level in (("a.dcm", 30, 1), ("b.dcm", -10, 2), ("c.dcm", 10, 3)):
        write(
            tmp_path / name,
            [[level]],
            "u1",
            ImagePositionPatient=[0, 0, z],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        )
    images = read_images(tmp_path, ["a.dcm", "b.dcm", "c.dcm"], "central")
    assert np.asarray(images.store.open(0)).tolist() == [[3]]
    assert images.origin == [2]


def test_damaged_files_are_named_and_can_be_left_out(tree: Path, refused: Refused) -> None:
    cut = tree / "ill" / "P1" / "1.dcm"
    cut.write_bytes(cut.read_bytes()[:-10])
    (tree / "well" / "P3" / "2.dcm").write_bytes(b"no picture at all")
    with refused(".dcm", "1 more of 12", "--skip-unreadable"):
        survey(open_dataset(tree))
    left = open_dataset(tree, skip_unreadable=True)
    assert (len(left), left.unreadable) == (10, 2)


def test_an_absurd_size_or_number_of_frames(tmp_path: Path) -> None:
    write(tmp_path / "a.dcm", [[1]], "u1", Rows=60_000, Columns=60_000)
    with pytest.raises(UnreadableImage, match="60,000 × 60,000"):
        read_images(tmp_path, ["a.dcm"]).store.open(0)
    write(tmp_path / "b.dcm", [[1]], "u1", NumberOfFrames=10**9)
    images = read_images(tmp_path, ["b.dcm"])
    assert len(images.origin) == 1
    with pytest.raises(UnreadableImage, match="1,000,000,000 frames"):
        images.store.open(0)


def test_a_folder_of_pictures_stays_one(picture_folder: Callable[..., Path]) -> None:
    root = picture_folder(per_class=2)
    before = open_dataset(root).fingerprint
    for i in range(9):
        write(root / "ill" / f"{i}.dcm", [[i]], "u1")
    assert open_dataset(root).fingerprint == before


def test_slices_of_pictures_are_refused(picture_folder: Callable[..., Path], refused: Refused) -> None:
    with refused("2D pictures", "leave it out"):
        open_dataset(f"{picture_folder(per_class=2)}[slices=mip]")


def test_without_pydicom_the_error_says_what_to_install(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    with pytest.raises(InputError, match=r"pip install 'whence\[dicom\]'"):
        open_dataset(tree)


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "SC_rgb_rle_2frame.dcm", "examples_palette.dcm"]
)
def test_pydicoms_own_files(name: str) -> None:
    path = Path(str(pydicom.data.get_testdata_file(name)))
    images = read_images(path.parent, [path.name])
    for i in range(len(images.store)):
        pixels = np.asarray(images.store.open(i))
        assert pixels.dtype == np.uint8
        assert pixels.min() < 128 < pixels.max()
