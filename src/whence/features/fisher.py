"""How much each filter of a frozen network matters to answers: squared gradients per image, averaged per filter.

For each image and each direction v in the network's penultimate features, the squares of the gradient of v · features
in every weight, averaged over the weights of each output filter. One pass forward and one back through the
activations serve a whole batch. A convolution's weight gradient of one image is G = g Aᵀ, g (O, P) being the gradient
at its output's P places and A (K, P) the patches that its filters of K weights see; only the row sums of G² are
wanted. They are taken from G, or, where P is small, from (g AᵀA) * g: neither G nor A is then formed, since AᵀA is a
sum, over the places of a kernel, of inner products of the input's pixels. Deep layers see 2 × 2 places of an image of
64 pixels and hold millions of weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from whence.errors import InputError
from whence.nets.backbone import head_names, penultimate

SLOW = 8  # multiplications in the time of an addition that is not one of a matrix product
LEAST_SHARE = 0.5  # of the backbone's weights, in layers that are looked at


class FilterMeans:
    """A network whose squared gradients are asked for: frozen, in eval mode; weights are used as they are.

    Watched are the weights of all convolutions and batch normalisations but the head's, in the network's order:
    ResNet-18 has 9,600 filters, ResNet-50 53,120. Raises `InputError` for a network that has most of its weights
    elsewhere, or whose convolutions pad in a way of their own.
    """

    def __init__(self, network: nn.Module, name: str = "the network") -> None:
        """Freeze `network`; `name` is what errors call it."""
        self.network = network.eval().requires_grad_(False)
        heads = tuple(f"{head}" for head in head_names(network))
        self._watched = [m for n, m in network.named_modules() if _is_watched(m) and not n.startswith(heads)]
        odd = [m for m in self._watched if isinstance(m, nn.Conv2d) and not _is_plain(m)]
        everything = sum(p.numel() for n, p in network.named_parameters() if not n.startswith(heads))
        share = sum(p.numel() for m in self._watched for p in m.parameters()) / max(everything, 1)
        if odd or share < LEAST_SHARE:
            found = (
                f"a {type(odd[0]).__name__} that pads in its own way"
                if odd
                else f"{share:.0%} of its weights there"
            )
            raise InputError(
                f"an embedding of filters looks at plain convolutions and batch normalisations; {name} has {found}. "
                "Take a ResNet as the probe"
            )
        sizes = [_filters(module) for module in self._watched]
        self._places = dict(zip(self._watched, accumulate([0, *sizes]), strict=False))
        self.filters = sum(sizes)

    def __call__(self, images: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
        """The filter means of squared gradients, (N, filters), of images (N, 3, H, W), summed over directions.

        `directions` are (R, N, D): for each image, vectors in its penultimate features.
        """
        sums = images.new_zeros(len(images), self.filters)
        with torch.enable_grad(), self._hooks(sums):
            features = penultimate(self.network, images)
            for number, direction in enumerate(directions):
                torch.autograd.backward(features, direction, retain_graph=number + 1 < len(directions))
        return sums

    @contextmanager
    def _hooks(self, sums: torch.Tensor) -> Iterator[None]:
        inputs: dict[nn.Module, torch.Tensor] = {}

        def before(module: nn.Module, given: tuple[Any, ...]) -> None:
            if module in inputs:
                raise InputError(
                    "the probe uses one of its layers twice, which its embedding cannot tell apart"
                )
            inputs[module] = given[0].detach()

        def after(module: nn.Module, output: torch.Tensor) -> None:
            if not output.requires_grad:
                output.requires_grad_()
            place, count = self._places[module], _filters(module)

            def add(gradient: torch.Tensor) -> None:
                sums[:, place : place + count] += _filter_means(module, inputs[module], gradient)

            output.register_hook(add)  # type: ignore[no-untyped-call]

        hooks = [module.register_forward_pre_hook(before) for module in self._watched]
        for module in self._watched:
            hooks.append(
                _last_linear(module).register_forward_hook(
                    lambda _m, _i, out, module=module: after(module, out)
                )
            )
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


def _is_watched(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d) or (isinstance(module, nn.BatchNorm2d) and module.affine)


def _is_plain(module: nn.Conv2d) -> bool:
    return (
        type(module) is nn.Conv2d and module.padding_mode == "zeros" and not isinstance(module.padding, str)
    )


def _filters(module: nn.Module) -> int:
    return module.out_channels if isinstance(module, nn.Conv2d) else module.num_features  # type: ignore[return-value]


def _last_linear(module: nn.Module) -> nn.Module:
    """The module whose output is linear in the weights: timm's normalisation with an activation has it inside."""
    inner = getattr(module, "drop", None)
    return inner if isinstance(module, nn.BatchNorm2d) and isinstance(inner, nn.Module) else module


def _filter_means(module: nn.Module, x: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """Mean squared weight gradient of each filter, (N, O), from input and output gradient."""
    if isinstance(module, nn.Conv2d):
        return _of_convolution(module, x, g)
    assert isinstance(module, nn.BatchNorm2d)
    mean, variance = module.running_mean, module.running_var
    if mean is None or variance is None:
        raise InputError("the probe's batch normalisation keeps no statistics; take weights that do")
    centred = x - mean[:, None, None]
    return (centred * g).sum(dim=(2, 3)).square() / (variance + module.eps)


def _of_convolution(module: nn.Conv2d, x: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    n, groups = len(x), module.groups
    shape = g.shape[2:]
    g = g.reshape(n * groups, module.out_channels // groups, -1)
    if _inner_products_are_cheaper(module, x, g):
        squares = (torch.bmm(g, _inner_products(module, x, shape)) * g).sum(dim=2)
    else:
        patches = _patches(module, x)
        patches = patches.reshape(n * groups, patches.shape[1] // groups, -1)
        squares = torch.bmm(g, patches.transpose(1, 2)).square_().sum(dim=2)
    return squares.reshape(n, module.out_channels) / module.weight[0].numel()


def _inner_products_are_cheaper(module: nn.Conv2d, x: torch.Tensor, g: torch.Tensor) -> bool:
    """By multiplications per image and group; a sum over the places of a kernel waits for memory."""
    filters, places = g.shape[1:]
    channels, kernel = x.shape[1] // module.groups, module.weight[0, 0].numel()
    pixels = places if kernel == 1 else x.shape[2] * x.shape[3]
    return pixels**2 * channels + places**2 * (SLOW * kernel + filters) < places * filters * channels * kernel


def _inner_products(module: nn.Conv2d, x: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """AᵀA of each image and group, (N · groups, P, P): what the patches at two places have in common."""
    down, across = shape
    if module.weight[0, 0].numel() == 1:
        patches = _patches(module, x).reshape(len(x) * module.groups, -1, down * across)
        return torch.bmm(patches.transpose(1, 2), patches)
    assert not isinstance(module.padding, str)  # `_is_plain`
    (top, left), (step_down, step_across) = module.padding, module.stride
    x = F.pad(x, (left, left, top, top))
    height, width = x.shape[2:]
    pixels = x.reshape(len(x) * module.groups, -1, height * width)
    common = torch.bmm(pixels.transpose(1, 2), pixels).reshape(-1, height, width, height, width)
    total = common.new_zeros(len(common), down, across, down, across)
    for i in range(0, module.kernel_size[0] * module.dilation[0], module.dilation[0]):
        rows = slice(i, i + step_down * (down - 1) + 1, step_down)
        for j in range(0, module.kernel_size[1] * module.dilation[1], module.dilation[1]):
            columns = slice(j, j + step_across * (across - 1) + 1, step_across)
            total += common[:, rows, columns, rows, columns]
    return total.reshape(-1, down * across, down * across)


def _patches(module: nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
    """What each place of the output sees, (N, channels × kernel, places)."""
    if tuple(module.kernel_size) == (1, 1) and not any(module.padding):
        down, across = module.stride
        return x[:, :, ::down, ::across].flatten(2)
    assert not isinstance(module.padding, str)  # `_is_plain`
    return F.unfold(x, module.kernel_size, module.dilation, module.padding, module.stride)
