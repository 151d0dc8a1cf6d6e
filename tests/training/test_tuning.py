"""What is tuned, how images reach the loop, and batches in pieces."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.conftest import CPU, PLAIN, checksum, part
from whence.errors import InputError
from whence.nets.backbone import build, head_names
from whence.training.batching import pieces
from whence.training.feeding import Chosen, Feeder, chosen
from whence.training.loop import Part, fit
from whence.training.recipe import make_recipe
from whence.training.tuning import check_tune, freeze, stages, to_training_mode


def trained(**fields: object) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], tuple[str, ...]]:
    recipe = make_recipe({"size": 16, "batch": 4, "epochs": 2, **fields}, "finetune")
    network = build("test_resnet", 3, 0.0, seed=4)
    before = {name: t.clone() for name, t in network.state_dict().items()}
    fit(network, PLAIN, part(), part(seed=1), part(seed=2), recipe, CPU, seed=3)
    return before, network.state_dict(), head_names(network)


def test_with_tune_head_everything_below_it_keeps_every_bit() -> None:
    """The statistics of batch normalisation too: a frozen network stays the one that was given."""
    before, after, heads = trained(tune="head")
    for name in before:
        assert torch.equal(before[name], after[name]) != name.startswith(heads), name


def test_with_tune_last_the_stages_below_keep_every_bit_and_the_last_moves() -> None:
    groups = stages(build("test_resnet", 3, 0.0, seed=4))
    before, after, heads = trained(tune="last:1")
    still = {name for group in groups[:-1] for name in group}
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert not still & moved
    assert set(groups[-1]) <= moved
    assert any(name.startswith(heads) for name in moved)


@pytest.mark.parametrize(
    ("backbone", "count"), [("resnet18", 5), ("mobilenetv3_small_100", 7), ("test_vit", 4)]
)
def test_stages_hold_every_parameter_below_the_head_once(backbone: str, count: int) -> None:
    network = build(backbone, 2, 0.0, seed=0)
    groups = stages(network)
    heads = tuple(f"{name}." for name in head_names(network))
    below = [name for name, _ in network.named_parameters() if not name.startswith(heads)]
    assert sorted(name for group in groups for name in group) == sorted(below)
    assert len(groups) >= count - 1


def test_more_stages_than_there_are_is_told_before_training() -> None:
    with pytest.raises(InputError, match=r"found 'last:99', but the backbone has \d+ stages"):
        check_tune("test_resnet", "last:99")
    check_tune("test_resnet", "last:1")


def test_normalisation_of_what_is_tuned_stays_in_training_mode() -> None:
    network = build("resnet18", 2, 0.0, seed=0)
    freeze(network, "last:1")
    to_training_mode(network)
    modes = {name: m.training for name, m in network.named_modules() if isinstance(m, torch.nn.BatchNorm2d)}
    assert not modes["bn1"]
    assert not modes["layer3.1.bn2"]
    assert modes["layer4.0.bn1"]


def test_pieces_of_a_batch_add_up_to_its_gradient() -> None:
    """Without batch normalisation's statistics and dropout, pieces give the weights of the whole batch."""
    whole, pieces = (trained(tune="head", dropout=0.0, **more)[1] for more in ({}, {"micro_batch": 2}))
    for name, tensor in whole.items():
        assert torch.allclose(tensor, pieces[name], atol=1e-6), name


def test_pieces_cover_a_batch_and_none_is_alone() -> None:
    assert [list(range(9))[piece] for piece in pieces(9, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7, 8]]
    assert pieces(3, 8) == [slice(0, 3)]


def test_streamed_images_train_the_same_network_as_resident_ones(tmp_path: Path) -> None:
    data = part(40)
    np.save(tmp_path / "cache.npy", np.asarray(data.pixels))
    cache = np.load(tmp_path / "cache.npy", mmap_mode="r")
    rows = np.arange(5, 35)
    recipe = make_recipe({"size": 16, "batch": 4, "epochs": 2}, "finetune")
    sums = []
    for room in (1e9, 0):
        pixels = chosen(cache, rows, room)
        assert isinstance(pixels, Chosen) == (room == 0)
        network = build("test_resnet", 3, 0.5, seed=4)
        mine = Part(pixels, data.labels[rows])
        fit(network, PLAIN, mine, mine, mine, recipe, CPU, seed=3)
        sums.append(checksum(network))
    assert sums[0] == sums[1]


def test_a_feeder_reads_chunk_by_chunk_in_the_order_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whence.training.feeding.CHUNK_BYTES", 3 * 5 * 16 * 16 * 3)  # three batches
    data = part(47)
    order = list(torch.split(torch.randperm(47), 5))
    feeder = Feeder(Chosen(np.asarray(data.pixels), np.arange(47)), "cpu")
    found = [images.numpy() for images in feeder.batches(order)]
    assert len(found) == len(order) == 10
    for images, wanted in zip(found, order, strict=True):
        assert np.array_equal(images, np.asarray(data.pixels)[wanted.numpy()])
    assert list(feeder.batches([])) == []


def test_channels_last_learns_the_same_but_for_rounding() -> None:
    plain, last = trained(dropout=0.0)[1], trained(dropout=0.0, channels_last=True)[1]
    assert all(torch.allclose(t.float(), last[name].float(), atol=0.05) for name, t in plain.items())


def test_bfloat16_trains_on_the_cpu_when_it_is_asked_for() -> None:
    from whence.nets.forward import Device

    recipe = make_recipe({"size": 32, "batch": 4, "epochs": 2, "learning_rate": 3e-3}, "finetune")
    network = build("test_resnet", 3, 0.0, seed=4)
    where, train = Device.resolve("cpu", "bfloat16"), part(30, size=32)
    epochs = fit(network, PLAIN, train, part(seed=1, size=32), part(seed=2, size=32), recipe, where, seed=3)
    assert epochs[-1].loss < epochs[0].loss
    assert all(p.dtype == torch.float32 for p in network.parameters())
