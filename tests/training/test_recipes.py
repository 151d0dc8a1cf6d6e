"""Recipes: `modern`, where each field comes from, and keys that stand although fields were added."""

import csv
import math
from pathlib import Path

import pytest
import torch
import yaml

from tests.training.conftest import CPU, PLAIN, part
from whence.errors import InputError
from whence.nets.backbone import build
from whence.training.choosing import Epoch, kept_epoch, out_of_patience
from whence.training.loop import fit
from whence.training.optimiser import make_optimiser
from whence.training.recipe import make_recipe, origins
from whence.training.schedule import rate

STUDIES = Path(__file__).resolve().parents[2] / "studies"
FIRST_KEY_FIELDS = {
    *("name", "size", "batch", "epochs", "learning_rate", "optimizer", "schedule", "dropout", "augmentation"),
    *("class_weights", "tune", "fit", "precision"),
}


@pytest.mark.parametrize("name", ["small", "paper"])
def test_fields_that_came_later_stay_out_of_the_first_recipes_keys(name: str) -> None:
    assert set(make_recipe(name, "finetune").hashed()) == FIRST_KEY_FIELDS
    more = make_recipe({"base": name, "micro_batch": 8, "keep": "best"}, "finetune").hashed()
    assert set(more) == FIRST_KEY_FIELDS | {"micro_batch", "keep"}
    assert make_recipe({"base": name, "keep": "last"}, "finetune").hashed() | {"name": ""} == make_recipe(
        name, "finetune"
    ).hashed() | {"name": ""}


def test_the_committed_outcomes_are_those_of_the_jobs_planned_today(real_data: Path) -> None:
    """Planning a part of studies/first-look anew names jobs whose outcomes are in the repository."""
    from whence.api import Study

    fields = yaml.safe_load((STUDIES / "first-look.yaml").read_text().replace("../../shared", str(real_data)))
    fields |= {"sources": [fields["sources"][0], "none"], "targets": fields["targets"][1:]}
    planned = Study.from_fields(fields, STUDIES / "first-look").plan(device="cpu").entries
    with (STUDIES / "first-look" / "outcomes.csv").open() as file:
        committed = {row["job"] for row in csv.DictReader(file)}
    assert len(planned) == 10
    assert {entry.job.key for entry in planned} <= committed


def test_every_field_tells_where_it_comes_from() -> None:
    paper = origins("paper", "finetune", "paper:isic2018")
    assert (paper["size"], paper["dropout"], paper["learning_rate"], paper["fit"]) == (
        "paper",
        "code",
        "ours",
        "ours",
    )
    assert origins("paper", "pretrain", "paper:isic2018")["learning_rate"] == "paper"
    assert origins("paper", "pretrain", "paper:kimia960")["size"] == "ours"
    small = origins({"base": "small", "batch": 16}, "finetune")
    assert (small["batch"], small["epochs"], small["optimizer"]) == ("user", "ours", "paper")
    modern = origins("modern", "finetune")
    assert {modern[f] for f in ("optimizer", "schedule", "label_smoothing", "keep", "patience")} == {"ours"}
    assert modern["class_weights"] == "paper"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"schedule": "cosine"}, r"'schedule': found 'cosine'; accepted are constant, .*warm_up"),
        ({"schedule": {"warm_up": 2}}, r"'schedule': found .*accepted are"),
        ({"tune": "last:0"}, r"'tune': found 'last:0'; accepted are all, head and last:K"),
        ({"patience": 0}, r"recipe field 'patience': found 0"),
    ],
)
def test_a_wrong_new_field_is_told(fields: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_recipe(fields, "finetune")


def test_the_schedule_equals_torchs_warm_up_and_cosine() -> None:
    recipe = make_recipe({"base": "modern", "epochs": 10}, "finetune")
    steps = 7
    parameter = torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.SGD([parameter], lr=1.0)
    warm = torch.optim.lr_scheduler.LinearLR(optimiser, 1 / 7, total_iters=6)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 63)
    both = torch.optim.lr_scheduler.SequentialLR(optimiser, [warm, cosine], [7])
    for epoch in range(1, 11):
        for step in range(steps):
            wanted = optimiser.param_groups[0]["lr"]
            assert rate(recipe, epoch, step, steps) == pytest.approx(wanted, abs=1e-9)
            optimiser.step()
            both.step()


def test_the_papers_scheduler_halves_once() -> None:
    recipe = make_recipe("paper", "pretrain", "paper:stl10")
    assert [rate(recipe, epoch, 0, 5) for epoch in (1, 30, 31, 50)] == [1, 1, 0.5, 0.5]


def curve(*aucs: float) -> list[Epoch]:
    return [Epoch(number, 1.0, auc, 0.0) for number, auc in enumerate(aucs, start=1)]


def test_the_best_epoch_is_kept_and_patience_ends_a_training() -> None:
    nan = math.nan
    assert kept_epoch(curve(0.5, 0.9, 0.8), "best") == 2
    assert kept_epoch(curve(0.5, 0.9, 0.8), "last") == 3
    assert kept_epoch(curve(1.0, 1.0, 0.9), "best") == 2
    assert kept_epoch(curve(nan, 0.2, nan), "best") == 2
    assert not out_of_patience(curve(0.9, 0.8), 2)
    assert out_of_patience(curve(0.9, 0.8, 0.9), 2)
    assert not out_of_patience(curve(0.9, 0.8, 0.91), 2)
    assert not out_of_patience(curve(*[0.5] * 50), None)


def test_the_network_that_is_kept_is_the_best_epochs() -> None:
    """Trained again for as many epochs as the best one's number, without a cosine, it is the same to the bit."""
    fields = {"base": "small", "size": 16, "batch": 4, "epochs": 5, "learning_rate": 3e-3, "keep": "best"}
    recipe = make_recipe(fields, "finetune")
    network = build("test_resnet", 3, 0.5, seed=4)
    epochs = fit(network, PLAIN, part(), part(seed=1), part(seed=2), recipe, CPU, seed=3)
    best = kept_epoch(epochs, "best")
    again = build("test_resnet", 3, 0.5, seed=4)
    shorter = make_recipe({**fields, "epochs": best, "keep": "last"}, "finetune")
    fit(again, PLAIN, part(), part(seed=1), part(seed=2), shorter, CPU, seed=3)
    assert all(torch.equal(t, again.state_dict()[name]) for name, t in network.state_dict().items())


def test_weight_decay_spares_biases_and_normalisation() -> None:
    network = build("test_resnet", 3, 0.0, seed=1)
    optimiser = make_optimiser(network, make_recipe("modern", "finetune"))
    assert isinstance(optimiser, torch.optim.AdamW)
    decayed = {id(p) for g in optimiser.param_groups if g["weight_decay"] for p in g["params"]}
    assert decayed == {id(p) for p in network.parameters() if p.ndim > 1}
    assert sum(len(g["params"]) for g in optimiser.param_groups) == len(list(network.parameters()))
