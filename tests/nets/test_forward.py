"""Images as a network expects them: to the bit what the plain formula gives."""

import torch

from whence.nets.forward import Normalisation
from whence.records import IMAGENET_MEAN, IMAGENET_STD


def test_normalisation_is_the_plain_formula_to_the_bit_and_in_its_layout() -> None:
    random = torch.Generator().manual_seed(0)
    for shape in ((2, 17, 33, 3), (1, 64, 64, 3), (0, 8, 8, 3)):
        pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)
        mean = torch.tensor(IMAGENET_MEAN).mul(255).view(1, -1, 1, 1)
        std = torch.tensor(IMAGENET_STD).mul(255).view(1, -1, 1, 1)
        plain = (pixels.permute(0, 3, 1, 2).float() - mean) / std
        found = Normalisation(IMAGENET_MEAN, IMAGENET_STD)(pixels)
        assert torch.equal(found, plain)
        assert found.stride() == plain.stride()
