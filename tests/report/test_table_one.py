"""The paper's Table I and Figure 1 from the data: every number against the data, every drawing as pixels."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from whence.cli.app import app
from whence.data import ArrayStore, Dataset, describe, drawn
from whence.errors import InputError
from whence.records import Card
from whence.report.montage import montage, save_montage
from whence.report.table_one import COLUMNS, table_one, written


def plain(name: str, shape: tuple[int, ...], origin: str | None = None) -> Dataset:
    """Images that are one grey each, from 1 upwards, so that each is known by its pixels."""
    values = np.arange(1, shape[0] + 1, dtype=np.uint8).reshape(-1, *[1] * (len(shape) - 1))
    labels = np.arange(shape[0]) % 2
    card = Card(name, title=f"{name} & co_", origin=origin)
    return Dataset(name, ("a", "b"), labels, ArrayStore(np.broadcast_to(values, shape).copy()), card)


def whence(*words: str | Path) -> Result:
    """The command line in this process."""
    return CliRunner().invoke(app, [*map(str, words)])


def test_table_one_says_what_the_data_hold() -> None:
    documents = [
        describe(plain("x", (1200, 6, 9), "medical")),
        describe(plain("y", (12, 8, 8, 3), "natural")),
    ]
    table = table_one(documents)
    assert table.to_numpy().tolist() == [
        ["x & co_", "Medical", 1200, 2, "9x6", 1],  # width by height, as the paper prints 600x450
        ["y & co_", "Non-medical", 12, 2, "8x8", 1],  # grey in a colour file is one channel
    ]
    again = pd.read_csv(io.StringIO(written(table, "csv")))
    assert again.to_numpy().tolist() == table.to_numpy().tolist()
    latex = written(table, "latex")
    assert r"x \& co\_ & Medical & 1,200 & 2 & 9x6 & 1 \\" in latex
    lines = written(table, "text").splitlines()
    assert lines[0].split("  ")[0] == "Dataset"
    assert len({line.index("Medical") for line in lines if "Medical" in line}) == 1
    with pytest.raises(InputError, match="near it: latex"):
        written(table, "latx")


def test_the_table_is_typed(picture_folder: Callable[..., Path]) -> None:
    folder = picture_folder(per_class=6)
    done = whence("datasets", "show", folder, "--table", "--format", "csv", "--quiet")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{','.join(COLUMNS)}\npictures,–,12,2,16x16,3\n"
    for words, said in (
        (["--format", "csv"], "give --table too"),
        (["--table", "--format", "html"], "unknown format 'html'"),
        (["--table", "--json"], "give one of them"),
    ):
        wrong = whence("datasets", "show", folder, *words)
        assert (wrong.exit_code, wrong.stdout) == (2, "")
        assert said in wrong.stderr


def test_a_montage_shows_whole_images_of_every_dataset() -> None:
    datasets = [plain(f"set {i}", (5, 10, 20)) for i in range(11)]
    sheet = np.asarray(montage(datasets, count=3, side=40, seed=4).convert("L"))
    step = 46
    assert sheet.shape == (2 * (3 * step + 22 + 6), 9 * step + 6)  # eleven datasets need a second band
    for number, dataset in enumerate(datasets):
        band, column = divmod(number, 9)
        for row, image in enumerate(drawn(dataset, 3, 4)):
            top, left = 6 + band * (3 * step + 28) + row * step, 6 + column * step
            tile = sheet[top : top + 40, left : left + 40]
            grey = int(np.asarray(dataset.images.open(image))[0, 0])
            assert (tile[10:30] == grey).all()  # 20 × 10 pixels become 40 × 20, in the middle
            assert (tile[:10] == 255).all()
            assert (tile[30:] == 255).all()


def test_the_images_are_drawn_at_random_and_the_same_for_a_seed() -> None:
    dataset = plain("x", (200, 4, 4))
    assert drawn(dataset, 3, 1) == drawn(dataset, 3, 1) != drawn(dataset, 3, 2)
    often = np.bincount([i for seed in range(400) for i in drawn(dataset, 3, seed)], minlength=200)
    assert len(set(drawn(dataset, 3, 1))) == 3
    assert often.sum() == 1200
    assert (
        (often - 6) ** 2 / 6
    ).sum() < 270  # chi squared, 199 degrees: 270 leaves a chance of one in two thousand
    assert len(drawn(plain("few", (2, 4, 4)), 3, 1)) == 2


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".jpg", ".tif"])
def test_the_montage_is_typed(picture_folder: Callable[..., Path], tmp_path: Path, suffix: str) -> None:
    folder, file = picture_folder(), tmp_path / f"figure{suffix}"
    done = whence("datasets", "montage", folder, folder, "-o", file, "--images", "2", "--json", "--quiet")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["montage"] == str(file)
    assert [len(images) for images in document["images"].values()] == [2]
    if suffix == ".pdf":
        assert file.read_bytes().startswith(b"%PDF")
    else:
        assert Image.open(file).size == (2 * 166 + 6, 2 * 166 + 28)


def test_a_montage_needs_a_name_of_a_picture(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    done = whence("datasets", "montage", picture_folder(), "-o", tmp_path / "figure.svg")
    assert (done.exit_code, done.stdout) == (2, "")
    assert ".png, .pdf" in done.stderr
    with pytest.raises(InputError, match=r"figure\.exe"):
        save_montage(Image.new("RGB", (4, 4)), tmp_path / "figure.exe")
