"""The study that `whence demo` runs."""

from __future__ import annotations

from typing import Any

TARGET = "demo:histology"
STUDY: dict[str, Any] = {
    "name": "demo",
    "backbone": "test_resnet",
    "sources": ["demo:natural", "demo:textures", "none"],
    "targets": ["demo:histology", "demo:retina"],
    "folds": 5,
    "recipe": {"base": "small", "size": 32, "epochs": 4, "learning_rate": 1e-3},
    "pretrain_recipe": {"base": "small", "size": 32, "epochs": 8, "learning_rate": 2e-3},
}
