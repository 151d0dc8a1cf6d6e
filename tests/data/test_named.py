"""Datasets by name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from whence.data import ArrayStore, Dataset, known_names, named, open_dataset
from whence.records import Card

Refused = Callable[..., AbstractContextManager[None]]


def made(name: str) -> Dataset:
    """A dataset of two pictures."""
    pixels = np.arange(32, dtype=np.uint8).reshape(2, 4, 4)
    return Dataset(name, ("a", "b"), np.array([0, 1]), ArrayStore(pixels), Card(name))


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> None:
    """An outsider's datasets shop:fish and shop:bread, and another outsider's that does not load."""
    module = SimpleNamespace(SCHEME="shop", NAMES=("fish", "bread"), open=made, card=Card)

    def broken() -> Any:
        raise ImportError("no such module")

    found = [SimpleNamespace(value="shop", load=lambda: module), SimpleNamespace(value="bad", load=broken)]
    monkeypatch.setattr(named, "entry_points", lambda group: found)


@pytest.mark.usefixtures("shop")
def test_outsiders_datasets_open_by_name(caplog: pytest.LogCaptureFixture) -> None:
    assert {"shop:bread", "shop:fish"} <= set(known_names())
    dataset = open_dataset("shop:fish")
    assert (dataset.name, dataset.address, len(dataset)) == ("fish", "shop:fish", 2)
    assert named.card_of("shop:bread").name == "bread"
    assert "bad cannot be loaded" in caplog.text


@pytest.mark.usefixtures("shop")
def test_unknown_names(refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with refused("shop:fsh", "near it", "shop:fish"):
        open_dataset("shop:fsh")
    with refused("shp:fish", "near it", "shop:fish"):
        open_dataset("shp:fish")
    with refused("fish", "near it", "shop:fish"):
        open_dataset("fish")
    with refused("shop:fish", "no columns"):
        open_dataset("shop:fish", label_column="x")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop:fish").mkdir()
    with refused("no image"):  # a path that exists wins
        open_dataset("shop:fish")
