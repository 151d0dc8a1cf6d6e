"""What the tests of sharing have in common: a checkpoint as pretraining writes it, and all files under a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from whence.nets.backbone import build
from whence.nets.weights import file_sha256, save_weights

RECORD = {
    "format": "whence checkpoint 1", "arch": "test_resnet", "trained_on": "textures", "fingerprint": "ab" * 32,
    "classes": ["brick", "grass", "gravel"], "licence": "CC BY 4.0", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.1],
    "recipe": {"name": "", "size": 32, "batch": 8, "fit": "crop"}, "seed": 3, "metrics": {"auc": 0.75, "accuracy": 0.6},
    "job": "cd" * 16,
}  # fmt: skip


@pytest.fixture
def make_checkpoint(tmp_path: Path) -> Callable[..., Path]:
    """Write a small network of three classes with a record; keyword arguments replace what the record says."""

    def make(name: str = "checkpoint", arch: str = "test_resnet", seed: int = 0, **record: Any) -> Path:
        path = tmp_path / "made" / f"{name}.safetensors"
        path.parent.mkdir(exist_ok=True)
        save_weights(path, build(arch, 3, 0.0, seed), RECORD | {"arch": arch} | record)
        return path

    return make


@pytest.fixture
def tree() -> Callable[[Path], dict[str, str]]:
    """Every file, link and folder below a folder, with what is in it."""

    def look(folder: Path) -> dict[str, str]:
        return {
            str(path.relative_to(folder)): file_sha256(path)
            if path.is_file() and not path.is_symlink()
            else ""
            for path in sorted(folder.rglob("*"))
        }

    return look
