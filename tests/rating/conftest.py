"""Three small datasets to rate, as folders and as the page shows them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from whence.data import open_dataset
from whence.rating.shown import Shown, shown


@pytest.fixture
def folders(picture_folder: Callable[..., Path]) -> list[Path]:
    """Folders of pictures: xrays, slides and stones."""
    return [
        picture_folder(per_class=6, seed=i, name=name) for i, name in enumerate(("xrays", "slides", "stones"))
    ]


@pytest.fixture
def pages(folders: list[Path]) -> list[Shown]:
    """The folders as the page shows them."""
    return shown([open_dataset(folder) for folder in folders], seed=1)
