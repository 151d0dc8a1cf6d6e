"""Fixtures every test may use: a private home, the real pictures, small datasets on disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

settings.register_profile("shared machine", deadline=None)  # time says nothing where others compute too
settings.load_profile("shared machine")
REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def private_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a `$WHENCE_HOME` of its own and no way to a model hub."""
    home = tmp_path / "whence-home"
    monkeypatch.setenv("WHENCE_HOME", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return home


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images, weights and published outcomes, or a skip with the reason."""
    folder = Path(os.environ.get("WHENCE_TEST_DATA", REPOSITORY.parent / "shared")).absolute()
    if not (folder / "data" / "datasets.md").is_file():
        pytest.skip(f"no real images at {folder}: set WHENCE_TEST_DATA to their folder")
    return folder


@pytest.fixture
def picture_folder(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder per class of small, learnable pictures: each class has its own mean colour and stripes.

    `picture_folder(classes=("a", "b"), per_class=12, size=16, seed=0, name="pictures")` returns the folder.
    """

    def make(
        classes: tuple[str, ...] = ("healthy", "ill"),
        per_class: int = 12,
        size: int = 16,
        seed: int = 0,
        name: str = "pictures",
    ) -> Path:
        random = np.random.default_rng(seed)
        root = tmp_path / name
        for number, label in enumerate(classes):
            (root / label).mkdir(parents=True)
            for i in range(per_class):
                pixels = random.integers(0, 120, (size, size, 3))
                pixels[:: number + 2, :, number % 3] += 100
                Image.fromarray(pixels.astype(np.uint8)).save(root / label / f"{i:03}.png")
        return root

    return make
