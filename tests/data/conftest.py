"""Fixtures of the data tests: refusing politely, tables with images, datasets in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whence.errors import InputError


@pytest.fixture
def refused(private_home: Path) -> Callable[..., AbstractContextManager[None]]:
    """A block that raises one line of `InputError` with the given words, and writes nothing."""

    @contextmanager
    def expect(*words: str) -> Iterator[None]:
        before = sorted(private_home.rglob("*"))
        with pytest.raises(InputError) as caught:
            yield
        message = str(caught.value)
        assert "\n" not in message
        for word in words:
            assert word in message
        files = [path for path in private_home.rglob("*") if path.is_file() and path not in before]
        assert not files

    return expect


@pytest.fixture
def table_folder(tmp_path: Path) -> Callable[..., Path]:
    """Make `table/labels.csv` with the given text, and `table/images/NAME` for each name."""

    def make(text: str, images: tuple[str, ...] = ("a.png", "b.png", "c.png", "d.png")) -> Path:
        root = tmp_path / "table"
        (root / "images").mkdir(parents=True)
        for i, name in enumerate(images):
            colour = np.full((6, 5, 3), 10 * i + 5, dtype=np.uint8)
            Image.fromarray(colour).save(root / "images" / name)
        (root / "labels.csv").write_text(text, encoding="utf-8")
        return root

    return make
