"""Backbones of every family take a step and evaluate; `paper` follows a plain script for 20 steps."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.training.conftest import CPU, PLAIN, part
from whence.nets.backbone import build
from whence.nets.forward import predict
from whence.records import IMAGENET_MEAN, IMAGENET_STD
from whence.training.loop import fit
from whence.training.recipe import make_recipe


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


def test_paper_follows_a_plain_script_for_twenty_steps() -> None:
    """Adam at the paper's learning rate, class weights, the schedule's halving: the loss of every step, by hand."""
    fields = {"base": "paper", "size": 32, "batch": 4, "epochs": 5, "schedule": {"after": 3}}
    recipe = make_recipe({**fields, "dropout": 0, "augmentation": {"strength": 0}}, "finetune")
    assert (recipe.optimizer, recipe.learning_rate, recipe.class_weights) == ("adam", 1e-4, True)
    torch.set_num_threads(1)
    data = part(16, size=32)
    found = [
        e.loss
        for e in fit(build("test_resnet", 3, 0.0, seed=4), PLAIN, data, data, data, recipe, CPU, seed=9)
    ]
    plain = build("test_resnet", 3, 0.0, seed=4)
    images = torch.from_numpy(np.asarray(data.pixels)).permute(0, 3, 1, 2).float() / 255
    images = (images - torch.tensor(IMAGENET_MEAN)[:, None, None]) / torch.tensor(IMAGENET_STD)[:, None, None]
    labels = torch.from_numpy(data.labels)
    weight = torch.tensor([16 / (3 * n) for n in np.bincount(data.labels)])
    optimiser = torch.optim.Adam(plain.parameters(), lr=1e-4)
    random, losses = torch.Generator().manual_seed(9), []
    for epoch in range(5):
        plain.train()
        if epoch == 3:
            optimiser.param_groups[0]["lr"] = 5e-5
        for rows in torch.split(torch.randperm(16, generator=random), 4):
            each = functional.cross_entropy(plain(images[rows]), labels[rows], reduction="none")
            loss = (each * weight[labels[rows]]).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            losses.append(loss.item())
    assert len(losses) == 20
    assert found == pytest.approx(np.array(losses).reshape(5, 4).mean(axis=1), rel=2e-3)
