"""A CSV file and its images."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from PIL import Image

from whence.data import open_dataset

Refused = Callable[..., AbstractContextManager[None]]
Tables = Callable[..., Path]
PLAIN = "image,label\na.png,x\nb.png,y\nc.png,x\nd.png,y\n"


def test_columns_are_guessed(table_folder: Tables) -> None:
    root = table_folder(
        "Image ID,dx,Partition,patient_id,lesion_id,source\n"
        "a,nv,training,p1,l1,s\nimages/b.png,mel,test,p1,l2,s\nc.png,nv,valid,,l3,s\n\nd,mel,Test,p2,l4,s\n"
    )
    dataset = open_dataset(root)
    assert dataset.name == "table"
    assert dataset.class_counts() == {"mel": 2, "nv": 2}
    assert dataset.splits is not None
    assert sorted(dataset.splits) == ["test", "test", "train", "val"]
    assert dataset.groups is not None
    assert sorted(dataset.groups) == ["", "p1", "p1", "p2"]


def test_the_csv_itself_is_the_same_dataset(table_folder: Tables) -> None:
    root = table_folder(PLAIN)
    assert open_dataset(root / "labels.csv").fingerprint == open_dataset(root).fingerprint
    assert open_dataset(root / "labels.csv").name == "table"


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_and_a_byte_order_mark(table_folder: Tables, delimiter: str) -> None:
    root = table_folder("\ufeff" + PLAIN.replace(",", delimiter).replace("\n", "\r\n"))
    assert len(open_dataset(root)) == 4


def test_columns_can_be_named_and_the_dataset_opened_again(table_folder: Tables) -> None:
    root = table_folder("f,grade of a,label,set\na,1,x,A\nb,2,x,A\nc,1,x,B\nd,2,y,B\n")
    dataset = open_dataset(root, image_column="f", label_column="grade of a", group_column="set")
    assert dataset.class_names == ("1", "2")
    assert dataset.splits is None  # "set" holds no splits
    again = open_dataset(dataset.address, **dataclasses.asdict(dataset.options))
    assert again.fingerprint == dataset.fingerprint


def test_the_one_fitting_csv_of_several_is_taken(table_folder: Tables, refused: Refused) -> None:
    root = table_folder(PLAIN)
    (root / "wards.csv").write_text("ward,beds\n1,20\n")
    assert len(open_dataset(root)) == 4
    (root / "more.csv").write_text(PLAIN)
    with refused("labels.csv", "more.csv", "give the path of the CSV"):
        open_dataset(root)
    assert open_dataset(root / "more.csv").name == "more"


def test_a_stray_csv_does_not_hide_class_folders(picture_folder: Callable[..., Path]) -> None:
    root = picture_folder(per_class=2)
    (root / "words.csv").write_text("wnid,words\nn1,cat\n")
    assert open_dataset(root).class_names == ("healthy", "ill")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("labels.csv", "empty")),
        ("image,label\n", ("no rows",)),
        ("picture,kind\na,x\n", ("no image column", "'picture'", "image_column")),
        ("image,kind\na,x\n", ("no label column", "'kind'", "--label-column")),
        ("image,label,label\na,x,y\n", ("two columns called 'label'",)),
        ("image,label\na.png,x\nb.png,\n", ("row 3", "'label'", "blank")),
        ("image,label\n ,x\nb.png,y\n", ("row 2", "'image'", "blank")),
        ("image,label\na.png,x\ne.png,y\n", ("row 3", "'e.png'", "no image")),
        ("image,label\na.png,x\n.,y\n", ("row 3", "no image")),
        ("image,label\na.png,x\nb.png\n", ("row 3", "1 cells", "2")),
        ("image,label\na.png,x\nb.png,y\na,x\n", ("row 4", "again", "row 2")),
        ("image,label\na.png,x\nb.png,x\n", ("one class only", "'x'")),
        ("image,label\na.png,x\n../b.png,y\n", ("row 3", "leads out")),
        ("image,label\na.png,x\n/etc/b.png,y\n", ("row 3", "leads out")),
        ("image,label\na.png,x\nC:\\scans\\b.png,y\n", ("row 3", "leads out")),
        ("image,label,split\na.png,x,train\nb.png,y,later\n", ("row 3", "'later'", "train")),
        ("image,label,class\na,x,1\nb,y,1\nc,x,2\n", ("disagree", "'label'", "'class'")),
        ('image,label\na.png,"x\nb.png,y\n', ("row", "CSV")),
    ],
)
def test_bad_tables(table_folder: Tables, refused: Refused, text: str, words: tuple[str, ...]) -> None:
    root = table_folder(text)
    with refused("labels.csv", *words):
        open_dataset(root)


def test_bad_column_names(table_folder: Tables, refused: Refused) -> None:
    root = table_folder(PLAIN)
    with refused("no column 'lable'", "'label'"):
        open_dataset(root, label_column="lable")
    with refused("both image and label"):
        open_dataset(root, image_column="label", label_column="label")
    with refused("split_column", "'x'"):
        open_dataset(root, split_column="label")


def test_bytes_that_are_not_text(table_folder: Tables, refused: Refused) -> None:
    root = table_folder("")
    (root / "labels.csv").write_bytes(b"image,label\na.png,gr\xfcn\n")
    with refused("UTF-8"):
        open_dataset(root)


def test_links_that_leave_the_folder(table_folder: Tables, refused: Refused, tmp_path: Path) -> None:
    root = table_folder(PLAIN, images=("a.png", "b.png", "c.png"))
    Image.new("L", (4, 4)).save(tmp_path / "secret.png")
    (root / "images" / "d.png").symlink_to(tmp_path / "secret.png")
    with refused("row 5", "link", "leads out"):
        open_dataset(root)


def test_ambiguous_names(table_folder: Tables, refused: Refused) -> None:
    root = table_folder("image,label\na,x\nb,y\n", images=("a.png", "a.bmp", "b.png"))
    with refused("row 2", "a.bmp", "a.png"):
        open_dataset(root)
