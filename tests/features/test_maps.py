"""Maps against their definitions; sheets of tiles by their pixels."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from whence.errors import InputError
from whence.features.drawing import GAP, LINE, TILE, WORDS, Row, grey, heat, over, sheet
from whence.features.maps import map_layer, maps
from whence.nets.backbone import build


def images(count: int = 3, size: int = 64) -> torch.Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1))


def largest_is_one(found: torch.Tensor) -> torch.Tensor:
    return found / found.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)


def test_at_the_last_layer_it_is_zhous_class_activation_map() -> None:
    """There the mean gradient of a map is the linear layer's weight, up to the map's area."""
    network = build("resnet18", 5, 0.0, seed=2).eval()
    x, classes = images(), torch.tensor([0, 3, 4])
    features, found = maps(network, x, "layer4", classes)
    with torch.no_grad():
        torch.testing.assert_close(features, network.forward_features(x))  # type: ignore[operator]
        weights = network.get_submodule("fc").weight[classes]  # type: ignore[index]
        by_hand = functional.relu(torch.einsum("nk,nkhw->nhw", weights, features))
        large = functional.interpolate(by_hand[:, None], (64, 64), mode="bilinear", align_corners=False)[:, 0]
    torch.testing.assert_close(found, largest_is_one(large), rtol=1e-4, atol=1e-5)
    assert all(p.grad is None for p in network.parameters())


def test_at_an_earlier_layer_channels_are_weighted_by_what_they_change() -> None:
    """A channel's weight by finite differences: the logit's change when a little is added to its whole map."""
    network, x, layer, chosen = (
        build("test_resnet", 4, 0.0, seed=2).double().eval(),
        images(1).double(),
        "layer2",
        2,
    )
    features, found = maps(network, x, layer, [chosen])
    added = torch.zeros(())

    def add(_module: nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        return output + added

    hook = network.get_submodule(layer).register_forward_hook(add)
    weights = []
    with torch.no_grad():
        for channel in range(features.shape[1]):
            added = torch.zeros(1, features.shape[1], 1, 1, dtype=torch.double)
            added[0, channel] = 1e-5
            up = network(x)[0, chosen]
            added = -added
            weights.append((up - network(x)[0, chosen]) / 2e-5)
    hook.remove()
    speaking = functional.relu(
        (torch.stack(weights)[None, :, None, None] * features).sum(dim=1, keepdim=True)
    )
    large = functional.interpolate(speaking, (64, 64), mode="bilinear", align_corners=False)[:, 0]
    torch.testing.assert_close(found, largest_is_one(large), rtol=1e-3, atol=1e-4)


def test_layers_are_named_and_tokens_refused() -> None:
    network = build("resnet18", 2, 0.0, seed=0)
    assert map_layer(network, None) == "layer4"
    with pytest.raises(InputError, match=r"'layer5'.*layer4"):
        map_layer(network, "layer5")
    tokens = build("test_vit", 2, 0.0, seed=0).eval()
    with pytest.raises(InputError, match="gives tokens, not maps"):
        maps(tokens, images(1, 160), map_layer(tokens, None), [0])


def test_colours_grow_brighter_and_greys_span_their_range() -> None:
    shades = heat(np.linspace(0, 1, 50)[None]).astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(shades[0]) > 0).all()
    assert set(grey(np.array([[3.0, 5.0]])).ravel()) == {0, 255}
    assert not grey(np.ones((2, 2))).any()
    image = np.full((4, 4, 3), 90, np.uint8)
    assert np.array_equal(over(image, np.zeros((4, 4))), image)


def test_a_sheet_shows_each_tile_in_its_place() -> None:
    tiles = [np.full((8, 8, 3), shade, np.uint8) for shade in (10, 200)]
    drawn = np.asarray(sheet("title", ["one", "two"], [Row(("words",), tiles), Row(("more",), tiles[:1])]))
    top = 3 * GAP + 2 * LINE
    for row, column, shade in ((0, 0, 10), (0, 1, 200), (1, 0, 10), (1, 1, 255)):
        across = GAP + WORDS + column * (TILE + GAP)
        down = top + row * (TILE + GAP)
        assert (drawn[down + 1 : down + TILE - 1, across + 1 : across + TILE - 1] == shade).all(), (
            row,
            column,
        )
