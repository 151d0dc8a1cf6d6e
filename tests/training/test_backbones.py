"""Backbones of every family take a step and evaluate; `paper` follows a plain script for 20 steps."""

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.conftest import CPU, PLAIN, part
from whence.data import cut, open_dataset
from whence.nets.backbone import build
from whence.nets.forward import predict
from whence.nets.weights import save_weights
from whence.training.fitting import train_on_fold
from whence.training.loop import fit
from whence.training.recipe import make_recipe
from whence.training.watching import LossWatch

PLAIN_SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "plain_finetune.py"


@pytest.mark.parametrize(
    "backbone", ["resnet18", "resnet50", "efficientnet_b0", "mobilenetv3_small_100", "test_vit"]
)
def test_every_family_takes_a_step(backbone: str) -> None:
    size = 160 if backbone == "test_vit" else 32
    recipe = make_recipe({"base": "modern", "size": size, "batch": 4, "epochs": 3}, "finetune")
    network = build(backbone, 3, recipe.dropout, seed=1)
    before = {name: t.clone() for name, t in network.named_parameters()}
    data = part(4, size=size)
    epochs = fit(network, PLAIN, data, data, data, recipe, CPU, seed=1)
    assert np.isfinite(epochs[0].loss)
    still = [name for name, t in network.named_parameters() if torch.equal(t, before[name])]
    assert len(still) < 0.2 * len(before)
    assert predict(network, PLAIN, data.pixels, CPU).sum(axis=1) == pytest.approx(1)


def test_paper_follows_the_plain_script_for_twenty_steps(
    picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss of every step, from files to Adam, beside `benchmarks/plain_finetune.py`, without dropout and moves."""
    dataset = open_dataset(picture_folder(("a", "b", "c"), per_class=14, size=32))
    fold = cut(dataset, folds=5, seed=1)[0]
    epochs = 20 // -(-len(fold.train) // 8)
    fields = {"base": "paper", "size": 32, "batch": 8, "epochs": epochs, "augmentation": {"strength": 0}}
    recipe = make_recipe({**fields, "dropout": 0}, "finetune")
    assert (recipe.optimizer, recipe.learning_rate, recipe.class_weights) == ("adam", 1e-4, True)
    weights, losses = tmp_path / "weights.safetensors", list[float]()
    save_weights(weights, build("test_resnet", 3, 0.0, seed=4), {"arch": "test_resnet"})
    add = LossWatch.add

    def note(self: LossWatch, loss: torch.Tensor, *rest: torch.Tensor) -> None:
        losses.append(loss.item())
        add(self, loss, *rest)

    monkeypatch.setattr(LossWatch, "add", note)
    train_on_fold(dataset, fold, "test_resnet", recipe, weights=weights, seed=9)
    settings = {
        "classes": 3,
        "backbone": "test_resnet",
        "seed": 9,
        "modern": False,
        "steady": True,
        "order_seed": 9,
    }
    parts = {
        part: [
            (ast.literal_eval(dataset.images.describe(i)), int(dataset.labels[i]))
            for i in getattr(fold, part)
        ]
        for part in ("train", "validation", "test")
    }
    asked = {name: recipe.settings()[name] for name in ("size", "batch", "epochs", "learning_rate")}
    (tmp_path / "fold.json").write_text(json.dumps(settings | parts | asked))
    command = [sys.executable, str(PLAIN_SCRIPT), str(tmp_path / "fold.json"), str(weights)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    plain = json.loads(done.stdout)["losses"]
    assert len(plain) == 20
    gaps = np.abs(np.array(losses) / plain - 1)
    assert gaps[0] < 1e-6
    assert gaps.max() < 1e-4
    assert max(plain) / min(plain) > 1.5  # it learns, so that equal curves say something
