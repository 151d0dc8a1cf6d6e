"""The loop against a plain torch script, augmentation against PIL-like expectations, recipes as data."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.training.conftest import CPU, PLAIN, part
from whence.data import cut, open_dataset
from whence.errors import InputError, WorkFailed
from whence.nets.backbone import build
from whence.records import IMAGENET_MEAN, IMAGENET_STD
from whence.training.augment import augment
from whence.training.batching import batches
from whence.training.fitting import train_on_fold
from whence.training.loop import class_weights, fit
from whence.training.recipe import PAPER_TABLE, Augmentation, make_recipe, steps


def test_the_loop_equals_a_plain_script() -> None:
    """Same data order, no dropout, no augmentation: the loss trace of a script written without our loop."""
    torch.set_num_threads(1)  # the order in which threads add up is not the same in both
    recipe = make_recipe(
        {
            "size": 16,
            "batch": 5,
            "epochs": 4,
            "learning_rate": 1e-3,
            "dropout": 0,
            "augmentation": {"strength": 0},
        },
        "finetune",
    )
    data = part(images=14)
    network = build("test_resnet", 3, 0.0, seed=4)
    plain = build("test_resnet", 3, 0.0, seed=4)
    found = [e.loss for e in fit(network, PLAIN, data, data, data, recipe, CPU, seed=9)]

    images = torch.from_numpy(data.pixels).float().permute(0, 3, 1, 2) / 255
    images = (images - torch.tensor(IMAGENET_MEAN)[:, None, None]) / torch.tensor(IMAGENET_STD)[:, None, None]
    labels = torch.from_numpy(data.labels)
    weight = torch.tensor([14 / (3 * n) for n in np.bincount(data.labels)])
    optimiser = torch.optim.Adam(plain.parameters(), lr=1e-3)
    random, expected = torch.Generator().manual_seed(9), []
    for _ in range(4):
        plain.train()
        total = 0.0
        for rows in torch.split(torch.randperm(14, generator=random), 5):
            log = functional.log_softmax(plain(images[rows]), dim=1)
            loss = -(log[torch.arange(len(rows)), labels[rows]] * weight[labels[rows]]).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += loss.item() * len(rows)
        expected.append(total / 14)
    assert found[0] == pytest.approx(expected[0], rel=1e-6)
    # Rounding differs in the last bit of the normalised images, and Adam lets that grow from step to step.
    assert found == pytest.approx(expected, rel=5e-3)


def test_the_same_seed_gives_the_same_bits_and_leaves_the_global_state_alone() -> None:
    recipe = make_recipe({"size": 16, "batch": 4, "epochs": 2}, "finetune")
    states = []
    for disturbance in (1, 2):
        torch.manual_seed(disturbance)
        before = torch.random.get_rng_state()
        network = build("test_resnet", 3, 0.5, seed=4)
        fit(network, PLAIN, part(), part(seed=1), part(seed=2), recipe, CPU, seed=3)
        assert torch.equal(before, torch.random.get_rng_state())
        states.append(network.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_test_part_touches_nothing() -> None:
    """Other test and validation images, even absurd ones, leave the weights as they are, to the bit."""
    recipe = make_recipe({"size": 16, "batch": 4, "epochs": 2}, "finetune")
    states = []
    for seed in (1, 2):
        network = build("test_resnet", 3, 0.5, seed=4)
        other = part(images=30 * seed, seed=seed)
        fit(network, PLAIN, part(), other, other, recipe, CPU, seed=3)
        states.append(network.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_loss_that_is_not_finite_stops_with_the_step() -> None:
    recipe = make_recipe({"size": 16, "batch": 4, "epochs": 2}, "finetune")
    network = build("test_resnet", 3, 0.0, seed=4)
    with torch.no_grad():
        next(network.parameters()).fill_(float("nan"))
    with pytest.raises(WorkFailed, match="epoch 1, step 1"):
        fit(network, PLAIN, part(), part(), part(), recipe, CPU, seed=3)


def test_training_learns_real_stripes(picture_folder: Callable[..., Path]) -> None:
    dataset = open_dataset(picture_folder(per_class=40, size=32))
    recipe = make_recipe({"size": 32, "batch": 8, "epochs": 6, "learning_rate": 3e-3}, "finetune")
    fitted = train_on_fold(dataset, cut(dataset)[0], "test_resnet", recipe, weights=None, seed=1)
    assert fitted.metrics["auc"] > 0.9
    assert fitted.epochs[-1].loss < fitted.epochs[0].loss
    assert fitted.probabilities.sum(axis=1) == pytest.approx(1)


def test_batches_cover_every_image_once_and_none_is_alone() -> None:
    found = batches(9, 4, torch.Generator().manual_seed(0))
    assert [len(b) for b in found] == [4, 5]
    assert sorted(torch.cat(found).tolist()) == list(range(9))


def test_class_weights_average_to_one() -> None:
    labels = np.array([0] * 90 + [1] * 10)
    weights = class_weights(labels, 2)
    assert weights[labels].mean() == pytest.approx(1)
    assert weights[1] / weights[0] == pytest.approx(9)
    assert class_weights(labels, 3)[2] == 0


def test_strength_zero_returns_the_images() -> None:
    images = torch.rand(3, 3, 8, 8)
    assert augment(images, Augmentation(strength=0), torch.Generator()) is images


def test_flip_alone_mirrors_about_half_of_the_images() -> None:
    images = torch.rand(200, 3, 8, 8)
    moved = augment(images, Augmentation(rotation=0, shift=0), torch.Generator().manual_seed(1))
    mirrored = [torch.allclose(m, i.flip(-1), atol=1e-4) for m, i in zip(moved, images, strict=True)]
    same = [torch.allclose(m, i, atol=1e-4) for m, i in zip(moved, images, strict=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    assert 70 < sum(mirrored) < 130


def test_moves_stay_in_their_ranges() -> None:
    """A bright point moves by no more than rotation and shift allow, and the colour never leaves its range."""
    images = torch.zeros(300, 1, 64, 64)
    images[:, :, 30:34, 30:34] = 1.0
    moved = augment(
        images, Augmentation(rotation=10, shift=0.1, flip=False), torch.Generator().manual_seed(2)
    )
    grid = torch.arange(64.0) - 31.5
    mass = moved.sum(dim=(1, 2, 3))
    right = (moved.sum(dim=2) * grid).sum(dim=(1, 2)) / mass
    down = (moved.sum(dim=3) * grid).sum(dim=(1, 2)) / mass
    assert right.abs().max() <= 6.4 + 1.2
    assert down.abs().max() <= 6.4 + 1.2
    assert right.std() > 3  # uniform within ±6.4 has sd 3.7
    assert moved.min() >= 0
    assert moved.max() <= 1 + 1e-6


def test_every_source_of_table_3_has_its_printed_settings() -> None:
    printed = {
        "paper:stl10": (96, 128, 1e-3, 50),
        "paper:sti10": (112, 128, 1e-4, 70),
        "paper:dtd": (300, 12, 1e-3, 60),
        "paper:isic2018": (112, 128, 1e-5, 70),
        "paper:chest-xray": (112, 128, 1e-6, 70),
        "paper:pcam-middle": (96, 128, 1e-6, 50),
        "paper:pcam-small": (96, 128, 1e-6, 70),
        "paper:kimia960": (224, 12, 1e-5, 100),
    }
    assert set(PAPER_TABLE["pretrain"]) == set(printed)
    for name, (size, batch, rate, epochs) in printed.items():
        recipe = make_recipe("paper", "pretrain", name)
        assert (recipe.size, recipe.batch, recipe.learning_rate, recipe.epochs) == (size, batch, rate, epochs)
    schedule = make_recipe("paper", "pretrain", "paper:stl10").settings()["schedule"]
    assert schedule == {"after": 30, "factor": 0.5}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"base": "papper"}, r"unknown recipe 'papper'; near it: paper"),
        ({"epoch": 3}, r"unknown recipe field 'epoch'; near it: epochs"),
        ({"epochs": "many"}, r"recipe field 'epochs': found 'many'"),
        ({"size": 4}, r"recipe field 'size': found 4"),
        ({"augmentation": {"strenght": 1}}, r"unknown recipe field 'augmentation.strenght'"),
    ],
)
def test_a_wrong_recipe_is_told_by_field(fields: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_recipe(fields, "finetune")


def test_steps_are_counted_with_the_last_batch() -> None:
    assert steps(make_recipe({"batch": 32, "epochs": 3}, "finetune"), 65) == 9
