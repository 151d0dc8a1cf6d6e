"""The optimiser of a recipe over the parameters that are tuned."""

from __future__ import annotations

from torch import nn, optim

from whence.training.settings import Recipe


def make_optimiser(network: nn.Module, recipe: Recipe) -> optim.Optimizer:
    """Adam or AdamW; weight decay acts on matrices and kernels, not on biases and normalisation (timm's custom)."""
    tuned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    kind = optim.AdamW if recipe.optimizer == "adamw" else optim.Adam
    if recipe.weight_decay == 0:
        return kind(tuned, lr=recipe.learning_rate, weight_decay=0)
    groups = [
        {"params": [p for p in tuned if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in tuned if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return kind([group for group in groups if group["params"]], lr=recipe.learning_rate)
