"""Recipes: every setting of a training, as data, each with its origin.

`paper` holds what the paper prints (Table III, Appendix B) and what its text leaves open, `small` is for sets of
some hundred images. A study file may name one or override it field by field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from whence.errors import InputError, unknown_name

Origin = Literal["paper", "code", "ours"]
Use = Literal["pretrain", "finetune"]


class Augmentation(BaseModel):
    """The paper's small random changes of a training image; `strength` scales all ranges, 0 switches them off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    strength: Annotated[float, Field(ge=0, le=10)] = 1.0
    rotation: Annotated[float, Field(ge=0, le=180)] = 10.0  # degrees, either way
    shift: Annotated[float, Field(ge=0, le=0.5)] = 0.1  # of the image's side, either way
    flip: bool = True  # left to right, in half of the images


class Schedule(BaseModel):
    """Multiply the learning rate by `factor` once, after epoch `after` (the paper's scheduler)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after: Annotated[int, Field(ge=1)]
    factor: Annotated[float, Field(gt=0, le=1)] = 0.5


class Recipe(BaseModel):
    """The settings of one training."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    size: Annotated[int, Field(ge=16, le=1024)]  # side of the square image, in pixels
    batch: Annotated[int, Field(ge=2, le=4096)]
    epochs: Annotated[int, Field(ge=1, le=10_000)]
    learning_rate: Annotated[float, Field(gt=0, le=10)]
    optimizer: Literal["adam"] = "adam"
    schedule: Literal["constant"] | Schedule = "constant"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
    augmentation: Augmentation = Augmentation()
    class_weights: bool = True
    tune: Literal["all"] = "all"
    fit: Literal["squash", "crop"] = "squash"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"

    def settings(self) -> dict[str, Any]:
        """Every field as plain JSON values: what is hashed into a job's key."""
        return self.model_dump(mode="json")


# What the fields of a recipe go back to where it does not say otherwise itself.
ORIGIN: dict[str, Origin] = {
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
    "fit": "ours",
    "precision": "ours",
}

_PAPER = {"name": "paper", "size": 112, "batch": 128, "epochs": 50, "learning_rate": 1e-4}
_SMALL = {"name": "small", "size": 64, "batch": 32, "epochs": 12, "learning_rate": 3e-4}
RECIPES: dict[str, Mapping[str, Any]] = {"paper": _PAPER, "small": _SMALL}

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
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = Augmentation.model_fields if field.startswith("augmentation.") else Recipe.model_fields
            raise unknown_name("recipe field", field, [name for name in known if name != "name"]) from error
        raise InputError(f"recipe field {field!r}: found {first['input']!r}; {first['msg']}") from error


def steps(recipe: Recipe, training_images: int) -> int:
    """How many times the optimiser steps in one training."""
    return recipe.epochs * max(1, -(-training_images // recipe.batch))
