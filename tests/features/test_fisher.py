"""The Fisher information of filters against brute force: one image, one label, one weight tensor at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

from whence.errors import InputError
from whence.features import fisher
from whence.features.fisher import FilterMeans
from whence.features.task_head import Head, exact_directions, fit_head, sampled_directions
from whence.nets.backbone import build


class Tiny(nn.Module):
    """Strides, padding, dilation, groups, batch normalisations, activations in place, a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.pretrained_cfg = {"classifier": "fc"}
        self.first, self.norm = nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(4)
        self.deep, self.deep_norm = nn.Conv2d(4, 6, 3, padding=2, dilation=2, groups=2), nn.BatchNorm2d(6)
        self.short = nn.Conv2d(4, 6, 1, bias=False)
        self.last, self.last_norm = nn.Conv2d(6, 5, (2, 1), stride=(2, 1)), nn.BatchNorm2d(5)
        self.act = nn.ReLU(inplace=True)
        self.fc = nn.Linear(5, 3)

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act(self.norm(self.first(x)))
        shortcut = self.short(x)
        x = self.deep_norm(self.deep(x))
        x += shortcut
        out: torch.Tensor = torch.tanh(self.last_norm(self.last(self.act(x))))
        return out

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        out: torch.Tensor = x.mean(dim=(2, 3))
        return out if pre_logits else self.fc(out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.forward_head(self.forward_features(x))


def tiny() -> Tiny:
    torch.manual_seed(3)
    network = Tiny().double().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
            module.running_mean = torch.randn_like(module.weight)
            module.running_var = torch.rand_like(module.weight) + 0.3
    return network.requires_grad_(False)


def head_of(network: nn.Module) -> Head:
    fc = network.get_submodule("fc")
    return Head(fc.weight.detach().numpy(), fc.bias.detach().numpy())  # type: ignore[operator]


def weights_of(network: nn.Module) -> Iterator[torch.Tensor]:
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d) and name != "fc":
            yield module.weight


def brute_force(network: nn.Module, images: torch.Tensor) -> np.ndarray:
    """Sum over classes of p(y|x) (∂ log p(y|x) / ∂w)², averaged over each filter and over the images."""
    weights = [w.requires_grad_(True) for w in weights_of(network)]
    total = np.zeros(sum(len(w) for w in weights))
    for image in images:
        for y in range(3):
            log_p = torch.log_softmax(network(image[None])[0], dim=0)
            gradients = torch.autograd.grad(log_p[y], weights)
            squares = [g.square().reshape(len(g), -1).mean(dim=1) for g in gradients]
            total += float(log_p[y].detach().exp()) * torch.cat(squares).numpy()
    for weight in weights:
        weight.requires_grad_(False)
    return total / len(images)


@pytest.mark.parametrize("inner_products", [True, False])
def test_exact_fisher_is_brute_force(inner_products: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By each way to sum the squares, for every layer."""
    monkeypatch.setattr(fisher, "_inner_products_are_cheaper", lambda *_: inner_products)
    network = tiny()
    images = torch.randn(7, 3, 12, 15, dtype=torch.float64)
    expected = brute_force(network, images)
    means = FilterMeans(network)
    head = head_of(network)
    features = network.forward_head(network.forward_features(images), pre_logits=True).numpy()
    directions = torch.from_numpy(exact_directions(head.probabilities(features)) @ head.weight)
    assert directions.shape[0] == 2
    found = means(images, directions).mean(dim=0).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=0)
    again = torch.cat([means(images[i : i + 1], directions[:, i : i + 1]) for i in range(7)]).mean(dim=0)
    np.testing.assert_allclose(again.numpy(), expected, rtol=1e-8, atol=0)


def test_sampled_labels_have_the_exact_fisher_as_their_mean_and_batch_means_do_not() -> None:
    network = tiny()
    images = torch.randn(4, 3, 9, 9, dtype=torch.float64)
    exact, head = brute_force(network, images), head_of(network)
    features = network.forward_head(network.forward_features(images), pre_logits=True).numpy()
    draws = np.random.default_rng(0).random((4, 1000))
    directions = sampled_directions(head.probabilities(features), draws) @ head.weight
    means = FilterMeans(network)
    found = means(images, torch.from_numpy(directions)).mean(dim=0).numpy()
    np.testing.assert_allclose(found, exact, rtol=0.2)
    assert found.sum() / exact.sum() == pytest.approx(1, rel=0.05)


def test_directions_square_to_the_covariance_of_slopes() -> None:
    random = np.random.default_rng(0)
    for classes in (2, 3, 7):
        p = random.dirichlet(np.full(classes, 0.3), size=20)
        p[0] = np.eye(classes)[1]  # a head that is certain
        directions = exact_directions(p)
        assert directions.shape == (classes - 1, 20, classes)
        found = np.einsum("rni,rnj->nij", directions, directions)
        expected = np.einsum("ni,ij->nij", p, np.eye(classes)) - np.einsum("ni,nj->nij", p, p)
        np.testing.assert_allclose(found, expected, atol=1e-14)


def test_labels_are_drawn_as_often_as_the_head_says() -> None:
    p = np.array([[0.7, 0.2, 0.1]])
    slopes = sampled_directions(p, np.random.default_rng(0).random((1, 20000)))
    drawn = (slopes * np.sqrt(20000) + p).argmax(axis=2)[:, 0]
    np.testing.assert_allclose(np.bincount(drawn) / 20000, p[0], atol=0.01)


def test_the_head_is_the_penalised_optimum_with_any_number_of_images() -> None:
    """The slope of the penalised mean loss, worked out by hand, is zero."""
    random = np.random.default_rng(1)
    for n, d, classes in ((40, 6, 3), (12, 30, 3), (30, 8, 2), (20, 13, 12)):
        y = np.arange(n) % classes
        x = (random.normal(size=(n, d)) + np.eye(d)[y] * 2 + 5).astype(np.float32)
        head = fit_head(x, y, penalty=0.02)
        centred = x.astype(float) - x.astype(float).mean(axis=0)
        length = np.sqrt((centred**2).sum(axis=1).mean())
        residual = head.probabilities(x.astype(float)) - np.eye(classes)[y]
        slope = residual.T @ (centred / length) / n + 0.02 * head.weight * length
        np.testing.assert_allclose(slope, 0, atol=2e-5)
        np.testing.assert_allclose(residual.mean(axis=0), 0, atol=2e-5)


def test_the_numbers_of_filters_are_the_method_s() -> None:
    for backbone, filters in (("resnet18", 9600), ("resnet34", 17024), ("resnet50", 53120)):
        with torch.device("meta"):  # shapes without numbers
            assert FilterMeans(build(backbone, 2, 0.0, 0)).filters == filters


@pytest.mark.parametrize("backbone", ["test_resnet", "mobilenetv3_small_100", "test_efficientnet"])
def test_families_with_activations_inside_and_depthwise_convolutions(backbone: str) -> None:
    """Against autograd's own gradients, one image at a time."""
    network = build(backbone, 3, 0.0, 1).double().eval()
    means = FilterMeans(network)
    images = torch.randn(3, 3, 64, 64, dtype=torch.float64)
    width = network.num_features if backbone != "mobilenetv3_small_100" else 1024
    directions = torch.randn(2, 3, int(width), dtype=torch.float64)  # type: ignore[arg-type]
    found = means(images, directions)
    weights = [
        module.weight for module in network.modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d)
    ]
    for weight in weights:
        weight.requires_grad_(True)
    for i in range(3):
        total = torch.zeros(means.filters, dtype=torch.float64)
        for direction in directions[:, i]:
            maps = network.forward_features(images[i : i + 1])  # type: ignore[operator]
            value = network.forward_head(maps, pre_logits=True)[0] @ direction  # type: ignore[operator]
            gradients = torch.autograd.grad(value, weights)
            total += torch.cat([g.square().reshape(len(g), -1).mean(dim=1) for g in gradients])
        np.testing.assert_allclose(found[i].numpy(), total.numpy(), rtol=1e-8, atol=1e-25)


def test_networks_without_convolutions_are_refused() -> None:
    with pytest.raises(InputError, match="Take a ResNet as the probe"):
        FilterMeans(_Linear(), "it")


class _Linear(nn.Module):
    pretrained_cfg = {"classifier": "head"}  # noqa: RUF012
