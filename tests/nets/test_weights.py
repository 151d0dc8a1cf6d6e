"""Weights from files: real ones, another architecture's, broken ones, pickles."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from whence.errors import InputError
from whence.nets.backbone import build, check_backbone, penultimate
from whence.nets.sources import find_source
from whence.nets.weights import load_into, read_weights, save_weights


def test_real_imagenet_weights_know_real_pictures(real_data: Path) -> None:
    """The backbone loaded by us, with the file's own classifier, tells ImageNet pictures apart."""
    import csv

    from whence.data import load_pixels, open_dataset
    from whence.nets.forward import Device, Normalisation, predict

    weights = read_weights(real_data / "weights" / "resnet18_imagenet1k_ktb.safetensors")
    network = build("resnet18", classes=1000, dropout=0.0, seed=0)
    assert load_into(network, weights).unused == []
    head = {name: weights.tensors[name] for name in ("fc.weight", "fc.bias")}
    network.load_state_dict(head, strict=False)
    dataset = open_dataset(real_data / "data" / "tiny_imagenet")
    some = dataset.subset(range(0, len(dataset), 15))
    with (real_data / "data" / "tiny_imagenet" / "wnids.csv").open() as file:
        rows = list(csv.DictReader(file))
    column = next(name for name in rows[0] if "index" in name)
    index = {row["wnid"]: int(row[column]) for row in rows}
    found = predict(
        network, Normalisation(weights.mean, weights.std), load_pixels(some, 224), Device("cpu", "float32")
    )
    wanted = [index[some.class_names[label]] for label in some.labels]
    top1 = (found.argmax(axis=1) == wanted).mean()
    assert (
        top1 > 0.12
    )  # weights.md measured 0.21 of 1000 classes on enlarged 64-pixel pictures; chance is 0.001


def test_saved_weights_come_back_with_their_record(tmp_path: Path) -> None:
    network = build("test_resnet", classes=3, dropout=0.0, seed=1)
    save_weights(
        tmp_path / "w.safetensors", network, {"arch": "test_resnet", "mean": [0.5] * 3, "std": [0.25] * 3}
    )
    weights = read_weights(tmp_path / "w.safetensors")
    assert weights.mean == (0.5,) * 3
    assert weights.std == (0.25,) * 3
    other = build("test_resnet", classes=5, dropout=0.0, seed=2)
    assert load_into(other, weights).unused == []
    images = torch.randn(2, 3, 32, 32)
    network.eval()
    other.eval()
    assert torch.equal(penultimate(network, images), penultimate(other, images))


def test_equal_networks_and_records_are_equal_files(tmp_path: Path) -> None:
    record = {"arch": "test_resnet", "licence": "naïve ‘ü’", **{f"field {i}": i for i in range(12)}}
    files = [tmp_path / f"{number}.safetensors" for number in range(4)]
    for file in files:
        save_weights(file, build("test_resnet", classes=3, dropout=0.0, seed=1), record)
    assert len({file.read_bytes() for file in files}) == 1
    weights = read_weights(files[0])
    assert weights.record == {name: v if isinstance(v, str) else str(v) for name, v in record.items()}
    own = build("test_resnet", classes=3, dropout=0.0, seed=1).state_dict()
    assert all(torch.equal(tensor, own[name]) for name, tensor in weights.tensors.items())


def test_a_prefix_and_a_wrapper_are_taken_off(tmp_path: Path) -> None:
    network = build("test_resnet", classes=3, dropout=0.0, seed=1)
    state = {f"module.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "w.pth")
    other = build("test_resnet", classes=3, dropout=0.0, seed=2)
    load_into(other, read_weights(tmp_path / "w.pth"))
    assert torch.equal(other.state_dict()["conv1.0.weight"], network.state_dict()["conv1.0.weight"])


def test_another_architecture_is_refused_by_name(tmp_path: Path) -> None:
    save_weights(tmp_path / "w.safetensors", build("test_resnet", 2, 0.0, 0), {"arch": "test_resnet"})
    with pytest.raises(
        InputError, match=r"does not fit the backbone: \d+ tensors are missing \(.*\(test_resnet\)"
    ):
        find_source(f"file:{tmp_path / 'w.safetensors'}", "resnet18")


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('the pickle ran')",))


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_is_refused_and_never_run(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(pickle.dumps(Bomb(), protocol=protocol))
    with pytest.raises(InputError, match="refused: it is a pickle"):
        read_weights(path)


def test_a_pickle_inside_an_archive_is_refused(tmp_path: Path) -> None:
    torch.save(Bomb(), tmp_path / "model.pth")
    with pytest.raises(InputError, match="refused"):
        read_weights(tmp_path / "model.pth")


def test_a_pickle_called_safetensors_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(InputError, match="not a readable safetensors"):
        read_weights(path)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"a": torch.zeros(100)}, str(path))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="not a readable safetensors"):
        read_weights(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.safetensors does not exist"):
        read_weights(tmp_path / "nowhere.safetensors")


def test_an_unknown_backbone_is_named_with_near_ones() -> None:
    with pytest.raises(InputError, match=r"'resnet51'.*resnet50"):
        check_backbone("resnet51")


def test_without_network_and_file_both_ways_out_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"connect it to the network.*or give a weights file"):
        find_source("imagenet", "test_resnet")


def test_initial_weights_depend_on_the_seed_alone() -> None:
    before = torch.random.get_rng_state()
    first = build("test_resnet", 2, 0.0, seed=3).state_dict()
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(99)
    again = build("test_resnet", 2, 0.0, seed=3).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
