"""Foreign weights files: each is written from a known network, and both networks answer alike on images."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional
from torchvision import models

from whence.errors import InputError
from whence.nets.backbone import build, penultimate
from whence.nets.layouts import torchvision as torchvision_names
from whence.nets.matching import without_prefix
from whence.nets.sources import find_source, trained_on
from whence.nets.weights import load_into, read_record, read_weights, weights_identity

Tensors = dict[str, torch.Tensor]


def lively(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network with statistics and scales in every batch normalisation, so that none of them could be left out."""
    random = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor, low in ((module.running_mean, -0.3), (module.running_var, 0.5), (module.weight, 0.5)):
                assert tensor is not None
                tensor.data.copy_(low + torch.rand(tensor.shape, generator=random))
    return network.eval()


@torch.no_grad()
def same(given: nn.Module, file: Path, backbone: str, size: int = 64) -> None:
    """A timm network from `file` has the features that enter `given`'s last linear layer."""
    entered: list[torch.Tensor] = []
    last = [module for module in given.modules() if isinstance(module, nn.Linear)][-1]
    last.register_forward_pre_hook(lambda _module, inputs: entered.append(inputs[0]))
    images = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    given(images)
    network = build(backbone, classes=2, dropout=0.0, seed=5).eval()
    load_into(network, read_weights(file))
    assert entered[0].std() > 1e-6
    torch.testing.assert_close(penultimate(network, images), entered[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("backbone", sorted(torchvision_names.PAIRS))
def test_every_torchvision_pair_has_tensors_of_the_same_sizes(backbone: str) -> None:
    with torch.device("meta"):
        network = build(backbone, 1000, 0.0, 0)
        theirs = models.get_model(torchvision_names.PAIRS[backbone], weights=None).state_dict()
    names, own = torchvision_names.names(network), network.state_dict()
    assert set(names.values()) == set(own)
    assert all(theirs[a].numel() == own[b].numel() for a, b in names.items())


@pytest.mark.parametrize(
    "backbone",
    ["mobilenetv2_100", "mobilenetv3_small_100", "mnasnet_100", "efficientnet_b0", "convnext_tiny"],
)
def test_torchvision_networks_answer_alike(backbone: str, tmp_path: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        theirs = lively(models.get_model(torchvision_names.PAIRS[backbone], weights=None, num_classes=7))
    torch.save(theirs.state_dict(), tmp_path / "theirs.pth")
    same(theirs, tmp_path / "theirs.pth", backbone)


def resnet(name: str = "resnet50") -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return lively(models.get_model(name, weights=None, num_classes=7))


def prefixed(state: Tensors, prefix: str) -> Tensors:
    return {prefix + name: tensor for name, tensor in state.items()}


WRAPPED: dict[str, Callable[[Tensors], object]] = {
    "plain": lambda state: state,
    "parallel": lambda state: {"state_dict": prefixed(state, "module."), "epoch": 3, "best": 0.9},
    "momentum contrast": lambda state: {"state_dict": prefixed(state, "module.encoder_q.")},
    "inside": lambda state: {
        "model": {"state_dict": prefixed(state, "encoder.")},
        "optimizer": {"state": {}},
    },
    "beside a head": lambda state: {
        **{f"features.{n}": t for n, t in state.items() if not n.startswith("fc.")},
        "projector.0.weight": torch.zeros(8, 8),
        "projector.0.bias": torch.zeros(8),
    },
}


@pytest.mark.parametrize("how", WRAPPED)
@pytest.mark.parametrize("legacy", [False, True])
def test_wrappers_and_prefixes_are_taken_off(how: str, legacy: bool, tmp_path: Path) -> None:
    theirs = resnet("resnet18")
    torch.save(
        WRAPPED[how](theirs.state_dict()), tmp_path / "w.pth", _use_new_zipfile_serialization=not legacy
    )
    same(theirs, tmp_path / "w.pth", "resnet18")
    told = find_source(f"file:{tmp_path / 'w.pth'}", "resnet18").told
    assert told.endswith("not used: projector.0.bias, projector.0.weight") == (how == "beside a head")


class Numbered(nn.Module):
    """The class that RadImageNet's notebook loads its release into."""

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.backbone = nn.Sequential(*list(base.children())[:9])


def test_radimagenets_pytorch_release_is_read_by_its_numbers(tmp_path: Path) -> None:
    theirs = resnet()
    state = Numbered(theirs).state_dict()
    assert {"backbone.0.weight", "backbone.1.running_var", "backbone.4.0.conv1.weight"} <= set(state)
    file = tmp_path / "RadImageNet_pytorch" / "ResNet50.pt"
    file.parent.mkdir()
    torch.save(state, file)
    same(theirs, file, "resnet50")
    assert read_weights(file).mean == read_weights(file).std == (0.5, 0.5, 0.5)
    assert trained_on(file) == "radimagenet"
    told = find_source(f"file:{file}", "resnet50").told
    assert told.endswith("children by number; mean 0.5, 0.5, 0.5 and std 0.5, 0.5, 0.5 as its name tells")


def test_a_name_that_decides_the_normalisation_is_part_of_the_identity(tmp_path: Path) -> None:
    for name in ("ResNet50.pt", "RadImageNet-ResNet50.pt"):
        (tmp_path / name).write_bytes(b"the same")
    assert weights_identity(tmp_path / "ResNet50.pt") != weights_identity(
        tmp_path / "RadImageNet-ResNet50.pt"
    )
    assert trained_on(tmp_path / "resnet50_imagenet1k.pt") == "imagenet"


def keras_layers(depth: tuple[int, ...], width: int, classes: int) -> dict[str, dict[str, np.ndarray]]:
    """Random weights of Keras applications' ResNet, under its own names and in its own shapes."""
    random = np.random.default_rng(0)
    layers: dict[str, dict[str, np.ndarray]] = {}

    def add(name: str, side: int, into: int, out: int) -> None:
        layers[f"{name}_conv"] = {
            "kernel": random.normal(0, (2 / (side * side * into)) ** 0.5, (side, side, into, out)),
            "bias": random.normal(0, 0.3, out),
        }
        layers[f"{name}_bn"] = {
            "gamma": random.uniform(0.5, 1, out),
            "beta": random.normal(0, 0.2, out),
            "moving_mean": random.normal(0, 0.3, out),
            "moving_variance": random.uniform(0.5, 1.5, out),
        }

    add("conv1", 7, 3, width)
    entering = width
    for stage, blocks in enumerate(depth, start=2):
        inner = width * 2 ** (stage - 2)
        for block in range(1, blocks + 1):
            name = f"conv{stage}_block{block}"
            if block == 1:
                add(f"{name}_0", 1, entering, 4 * inner)
            add(f"{name}_1", 1, entering, inner)
            add(f"{name}_2", 3, inner, inner)
            add(f"{name}_3", 1, inner, 4 * inner)
            entering = 4 * inner
    layers["predictions"] = {"kernel": random.normal(0, 0.02, (entering, classes)), "bias": np.zeros(classes)}
    return {layer: {n: v.astype(np.float32) for n, v in w.items()} for layer, w in layers.items()}


def keras_features(layers: dict[str, dict[str, np.ndarray]], images: torch.Tensor) -> torch.Tensor:
    """What Keras' own graph makes of images (N, 3, H, W) in BGR: explicit zero padding, valid convolutions, biases."""

    def convolved(x: torch.Tensor, name: str, stride: int = 1, pad: int = 0) -> torch.Tensor:
        conv, bn = layers[f"{name}_conv"], layers[f"{name}_bn"]
        kernel = torch.from_numpy(conv["kernel"]).permute(3, 2, 0, 1)
        y = functional.conv2d(functional.pad(x, (pad,) * 4), kernel, torch.from_numpy(conv["bias"]), stride)
        gamma, beta, mean, variance = (torch.from_numpy(v)[:, None, None] for v in bn.values())
        return gamma * (y - mean) / torch.sqrt(variance + 1.001e-5) + beta

    x = functional.relu(convolved(images, "conv1", stride=2, pad=3))
    x = functional.max_pool2d(functional.pad(x, (1, 1, 1, 1)), 3, 2)
    for name in (n.removesuffix("_1_conv") for n in layers if n.endswith("_1_conv") and "_block" in n):
        stride = 2 if name.endswith("block1") and not name.startswith("conv2_") else 1
        shortcut = convolved(x, f"{name}_0", stride) if f"{name}_0_conv" in layers else x
        y = functional.relu(convolved(x, f"{name}_1", stride))
        y = functional.relu(convolved(y, f"{name}_2", pad=1))
        x = functional.relu(shortcut + convolved(y, f"{name}_3"))
    return x.mean(dim=(2, 3))


def write_keras(file: Path, layers: dict[str, dict[str, np.ndarray]], whole_model: bool) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed: pip install 'whence[keras]'")
    file.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(file, "w") as opened:
        root = opened.create_group("model_weights") if whole_model else opened
        for layer, weights in layers.items():
            for name, value in weights.items():
                root.create_dataset(f"{layer}/{layer}/{name}:0", data=value)
        if whole_model:
            opened.create_dataset("optimizer_weights/conv1_conv/kernel:0", data=np.zeros((7, 7, 3, 64), "f4"))


@pytest.mark.parametrize("whole_model", [False, True])
def test_keras_resnet50_is_the_same_function(whole_model: bool, tmp_path: Path) -> None:
    layers = keras_layers((3, 4, 6, 3), 64, classes=10)
    file = tmp_path / ("RadImageNet-ResNet50_notop.h5" if whole_model else "resnet50_tf_kernels.h5")
    write_keras(file, layers, whole_model)
    network = build("resnet50", classes=2, dropout=0.0, seed=5).eval()
    found = load_into(network, read_weights(file))
    assert found.unused == []
    rgb = torch.randn(2, 3, 65, 70, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(
            penultimate(network, rgb), keras_features(layers, rgb.flip(1)), rtol=1e-4, atol=1e-4
        )
    told = read_record(file)
    assert json.loads(told["std"])[0] == (1.0 if whole_model else pytest.approx(1 / 255))
    assert json.loads(told["mean"]) == pytest.approx([123.68 / 255, 116.779 / 255, 103.939 / 255])
    assert trained_on(file) == ("radimagenet" if whole_model else None)


def test_a_keras_network_of_another_kind_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    write_keras(tmp_path / "small.h5", keras_layers((1, 1, 1, 1), 8, classes=2), whole_model=True)
    with pytest.raises(
        InputError, match=r"missing \(layer1\.1\.conv1\.weight.* another shape \(conv1\.weight"
    ):
        find_source(f"file:{tmp_path / 'small.h5'}", "resnet50")


def test_hdf5_that_leads_elsewhere_or_is_none_is_refused(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed: pip install 'whence[keras]'")
    (tmp_path / "no.h5").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="not a readable HDF5 file"):
        read_weights(tmp_path / "no.h5")
    (tmp_path / "secret.bin").write_bytes(bytes(64))
    with h5py.File(tmp_path / "outside.h5", "w") as file:
        file.create_dataset(
            "a/a/kernel:0", (16,), "f4", external=[(str(tmp_path / "secret.bin"), 0, h5py.h5f.UNLIMITED)]
        )
    with pytest.raises(InputError, match="points to data outside itself"):
        read_weights(tmp_path / "outside.h5")
    with h5py.File(tmp_path / "keras3.h5", "w") as file:
        file.create_dataset("layers/conv2d/vars/0", data=np.zeros((3, 3, 3, 8), "f4"))
    with pytest.raises(InputError, match="no layer with a kernel under its name"):
        read_weights(tmp_path / "keras3.h5")


def test_without_h5py_the_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "w.h5").touch()
    code = (
        "import sys; sys.modules['h5py'] = None\n"
        "from pathlib import Path; from whence.nets.weights import read_weights\n"
        f"read_weights(Path({str(tmp_path / 'w.h5')!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False
    )
    assert "pip install 'whence[keras]'" in done.stderr


def test_real_mobilenet_weights_in_torchvisions_names_know_imagenet(real_data: Path) -> None:
    """The file answers as torchvision's own network does, with its own head of a thousand classes."""
    from whence.nets.head import give_source_head

    weights = read_weights(real_data / "weights" / "mobilenet_v2_imagenet1k_keras.safetensors")
    assert weights.mean == (0.5, 0.5, 0.5)
    theirs = models.mobilenet_v2(weights=None)
    theirs.load_state_dict(weights.tensors)
    network = build("mobilenetv2_100", classes=2, dropout=0.0, seed=5)
    assert load_into(network, weights).unused == []
    give_source_head(network, weights)
    images = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(network.eval()(images), theirs.eval()(images), rtol=1e-3, atol=1e-3)


def test_real_squeezenet_weights_are_refused_as_timm_has_no_such_network(real_data: Path) -> None:
    file = real_data / "weights" / "squeezenet1_0_imagenet1k_dc.safetensors"
    with pytest.raises(
        InputError, match=r"does not fit the backbone: \d+ tensors are missing .*\(squeezenet1_0\)"
    ):
        find_source(f"file:{file}", "resnet18")


@given(
    st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=6, unique=True),
    st.lists(st.text("xyz", min_size=1, max_size=3), max_size=3),
)
def test_any_shared_prefix_is_found(names: list[str], above: list[str]) -> None:
    prefix = "".join(f"{part}." for part in above)
    assert without_prefix([prefix + name for name in names], set(names)) == {prefix + n: n for n in names}
