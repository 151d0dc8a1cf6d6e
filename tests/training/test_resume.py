"""A training that is cut off goes on to the same bits; two runs of one training are equal."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.conftest import CPU, PLAIN, checksum, part
from whence.errors import WorkFailed
from whence.nets.backbone import build
from whence.training.choosing import Epoch
from whence.training.keeping import Keeper
from whence.training.loop import Part, fit
from whence.training.recipe import make_recipe


class CutOff(Exception):
    pass


class Cutting(Keeper):
    """Keeps every step's state, and cuts the training off after so many of them."""

    left = 0

    def save(self, *args: Any) -> None:
        super().save(*args)
        self.left -= 1
        if self.left == 0:
            raise CutOff


RECIPES = [
    {"base": "modern", "size": 16, "batch": 4, "epochs": 3},
    {"base": "small", "size": 16, "batch": 4, "micro_batch": 2, "epochs": 3, "tune": "last:1"},
]


def train(recipe: dict[str, Any], keeper: Keeper | None = None) -> tuple[str, list[Epoch]]:
    network = build("test_resnet", 3, 0.5, seed=4)
    settings = make_recipe(recipe, "finetune")
    epochs = fit(network, PLAIN, part(14), part(seed=1), part(seed=2), settings, CPU, 3, keeper=keeper)
    return checksum(network), epochs


@pytest.mark.parametrize("recipe", RECIPES)
def test_cut_off_at_any_step_it_goes_on_to_the_same_bits(recipe: dict[str, Any], tmp_path: Path) -> None:
    """Dropout, moves, Adam's moments, the cosine and the best epoch so far are all in the state."""
    undisturbed = train(recipe)
    assert train(recipe) == undisturbed
    cuts = 0
    while True:
        torch.manual_seed(cuts)  # the process that goes on is another one
        keeper = Cutting(tmp_path / "state.pt", interval=0)
        keeper.left = 2 if cuts else 5
        try:
            found = train(recipe, keeper)
            break
        except CutOff:
            cuts += 1
    assert cuts >= 2
    assert found == undisturbed


def test_a_state_that_is_damaged_or_of_another_version_is_as_good_as_none(tmp_path: Path) -> None:
    undisturbed, path, told = train(RECIPES[0]), tmp_path / "state.pt", list[str]()
    keeper = Cutting(path, interval=0, say=told.append)
    keeper.left = 4
    with pytest.raises(CutOff):
        train(RECIPES[0], keeper)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert train(RECIPES[0], Keeper(path, say=told.append)) == undisturbed
    assert "starting anew" in told[-1]
    path.write_bytes(whole)
    document = torch.load(path, weights_only=True)
    torch.save(document | {"torch": "1.0"}, path)
    assert train(RECIPES[0], Keeper(path, say=told.append)) == undisturbed
    assert "of another version" in told[-1]


def test_a_full_disk_stops_no_training(tmp_path: Path) -> None:
    told = list[str]()
    (tmp_path / "file").touch()
    keeper = Keeper(tmp_path / "file" / "state.pt", interval=0, say=told.append)
    assert train(RECIPES[0], keeper) == train(RECIPES[0])
    assert "could not be kept" in told[0]


def test_states_are_written_no_more_often_than_the_interval_says(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "state.pt", interval=3600)
    train(RECIPES[0], keeper)
    assert not (tmp_path / "state.pt").exists()


def test_a_diverging_loss_names_step_images_and_advice() -> None:
    data = part(8)
    names = tuple(f"{i:064x}" for i in range(7, 15))
    network = build("test_resnet", 3, 0.0, seed=4)
    with torch.no_grad():
        next(network.parameters()).fill_(float("nan"))
    recipe = make_recipe({"size": 16, "batch": 4, "epochs": 2}, "finetune")
    with pytest.raises(WorkFailed) as told:
        fit(network, PLAIN, Part(data.pixels, data.labels, names), part(), part(), recipe, CPU, seed=3)
    message = str(told.value)
    assert "epoch 1, step 1 on the images 000000000000" in message
    assert "Lower learning_rate (now 0.0003)" in message


def test_infinite_images_are_told_in_the_step_where_they_are() -> None:
    """Weights that overflow after two steps: the step that is named is the one whose loss was not finite."""
    recipe = make_recipe({"size": 16, "batch": 4, "epochs": 9, "learning_rate": 10}, "finetune")
    network = build("test_resnet", 3, 0.0, seed=4)
    losses = []

    def spoil(module: torch.nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor | None:
        losses.extend([0] * module.training)
        return output * np.inf if len(losses) == 5 and module.training else None

    network.register_forward_hook(spoil)
    with pytest.raises(WorkFailed, match="epoch 2, step 1"):
        fit(network, PLAIN, part(16), Part(part(2).pixels, part(2).labels), part(2), recipe, CPU, seed=3)
