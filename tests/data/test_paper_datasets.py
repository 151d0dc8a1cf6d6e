"""The paper's nine datasets: faked in their exact layout, opened by name through the real readers."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.data.fakes import chest_xray as chest_fake
from tests.data.fakes import dtd as dtd_fake
from tests.data.fakes import imagenet as imagenet_fake
from tests.data.fakes import isic2018 as isic_fake
from tests.data.fakes import kimia960 as kimia_fake
from tests.data.fakes import pcam as pcam_fake
from tests.data.fakes import sti10 as sti_fake
from tests.data.fakes import stl10 as stl_fake
from tests.data.fakes._pictures import picture
from tests.data.fakes.host import serving
from tests.data.fakes.paper import make_pcam, pcam_file, take_for_published
from whence.cli.app import app
from whence.data import check, known_names, open_dataset, survey
from whence.data.download import md5_of
from whence.data.named import _pcam, _pcam_files, _shelf, card_of, dtd, pcam_middle, stl10
from whence.data.named.chest_xray import patient
from whence.errors import InputError

Refused = Callable[..., AbstractContextManager[None]]
pytestmark = pytest.mark.usefixtures("no_network")
NINE = (
    "paper:chest-xray",
    "paper:dtd",
    "paper:imagenet",
    "paper:isic2018",
    "paper:kimia960",
    "paper:pcam-middle",
    "paper:pcam-small",
    "paper:sti10",
    "paper:stl10",
)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of `$WHENCE_DATA`."""
    folder = tmp_path / "shelf"
    monkeypatch.setenv("WHENCE_DATA", str(folder))
    return folder


@pytest.fixture
def pcam(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """PCam's files, faked; the draws are of 200 and 40 pictures."""
    return make_pcam(shelf, monkeypatch)


@pytest.mark.parametrize("name", NINE)
def test_each_is_listed_with_a_complete_card(name: str) -> None:
    assert name in known_names()
    card = card_of(name)
    assert card.name == name
    assert card.origin in ("medical", "natural")
    for told in (
        card.title,
        card.modality,
        card.licence,
        card.citation,
        card.url,
        card.obtain,
        card.verified,
    ):
        assert told
    assert card.expected
    assert card.printed["classes"] == card.expected["classes"]


def test_where_the_paper_disagrees_with_itself_both_counts_stand_on_the_card() -> None:
    chest, pcam, sti = card_of("paper:chest-xray"), card_of("paper:pcam-middle"), card_of("paper:sti10")
    assert (chest.printed["images"], chest.expected["images"]) == (5863, 5856)
    assert chest.expected["NORMAL"] + chest.expected["PNEUMONIA"] == chest.expected["images"]
    assert pcam.printed["images of all PCam"] == 237680
    assert pcam.printed["positive of all PCam"] + pcam.printed["negative of all PCam"] == 327680
    assert (sti.printed["images"], "images" in sti.expected) == (8060, False)
    isic = card_of("paper:isic2018").expected
    assert sum(count for name, count in isic.items() if name.isupper()) == isic["images"] == 10015


@pytest.mark.parametrize("name", NINE)
def test_what_is_not_at_hand_is_an_error_that_says_from_where_and_into_which_folder(
    name: str, shelf: Path, refused: Refused
) -> None:
    folder = {"pcam-middle": "pcam", "pcam-small": "pcam"}.get(name.partition(":")[2], name.partition(":")[2])
    with refused(f"{name} is not on this machine", "://", str(shelf / folder)):
        open_dataset(name)


def test_stl10(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take_for_published(monkeypatch, stl10, stl_fake.make(shelf / "stl10"))
    dataset = open_dataset("paper:stl10")
    assert dataset.class_names == stl_fake.CLASSES
    assert dataset.splits is not None
    assert (len(dataset), (dataset.splits == "train").sum()) == (50, 20)
    assert set(dataset.class_counts().values()) == {5}
    found = [np.asarray(dataset.images.open(i)) for i in range(50)]
    first = picture(0, 96, 96)  # the first training picture, an airplane, upright and in its own colours
    (place,) = [i for i, pixels in enumerate(found) if (pixels == first).all()]
    assert dataset.class_names[dataset.labels[place]] == "airplane"
    assert not (shelf / "stl10" / "stl10_binary" / "unlabeled_X.bin").exists()
    assert (shelf / "stl10" / "stl10_binary.tar.gz").exists()  # put there by a person: kept


def test_stl10_cut_short(shelf: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused) -> None:
    take_for_published(monkeypatch, stl10, stl_fake.make(shelf / "stl10"))
    open_dataset("paper:stl10")
    file = shelf / "stl10" / "stl10_binary" / "test_X.bin"
    file.write_bytes(file.read_bytes()[: -3 * 96 * 96])
    with refused("test_X.bin holds 29 pictures", "30 labels"):
        open_dataset("paper:stl10")
    file.write_bytes(file.read_bytes()[:-1])
    with refused("cut short"):
        open_dataset("paper:stl10")


def test_an_archive_that_is_not_the_published_one_is_refused(shelf: Path, refused: Refused) -> None:
    dtd_fake.make(shelf / "dtd")
    with refused("is not the file that paper:dtd needs", "fff73e5086ae6bdbea199a49dfb8a4c1 is published"):
        open_dataset("paper:dtd")
    assert not (shelf / "dtd" / "dtd").exists()


def test_dtd(shelf: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused) -> None:
    take_for_published(monkeypatch, dtd, dtd_fake.make(shelf / "dtd"))
    dataset = open_dataset("paper:dtd")
    assert dataset.class_names == dtd_fake.CLASSES
    assert dataset.class_counts() == dict.fromkeys(dtd_fake.CLASSES, 6)
    assert dataset.splits is not None
    assert [int((dataset.splits == part).sum()) for part in ("train", "val", "test")] == [6, 6, 6]
    other = open_dataset("paper:dtd[partition=2]")
    assert other.name == "paper:dtd[partition=2]"
    assert other.digests == dataset.digests
    assert other.fingerprint != dataset.fingerprint  # the splits are others
    with refused("accepted is 1 to 10"):
        open_dataset("paper:dtd[partition=11]")


def test_a_checksum_is_computed_once(pcam: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[Path] = []

    def counted(file: Path) -> str:
        hashed.append(file)
        return md5_of(file)

    monkeypatch.setattr(_shelf, "md5_of", counted)
    open_dataset("paper:pcam-middle")
    open_dataset("paper:pcam-small")
    assert len(hashed) == len(set(hashed)) == 9


def test_dtd_is_fetched_over_a_broken_line_and_shown(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the command line, over a real connection that breaks off; the second try goes on."""
    archive = dtd_fake.make(tmp_path)
    with serving(archive.read_bytes()) as host:
        remote = host.remote(md5_of(archive))
        monkeypatch.setattr(dtd, "ARCHIVE", replace(dtd.ARCHIVE, url=remote.url, md5=remote.md5))
        host.cuts = [4000, 0]
        broken = CliRunner().invoke(app, ["datasets", "show", "paper:dtd", "--json"])
        assert broken.exit_code == 1
        assert "fetching dtd-r1.0.1.tar.gz" in broken.stderr
        assert "broke off after 4,000 bytes" in broken.stderr
        assert broken.stdout == ""
        done = CliRunner().invoke(app, ["datasets", "show", "paper:dtd", "--json"])
        assert done.exit_code == 0, done.stderr
        assert host.asked == [None, "bytes=4000-", "bytes=4000-"]
        again = CliRunner().invoke(app, ["datasets", "show", "paper:dtd", "--json", "--quiet"])
        assert (again.stdout, again.stderr) == (done.stdout, "")
        assert len(host.asked) == 3
    document = json.loads(done.stdout)
    assert (document["name"], document["images"]) == ("paper:dtd", 18)
    assert any("images 18 instead of 5,640" in finding["what"] for finding in document["findings"])
    assert [entry.name for entry in (shelf / "dtd").iterdir()] == [
        "dtd"
    ]  # what was fetched is unpacked and gone


def test_isic2018(shelf: Path) -> None:
    isic_fake.make(shelf / "isic2018")
    dataset = open_dataset("paper:isic2018")
    assert dataset.class_names == isic_fake.CLASSES
    assert dataset.class_counts() == dict.fromkeys(isic_fake.CLASSES, 4)
    assert dataset.groups is not None
    assert len(set(dataset.groups)) == 14
    for lesion in set(dataset.groups):  # two pictures of one lesion, of one class
        assert len(set(dataset.labels[dataset.groups == lesion])) == 1
    again = open_dataset("paper:isic2018")
    assert again.fingerprint == dataset.fingerprint


def test_isic2018_without_and_with_other_lesion_files(shelf: Path) -> None:
    isic_fake.make(shelf / "isic2018", lesions=False)
    assert open_dataset("paper:isic2018").groups is None
    rows = "".join(f"HAM_{i // 2},ISIC_{24306 + i:07},nv,histo,50.0,male,back\n" for i in range(28))
    table = shelf / "isic2018" / "HAM10000_metadata.csv"
    table.write_text("lesion_id,image_id,dx,dx_type,age,sex,localization\n" + rows)
    groups = open_dataset("paper:isic2018").groups
    assert groups is not None
    assert len(set(groups)) == 14


def test_isic2018_with_a_missing_picture_or_a_wrong_row(shelf: Path, refused: Refused) -> None:
    isic_fake.make(shelf / "isic2018")
    open_dataset("paper:isic2018")
    root = shelf / "isic2018"
    (root / isic_fake.INPUT / isic_fake.INPUT / "ISIC_0024310.jpg").unlink()
    with refused("ISIC_0024310.jpg", "challenge.isic-archive.com", str(root)):
        open_dataset("paper:isic2018")
    table = root / isic_fake.TRUTH / isic_fake.TRUTH / f"{isic_fake.TRUTH}.csv"
    table.write_text(table.read_text().replace("1.0", "0.5", 1))
    with refused("row 2", "0.5"):
        open_dataset("paper:isic2018")


def test_chest_xray(shelf: Path) -> None:
    chest_fake.make(shelf / "chest-xray")
    dataset = open_dataset("paper:chest-xray")
    assert dataset.class_counts() == {"NORMAL": 7, "PNEUMONIA": 7}
    assert dataset.splits is not None
    assert dataset.groups is not None
    assert [int((dataset.splits == part).sum()) for part in ("train", "val", "test")] == [8, 2, 4]
    assert (dataset.groups == "person1").sum() == 3  # two bacterial pictures to train on, a viral one to test
    assert set(survey(dataset).channels) == {1}
    assert any("groups have images in more than one" in f.what for f in check(dataset, survey(dataset)))


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("train/PNEUMONIA/person1004_virus_1686.jpeg", "person1004"),
        ("person1_bacteria_2.jpeg", "person1"),
        ("IM-0125-0001.jpeg", "IM-0125"),
        ("IM-0588-0001-0002.jpeg", "IM-0588"),
        ("NORMAL2-IM-0840-0001.jpeg", "NORMAL2-IM-0840"),
        ("BACTERIA-7422-0001.jpeg", "BACTERIA-7422"),
        ("VIRUS-1015163-0002.jpeg", "VIRUS-1015163"),
        ("NORMAL-28501-0001.jpeg", "NORMAL-28501"),
        ("scan17.jpeg", ""),
    ],
)
def test_patients_of_the_chest_xrays(name: str, group: str) -> None:
    assert patient(name) == group


def test_patients_in_real_file_names(real_data: Path) -> None:
    names = [path.name for path in (real_data / "data" / "chest_xray").rglob("*.jp*g")]
    named = [name for name in names if name.startswith(("person", "IM-", "NORMAL2-"))]
    assert all(patient(name) for name in named)


def test_kimia960(shelf: Path, refused: Refused) -> None:
    kimia_fake.make(shelf / "kimia960")
    dataset = open_dataset("paper:kimia960")
    assert "".join(dataset.class_names) == "ABCDEFGHIJKLMNOPQRST"
    assert set(dataset.class_counts().values()) == {3}
    assert dataset.groups is None
    shutil.rmtree(shelf / "kimia960" / "kimia_path_960")
    with refused("A5.tif", "kaggle.com"):
        open_dataset("paper:kimia960")


@pytest.mark.parametrize("kaggle", [True, False])
def test_imagenet(shelf: Path, kaggle: bool) -> None:
    imagenet_fake.make(shelf / "imagenet", kaggle)
    dataset = open_dataset("paper:imagenet")
    assert dataset.class_names == imagenet_fake.WNIDS
    assert dataset.class_counts() == dict.fromkeys(imagenet_fake.WNIDS, 7)  # test pictures have no label
    assert dataset.splits is not None
    assert (dataset.splits == "val").sum() == 8
    assert open_dataset("imagenet").fingerprint == dataset.fingerprint
    assert open_dataset("imagenet[n=8]").address == "paper:imagenet[n=8]"


def test_both_trees_of_imagenet_are_the_same_dataset(shelf: Path) -> None:
    imagenet_fake.make(shelf / "imagenet", kaggle=True)
    packed = open_dataset("paper:imagenet").fingerprint
    shutil.rmtree(shelf / "imagenet")
    imagenet_fake.make(shelf / "imagenet", kaggle=False)
    assert open_dataset("paper:imagenet").fingerprint == packed


def test_imagenet_by_a_link_to_a_tree_elsewhere(shelf: Path, tmp_path: Path) -> None:
    imagenet_fake.make(tmp_path / "elsewhere")
    shelf.mkdir()
    (shelf / "imagenet").symlink_to(tmp_path / "elsewhere")
    assert len(open_dataset("paper:imagenet")) == 28


def test_sti10(shelf: Path, caplog: pytest.LogCaptureFixture) -> None:
    sti_fake.make(shelf / "sti10")
    dataset = open_dataset("paper:sti10")
    assert dataset.class_names[0] == "brick"
    assert set(dataset.class_counts().values()) == {3}
    seen = survey(dataset)
    assert set(seen.height) == set(seen.width) == {112}
    assert not check_of_card(dataset)
    assert not caplog.records


def test_sti10_from_an_ilsvrc_tree_reports_the_missing_classes(
    shelf: Path, caplog: pytest.LogCaptureFixture
) -> None:
    imagenet_fake.make(shelf / "imagenet")
    dataset = open_dataset("paper:sti10")
    assert dataset.class_counts() == {"chain": 5, "honeycomb": 5, "stone wall": 5}
    assert "7 of ten classes are missing: brick (n02897820), cloud (n09247410)" in caplog.text
    assert "ocean (n09376198)" in str(dataset.card.preprocessing)
    assert "classes 3 instead of 10" in check_of_card(dataset)[0]


def test_pcam_middle_and_small_are_stratified_and_disjoint(pcam: Path) -> None:
    middle, small = open_dataset("paper:pcam-middle"), open_dataset("paper:pcam-small")
    assert middle.class_names == small.class_names == ("negative", "positive")
    share = 234 / 520  # 45 in 100, as the fake makes it, to within the pictures that occur twice
    for dataset, count in ((middle, 200), (small, 40)):
        assert len(dataset) == count
        assert dataset.labels.sum() == pytest.approx(share * count, abs=2)
        assert dataset.splits is None
    assert not set(middle.digests) & set(small.digests)
    assert middle.groups is not None
    assert all(slide.startswith("camelyon16_") for slide in middle.groups)
    assert list(pcam.glob("*.h5")) != []
    assert list(pcam.glob("*.gz")) != []  # put there by a person: kept


def test_pcam_keeps_each_picture_with_its_own_label_and_slide(pcam: Path) -> None:
    dataset = open_dataset("paper:pcam-middle")
    truth: dict[bytes, set[tuple[int, str]]] = {}  # a picture may occur twice, on two slides
    for split in pcam_fake.COUNTS:
        stem = pcam / f"camelyonpatch_level_2_split_{split}"
        with h5py.File(f"{stem}_x.h5") as pictures, h5py.File(f"{stem}_y.h5") as labels:
            slides = pd.read_csv(f"{stem}_meta.csv")["wsi"]
            for pixels, label, slide in zip(pictures["x"], labels["y"], slides, strict=True):
                truth.setdefault(pixels.tobytes(), set()).add((int(label[0, 0, 0]), slide))
    assert dataset.groups is not None
    for i in range(len(dataset)):
        pixels = np.asarray(dataset.images.open(i))
        assert (int(dataset.labels[i]), str(dataset.groups[i])) in truth[pixels.tobytes()]
        assert (
            dataset.digests[i] == hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
        )


def test_pcam_damaged_on_the_way_is_refused(pcam: Path) -> None:
    archive = pcam_file(pcam, "valid", "x")
    archive.write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"valid_x\.h5\.gz.* is not the file that paper:pcam-middle needs"):
        open_dataset("paper:pcam-middle")


def test_pcam_opens_the_same_again_and_from_whichever_host(pcam: Path, private_home: Path) -> None:
    before = open_dataset("paper:pcam-middle").fingerprint
    assert open_dataset("paper:pcam-middle").fingerprint == before
    for kind in ("x", "y", "meta"):  # Zenodo calls test what the authors' own copy calls valid
        end = "csv" if kind == "meta" else "h5"
        test, valid = (pcam / f"camelyonpatch_level_2_split_{s}_{kind}.{end}" for s in ("test", "valid"))
        test.rename(pcam / "aside")
        valid.rename(test)
        (pcam / "aside").rename(valid)
    shutil.rmtree(private_home)
    assert open_dataset("paper:pcam-middle").fingerprint == before


def test_pcam_overlap_is_the_draw_of_the_papers_code(pcam: Path) -> None:
    middle, small = open_dataset("paper:pcam-middle[overlap]"), open_dataset("paper:pcam-small[overlap]")
    assert (middle.name, len(middle), len(small)) == ("paper:pcam-middle[overlap]", 200, 40)
    frame = pd.DataFrame({"row": range(520)})  # what the code does, given the pictures in the files' order
    whole = _pcam.look_at_all(_pcam_files.files(pcam_middle.CARD))
    for dataset, count, seed in ((middle, 200, 2), (small, 40, 22)):
        rows = frame.sample(n=count, replace=False, random_state=seed)["row"]
        assert sorted(whole.digests[row] for row in rows) == list(dataset.digests)
    assert set(middle.digests) & set(small.digests)
    with pytest.raises(InputError, match=r"accepted is \[overlap\] alone"):
        open_dataset("paper:pcam-small[overlap=1]")


def test_pcam_without_slides_has_no_groups(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    pcam_fake.make(shelf / "pcam", compressed=False, slides=False)
    monkeypatch.setattr(pcam_middle, "IMAGES", 200)
    assert open_dataset("paper:pcam-middle").groups is None
    labels = shelf / "pcam" / "camelyonpatch_level_2_split_test_y.h5"
    labels.write_bytes(labels.read_bytes()[:100])
    with refused("no whole HDF5 file", "test_y.h5"):
        open_dataset("paper:pcam-middle")


def test_pcam_of_files_that_do_not_go_together(shelf: Path) -> None:
    pcam_fake.make(shelf / "pcam", compressed=False, slides=False)
    shutil.copy(
        shelf / "pcam" / "camelyonpatch_level_2_split_test_y.h5",
        shelf / "pcam" / "camelyonpatch_level_2_split_train_y.h5",
    )
    with pytest.raises(InputError, match=r"do not go together: 520 pictures, 180 labels"):
        open_dataset("paper:pcam-middle")


def test_pcam_without_h5py(pcam: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError, match=r"pip install 'whence\[pcam\]'"):
        open_dataset("paper:pcam-middle")


def check_of_card(dataset: object) -> list[str]:
    from whence.data.dataset import Dataset
    from whence.data.expected import unexpected

    assert isinstance(dataset, Dataset)
    return [finding.what for finding in unexpected(dataset)]
