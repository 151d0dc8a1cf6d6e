"""A recipe told to people: every setting with where its value comes from, and the weights' own size beside its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from whence.nets.sources import Source
from whence.training.recipe import Origin, Recipe, make_recipe, origins

WORDS: dict[Origin, str] = {
    "paper": "printed in the paper",
    "code": "left open by the paper's text",
    "ours": "ours",
    "user": "yours",
}


def recipe_rows(recipe: Recipe, found: Mapping[str, Origin]) -> list[dict[str, Any]]:
    """One row per setting, `setting, value, origin`, in the recipe's order: for a table of settings."""
    return [
        {"setting": name, "value": value, "origin": found[name]}
        for name, value in recipe.settings().items()
        if name in found
    ]


def recipe_document(choice: str | Mapping[str, Any], target: str = "") -> dict[str, Any]:
    """`{setting: {value, origin}}` of the recipe that fine-tunes on `target`: part of `whence finetune --json`."""
    rows = recipe_rows(make_recipe(choice, "finetune", target), origins(choice, "finetune", target))
    return {row["setting"]: {"value": row["value"], "origin": row["origin"]} for row in rows}


def told_recipe(recipe: Recipe, found: Mapping[str, Origin]) -> str:
    """All settings in one line, put together by where they come from."""
    rows = recipe_rows(recipe, found)
    parts = []
    for origin, words in WORDS.items():
        values = [f"{r['setting']} {_value(r['value'])}" for r in rows if r["origin"] == origin]
        if values:
            parts.append(f"{words}: {', '.join(values)}")
    return f"recipe {recipe.name}: {'; '.join(parts)}"


def told_size(source: str, own: int | None, sizes: list[int]) -> str:
    """The size of the images that a source's weights were made on, beside what the recipes give them now."""
    made = "of a size that is not recorded" if own is None else f"of {own} pixels"
    return f"{source}: weights made on images {made}; trained here on {' and '.join(map(str, sizes))} pixels"


def told_pretraining(by_recipe: Mapping[str, Sequence[str]]) -> list[str]:
    """One line per recipe in words, with the sources that are pretrained by it."""
    return [
        f"pretraining on {', '.join(dict.fromkeys(sources))}: {words}" for words, sources in by_recipe.items()
    ]


def told_plan(
    sources: Sequence[Source],
    labels: Mapping[str, str],
    recipes: Mapping[tuple[str, str], Recipe],
    found: Mapping[tuple[str, str], Mapping[str, Origin]],
    pretrained_by: Mapping[str, Sequence[str]],
) -> list[str]:
    """How weights were read, their own size beside the recipes', and where each setting comes from."""
    sizes = sorted({recipe.size for recipe in recipes.values()})
    notes = [told_size(labels[s.name], s.size, sizes) for s in sources if s.kind == "weights"]
    notes += [f"{labels[s.name]}: {s.told}" for s in sources if s.told]
    notes += told_pretraining(pretrained_by)
    notes += [told_recipe(recipe, found[of]) for of, recipe in recipes.items()]
    return list(dict.fromkeys(notes))


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_value(inner)}" for name, inner in value.items()) + ")"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
