"""Recipes by name: the settings of a training as data, and where each of them comes from.

`paper` holds what the paper prints (Table III, Appendix B) and what its text leaves open, `small` is for sets of
some hundred images, `modern` is how networks are fine-tuned today. A study file may name one or override it field
by field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ValidationError

from whence.errors import InputError, unknown_name
from whence.training.settings import Augmentation, Cosine, Recipe, Schedule

__all__ = [
    "PAPER_TABLE",
    "RECIPES",
    "Augmentation",
    "Cosine",
    "Recipe",
    "Schedule",
    "make_recipe",
    "origins",
    "steps",
]

Origin = Literal["paper", "code", "ours", "user"]
Use = Literal["pretrain", "finetune"]

_PAPER = {"name": "paper", "size": 112, "batch": 128, "epochs": 50, "learning_rate": 1e-4}
_SMALL = {"name": "small", "size": 64, "batch": 32, "epochs": 12, "learning_rate": 3e-4}
_MODERN = {
    "name": "modern",
    "size": 96,
    "batch": 32,
    "epochs": 30,
    "learning_rate": 3e-4,
    "optimizer": "adamw",
    "weight_decay": 0.05,
    "schedule": {"warm_up": 0.1},
    "label_smoothing": 0.1,
    "dropout": 0.2,
    "keep": "best",
    "patience": 8,
}
RECIPES: dict[str, Mapping[str, Any]] = {"paper": _PAPER, "small": _SMALL, "modern": _MODERN}

# Where the values of recipe `paper` come from; "code": not in the paper's text, so only its authors' code can tell.
_ORIGIN: dict[str, Origin] = {
    "size": "paper",
    "batch": "paper",
    "epochs": "paper",
    "learning_rate": "paper",
    "optimizer": "paper",
    "schedule": "paper",
    "class_weights": "paper",
    "tune": "paper",
    "dropout": "code",
    "augmentation": "code",
}

# The paper's Table III (pretraining) and Appendix B (fine-tuning), dataset by dataset. Its images are not all
# square: DTD's 300 × 300 is kept, KimiaPath960's 308 × 168 becomes 224 × 224 (ours), nearly the same area.
PAPER_TABLE: dict[Use, dict[str, Mapping[str, Any]]] = {
    "pretrain": {
        "paper:stl10": {"size": 96, "learning_rate": 1e-3, "schedule": {"after": 30}, "epochs": 50},
        "paper:sti10": {"size": 112, "learning_rate": 1e-4, "schedule": {"after": 50}, "epochs": 70},
        "paper:dtd": {"size": 300, "batch": 12, "learning_rate": 1e-3, "epochs": 60},
        "paper:isic2018": {"size": 112, "learning_rate": 1e-5, "epochs": 70},
        "paper:chest-xray": {"size": 112, "learning_rate": 1e-6, "epochs": 70},
        "paper:pcam-middle": {"size": 96, "learning_rate": 1e-6, "epochs": 50},
        "paper:pcam-small": {"size": 96, "learning_rate": 1e-6, "epochs": 70},
        "paper:kimia960": {"size": 224, "batch": 12, "learning_rate": 1e-5, "epochs": 100},
    },
    # Learning rates per target are printed as a range only, 1e-4 to 1e-6: the middle of it is ours.
    "finetune": {
        "paper:isic2018": {"learning_rate": 1e-5},
        "paper:chest-xray": {"learning_rate": 1e-5},
        "paper:pcam-middle": {"size": 96, "learning_rate": 1e-5, "epochs": 20},
    },
}


def make_recipe(
    chosen: str | Mapping[str, Any], use: Use, dataset: str = "", overrides: Mapping[str, Any] | None = None
) -> Recipe:
    """A validated recipe from a name or a mapping with `base`, for one use and dataset.

    The order, later ones winning: the base recipe, the paper's own values for this dataset (base `paper`),
    the mapping's fields, `overrides`. An `InputError` names the field, what was found and what is accepted.
    """
    fields = {"base": chosen} if isinstance(chosen, str) else dict(chosen)
    base = fields.pop("base", "small")
    if base not in RECIPES:
        raise unknown_name("recipe", str(base), RECIPES)
    merged = dict(RECIPES[base])
    if base == "paper":
        merged |= PAPER_TABLE[use].get(dataset, {})
    merged |= fields
    merged |= overrides or {}
    if isinstance(chosen, Mapping) and len(chosen) > 1 and "name" not in fields:
        merged["name"] = f"{base}*"
    try:
        return Recipe.model_validate(merged)
    except ValidationError as error:
        raise _told(error) from error


def origins(
    chosen: str | Mapping[str, Any], use: Use, dataset: str = "", overrides: Mapping[str, Any] | None = None
) -> dict[str, Origin]:
    """Where the value of each field of such a recipe comes from; the arguments are those of `make_recipe`.

    "paper": printed there; "code": the paper's text leaves it open; "ours": our choice; "user": an override.
    """
    base = chosen if isinstance(chosen, str) else str(chosen.get("base", "small"))
    named, paper = make_recipe(base, use, dataset).settings(), make_recipe("paper", use, dataset).settings()
    # A range of learning rates is printed for targets, and a size that is not square for KimiaPath960.
    open_in_paper = {"learning_rate"} if use == "finetune" else set()
    open_in_paper |= {"size"} if dataset == "paper:kimia960" else set()
    found: dict[str, Origin] = {}
    for field, value in make_recipe(chosen, use, dataset, overrides).settings().items():
        if field == "name":
            continue
        if value != named[field]:
            found[field] = "user"
        elif value == paper[field] and field not in open_in_paper:
            found[field] = _ORIGIN.get(field, "ours")
        else:
            found[field] = "ours"
    return found


def _told(error: ValidationError) -> InputError:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["loc"][0] == "schedule":
        return InputError(
            f"recipe field 'schedule': found {first['input']!r}; accepted are constant, {{after: EPOCH, factor: 0.5}} "
            "(once multiplied by factor) and {warm_up: SHARE} (warm-up over this share of the steps, then a cosine)"
        )
    if first["loc"][0] == "tune":
        return InputError(
            f"recipe field 'tune': found {first['input']!r}; accepted are all, head and last:K (the head and the last "
            "K stages below it)"
        )
    if first["type"] == "extra_forbidden":
        known = Augmentation.model_fields if field.startswith("augmentation.") else Recipe.model_fields
        return unknown_name("recipe field", field, [name for name in known if name != "name"])
    return InputError(f"recipe field {field!r}: found {first['input']!r}; {first['msg']}")


def steps(recipe: Recipe, training_images: int) -> int:
    """How many times the optimiser steps in one training."""
    return recipe.epochs * max(1, -(-training_images // recipe.batch))
