"""How differently two datasets are described: the facts of the paper's Table I, without looking at a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from whence.measures.contract import Measure

# The widest ratios in the paper's Table I, beyond which two datasets differ as much as can be.
IMAGES = 1_431_167 / 960
CLASSES = 1000 / 2
SIDE = math.sqrt(2916 * 2583) / 72


def card(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    """The mean difference of the facts that both cards state, in [0, 1]; lower is closer.

    A card is a mapping as `whence datasets show --json` prints: `origin` ("medical", "natural" or None), `channels`
    (1 or 3), `images` (a count), `classes` (their names, or a count), `size` ({"min": [height, width], "max": …} in
    pixels). Origin and channels differ by 0 or 1. Numbers of images and classes, and the typical side of an image
    (the geometric mean of all four numbers of its size), differ by the logarithm of their ratio, divided by that
    of the widest ratio in the paper's Table I, 1 at most. A fact that one of them does not state is left out.
    Raises `ValueError` where no fact is stated by both, or where a count is not above 0.
    Source: the facts are those of van den Brandt et al. (2021), Table I; the way to add them is Gower's, *A general
    coefficient of similarity and some of its properties* (1971).
    """
    differences = [
        *_alike(a.get("origin"), b.get("origin")),
        *_alike(a.get("channels"), b.get("channels")),
        *_ratio(_number(a, "images"), _number(b, "images"), IMAGES),
        *_ratio(_number(a, "classes"), _number(b, "classes"), CLASSES),
        *_ratio(_side(a), _side(b), SIDE),
    ]
    if not differences:
        raise ValueError(
            "no fact is stated by both cards: origin, channels, images, classes or size is needed"
        )
    return sum(differences) / len(differences)


def _alike(one: Any, other: Any) -> list[float]:
    return [] if one is None or other is None else [float(one != other)]


def _ratio(one: float | None, other: float | None, widest: float) -> list[float]:
    if one is None or other is None:
        return []
    return [min(abs(math.log(one / other)) / math.log(widest), 1.0)]


def _number(facts: Mapping[str, Any], name: str) -> float | None:
    found = facts.get(name)
    if found is None:
        return None
    count = float(found if isinstance(found, int | float) else len(found))
    if not 0 < count < math.inf:
        raise ValueError(f"{name} of a card must be above 0, not {found!r}")
    return count


def _side(facts: Mapping[str, Any]) -> float | None:
    size = facts.get("size")
    if size is None:
        return None
    sides = [float(side) for end in ("min", "max") for side in size[end]]
    if min(sides) <= 0:
        raise ValueError(f"size of a card must be above 0, not {size!r}")
    return math.exp(sum(map(math.log, sides)) / len(sides))


MEASURE = Measure(
    name="card",
    kind="distance",
    compute=card,
    higher_is_better=False,
    bounds=(0.0, 1.0),
    needs=("cards",),
    symmetric=True,
    zero_on_itself=True,
    cost="none to speak of: five facts",
    citation="The facts of van den Brandt et al., Cats, not CAT scans, 2021, Table I, added as in Gower: A general "
    "coefficient of similarity and some of its properties. Biometrics 1971",
    meaning="Five facts that are known before anything is computed: medical or not, grey or colour, how many images, "
    "how many classes, how large the images are. 0: all the same. 1: as different as any two datasets of the "
    "study.",
    trust="As a baseline: a measure that looks at the images should do better than this. Facts that are not known, "
    "such as the origin of a folder without a card, are left out, and then it says less.",
    blind_to="everything in the images",
)
