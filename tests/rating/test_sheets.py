"""Raters' files: what is written is read, wrong ones are named to the row, names never lead out of the folder."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.errors import InputError
from whence.rating.names import checked_name, file_stem
from whence.rating.questions import BANDS, MANY, PROPERTIES, QUESTIONS, checked_answer, class_band
from whence.rating.sheets import (
    Sheet,
    read_folder,
    read_sheet,
    read_sheets,
    sheet_file,
    take_over,
    write_sheet,
)

FULL = {question.key: question.accepted[0] for question in QUESTIONS}
HEADER = "rater,dataset," + ",".join(PROPERTIES)
DATASETS = st.text("abc:,;\"' /é", min_size=1).filter(lambda text: text.strip() == text != "")
ANSWERS = st.fixed_dictionaries({}, optional={q.key: st.sampled_from(q.accepted) for q in QUESTIONS})


def written(folder: Path, text: str, name: str = "given.csv") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@given(rater=st.text(min_size=1, max_size=20), answers=st.dictionaries(DATASETS, ANSWERS, min_size=1))
def test_what_is_written_is_read(
    rater: str, answers: dict[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    try:
        rater = checked_name(rater)
    except InputError:
        return
    folder = tmp_path_factory.mktemp("ratings")
    sheet = Sheet(rater, answers)
    file = write_sheet(folder, sheet)
    assert file.parent == folder
    assert read_sheet(folder, rater) == sheet
    assert read_folder(folder) == [sheet]
    assert list(folder.iterdir()) == [file]


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_a_file_name_is_plain_and_one_for_each_rater(name: str, other: str) -> None:
    stem = file_stem(name)
    assert stem.strip("abcdefghijklmnopqrstuvwxyz0123456789-") == ""
    assert 0 < len(stem) <= 49
    assert (stem == file_stem(other)) == (name.casefold() == other.casefold())


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..", "/etc", "a/../../b", "a\\b", "x\0y", "José", "Zoë 💉"]
)
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    assert sheet_file(tmp_path, name).parent == tmp_path
    assert sheet_file(tmp_path, name).suffix == ".csv"


@pytest.mark.parametrize(
    "name", ["", "  ", "=1+1", "+a", "-a", "@a", "../x", "a\x1bb", "x" * 61, "Automatic"]
)
def test_names_that_cannot_be_taken(name: str) -> None:
    with pytest.raises(InputError, match=r"name|is no person"):
        checked_name(name)


def test_names_are_kept_as_typed() -> None:
    assert checked_name("  Dr.  Zoë O'Neil ") == "Dr. Zoë O'Neil"


def test_answers_as_people_write_them() -> None:
    assert checked_answer("colour", " Grayscale ") == "grey"
    assert checked_answer("origin", "Non-medical") == "natural"
    assert checked_answer("type", "Materials: stone, fabric, wood") == "materials"
    assert checked_answer("classes", "7") == "6 to 10"
    with pytest.raises(
        InputError, match=r"'some' is no answer to classes; accepted: 2, 3 to 5, .* or a whole number"
    ):
        checked_answer("classes", "some")
    with pytest.raises(InputError, match="no property 'size'; accepted: origin, colour"):
        checked_answer("size", "2")
    with pytest.raises(InputError, match="'1' is no answer"):
        checked_answer("classes", "1")


def test_every_number_of_classes_has_one_band() -> None:
    bands = [class_band(n) for n in range(2, 61)]
    assert set(bands) == {band for _, band in BANDS} | {MANY}
    assert [bands.index(band) + 2 for _, band in BANDS] == [2, 3, 6, 11]
    assert bands.index(MANY) + 2 == 51


def test_a_table_from_elsewhere_is_read(tmp_path: Path) -> None:
    """Semicolons, other order and further columns, no rater: as a spreadsheet of one person's answers may be."""
    text = "Note;dataset;classes;diversity;type;content;colour;origin\nhm;xrays;2;low;radiology;object;Gray;Medical\n"
    (sheet,) = read_sheets(written(tmp_path, text, "Ben.csv"))
    assert sheet.rater == "Ben"
    assert sheet.of("xrays")["colour"] == "grey"
    assert sheet.is_complete("xrays")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dataset,origin\nx,medical\n", "lacks the column colour, content"),
        (
            f"{HEADER}\nAnn,x,medical,blue,objects,radiology,low,2\n",
            "row 2: 'blue' is no answer to colour; accep",
        ),
        (f"{HEADER}\nAnn,x,,,,,,\nAnn,,medical,,,,,\n", "row 3: no dataset is named"),
        (f"{HEADER}\nAnn,x,,,,,,\nann,x,,,,,,\n", "row 3: 'Ann' has rated 'x' in an earlier row"),
        (f"{HEADER}\n=A1,x,,,,,,\n", "row 2: the name '=A1' cannot be taken"),
        (f"{HEADER}\nAnn,x,medical\n", "row 2: 3 cells, but the header has 8"),
    ],
)
def test_a_wrong_table_is_named_to_the_row(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"given\.csv") as caught:
        read_sheets(written(tmp_path, text))
    assert told in str(caught.value)


def test_files_are_taken_over_once_and_for_several_people(tmp_path: Path) -> None:
    rows = [["Ann", "x", *FULL.values()], ["Ben", "x", *FULL.values()], ["ann", "y", *FULL.values()]]
    file = written(tmp_path / "from", "")
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([HEADER.split(","), *rows])
    folder = tmp_path / "ratings"
    first = take_over([file], folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert take_over([file], folder) == first == read_folder(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [(sheet.rater, sorted(sheet.answers)) for sheet in first] == [("Ann", ["x", "y"]), ("Ben", ["x"])]


def test_what_contradicts_is_not_taken_over(tmp_path: Path) -> None:
    folder = tmp_path / "ratings"
    write_sheet(folder, Sheet("Ann", {"x": {"origin": "natural"}}))
    good = written(tmp_path / "from", f"{HEADER}\nBen,x,medical,,,,,\n", "good.csv")
    bad = written(tmp_path / "from", f"{HEADER}\nAnn,x,medical,,,,,\n", "bad.csv")
    with pytest.raises(InputError, match="answers 'medical' to origin of 'x', but 'natural' before"):
        take_over([good, bad], folder)
    assert [sheet.rater for sheet in read_folder(folder)] == ["Ann"]


def test_two_files_of_one_rater_are_told(tmp_path: Path) -> None:
    write_sheet(tmp_path, Sheet("Ann", {"x": FULL}))
    written(tmp_path, (tmp_path / "ann.csv").read_text(), "copy.csv")
    with pytest.raises(InputError, match=r"two files in .* hold answers of 'Ann', one of them 'copy.csv'"):
        read_folder(tmp_path)
