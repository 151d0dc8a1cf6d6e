"""Taking addresses apart, and opening what brackets ask for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.data import ArrayStore, Dataset, named, open_dataset
from whence.data.address import Address, expanded, join_names, mixture, parse_address, split_names
from whence.data.layouts import npz
from whence.errors import InputError
from whence.records import Card

Refused = Callable[..., AbstractContextManager[None]]
KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12).map(str.strip)


@pytest.mark.parametrize(
    ("text", "base", "options"),
    [
        ("xrays/", "xrays/", ()),
        ("paper:dtd[n=1000]", "paper:dtd", (("n", "1000"),)),
        ("a [n = 10 , grey] [share=0.5]", "a", (("n", "10"), ("grey", ""), ("share", "0.5"))),
        ("data[1]/x[n=100]", "data[1]/x", (("n", "100"),)),
        ('c[label="a, [b]",grey]', "c", (("label", "a, [b]"), ("grey", ""))),
        (r'c[label="say \"x\""]', "c", (("label", 'say "x"'),)),
        ("mix(a[n=1], b)[n=2]", "mix(a[n=1], b)", (("n", "2"),)),
    ],
)
def test_addresses_are_taken_apart(text: str, base: str, options: tuple[tuple[str, str], ...]) -> None:
    assert parse_address(text) == Address(base, options)


@given(st.lists(st.tuples(KEYS, VALUES), max_size=4).map(tuple))
def test_what_is_written_is_read_again(options: tuple[tuple[str, str], ...]) -> None:
    written = Address("x", options)
    assert parse_address(str(written)) == written


NAMES = VALUES | st.sampled_from(["a|b", "a;b", "c: d", "\\", "\\|", "a\\"])


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_lists_of_names_are_read_again(names: list[str]) -> None:
    assert split_names(join_names(names)) == names


def test_a_ladder_stands_for_its_steps() -> None:
    assert expanded("paper:dtd[grey,ladder=100|400,seed=2][resize=8]") == [
        "paper:dtd[grey,n=100,seed=2,resize=8]",
        "paper:dtd[grey,n=400,seed=2,resize=8]",
    ]
    for plain in ("paper:dtd[n=10]", "ladder/", "ladder/x[n=1]"):
        assert expanded(plain) == [plain]
    with pytest.raises(InputError, match="two ladders"):
        expanded("x[ladder=1|2][ladder=3|4]")


@pytest.mark.parametrize("text", ["x[]", "x[=3]", "x[3]", 'x[a="b]', "x[a=b,,c]"])
def test_brackets_that_cannot_be_read(text: str) -> None:
    with pytest.raises(InputError, match=r"accepted is NAME\[option=value,option\]"):
        parse_address(text)


def test_a_mixture_holds_addresses_and_settings() -> None:
    assert mixture("mix(paper:dtd[n=10,grey], mix(a, b), ratio=1:2, apart)") == (
        ("paper:dtd[n=10,grey]", "mix(a, b)"),
        (("ratio", "1:2"), ("apart", "")),
    )
    assert mixture("mixture/") is None


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    """A scheme `shelf:` that notes how it is opened and takes `label` and other spellings."""
    seen: list[tuple[str, dict[str, str]]] = []

    def opened(name: str, **said: str) -> Dataset:
        seen.append((name, said))
        pixels = np.arange(20 * 16, dtype=np.uint32).reshape(20, 4, 4).astype(np.uint8)
        return Dataset(name, ("a", "b"), np.arange(20) % 2, ArrayStore(pixels), Card(name))

    def canonical(name: str) -> str | None:
        return name.removesuffix("s") if name == "books" else None

    module = SimpleNamespace(
        SCHEME="shelf", NAMES=("book",), OPTIONS=("label",), open=opened, card=Card, canonical=canonical
    )
    entry = SimpleNamespace(value="shelf", load=lambda: module)
    monkeypatch.setattr(named, "entry_points", lambda group: [entry])
    return seen


def test_a_reader_gets_its_options_and_derivations_the_rest(shelf: list[tuple[str, dict[str, str]]]) -> None:
    dataset = open_dataset("shelf:books[n=10,label=Effusion,share=0.5]")
    assert shelf == [("book", {"label": "Effusion"})]
    assert len(dataset) == 5
    assert dataset.name == "book[label=Effusion][n=10][share=0.5]"
    assert dataset.address == "shelf:books[label=Effusion][n=10][share=0.5]"
    assert open_dataset(dataset.address).fingerprint == dataset.fingerprint


@pytest.mark.usefixtures("shelf")
def test_unknown_and_repeated_options(refused: Refused) -> None:
    with refused("unknown option 'lable'", "near it: label", "shelf:book"):
        open_dataset("shelf:book[lable=x]")
    with refused("'label' is given twice"):
        open_dataset("shelf:book[label=x,label=y]")
    with refused("[n=many]", "whole number"):
        open_dataset("shelf:book[n=many]")
    with refused("[seed=3]", "follows no draw"):
        open_dataset("shelf:book[seed=3,n=10]")


def test_a_layout_gets_its_options(
    picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []
    whole = open_dataset(picture_folder())

    def read(path: Path, options: object, **said: str) -> Dataset:
        seen.append(said)
        return whole

    monkeypatch.setattr(npz, "OPTIONS", ("slices",), raising=False)
    monkeypatch.setattr(npz, "read", read)
    (tmp_path / "volumes.npz").touch()
    open_dataset(f"{tmp_path / 'volumes.npz'}[slices=every:4]")
    assert seen == [{"slices": "every:4"}]


def test_a_folder_whose_name_ends_in_brackets_is_opened_as_it_is(picture_folder: Callable[..., Path]) -> None:
    folder = picture_folder(name="scans[old]")
    assert open_dataset(folder).address == str(folder)
    part = open_dataset(f"{folder}[n=6]")
    assert len(part) == 6
    assert open_dataset(part.address).fingerprint == part.fingerprint


def test_columns_can_be_named_in_brackets(table_folder: Callable[..., Path]) -> None:
    root = table_folder("image,kind,label\na.png,x,1\nb.png,y,1\nc.png,x,2\nd.png,y,1\n")
    dataset = open_dataset(f"{root}[label_column=kind]")
    assert dataset.class_names == ("x", "y")
    assert open_dataset(dataset.address).fingerprint == dataset.fingerprint
