"""A study that is real and small: tiny networks, tiny pictures, seconds."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml


@pytest.fixture
def study_file(tmp_path: Path, picture_folder: Callable[..., Path]) -> Callable[..., Path]:
    """Write a study file over three small datasets; keyword arguments replace its fields."""
    picture_folder(("cat", "dog", "owl"), per_class=10, seed=1, name="natural")
    picture_folder(("healthy", "ill"), per_class=15, seed=2, name="xrays")
    picture_folder(("a", "b"), per_class=12, seed=3, name="cells")

    def make(**fields: object) -> Path:
        study = {
            "sources": ["natural", "none"],
            "targets": ["xrays", "cells"],
            "backbone": "test_resnet",
            "recipe": {"base": "small", "size": 16, "epochs": 2, "batch": 8},
            "folds": 2,
        } | fields
        path = tmp_path / "mini.yaml"
        path.write_text(yaml.safe_dump(study, sort_keys=False))
        return path

    return make
