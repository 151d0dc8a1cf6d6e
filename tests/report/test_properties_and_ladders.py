"""What a study varies: properties of its sources, sizes, augmentation, mixtures, networks, sites."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.data.diversity import diversity
from whence.data.survey import Survey
from whence.errors import InputError
from whence.report import StudyResults, render_study
from whence.report.arrays import grid_of
from whence.report.augmentation import augmentation_figure, shares_of
from whence.report.common_ground import common_ground
from whence.report.configurations import against_sentences, configurations_table, in_practice
from whence.report.ladders import ladder_figure, size_of
from whence.report.plan_drawing import drawing, plan_parts
from whence.report.properties import effects, effects_figure, effects_table
from whence.report.tidy import summarise, tidy_outcomes
from whence.report.together import together
from whence.stats import Contrast

Make = Callable[..., Any]


def facts(name: str, images: int, origin: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "images": images, "origin": origin, "classes": ["a", "b"], "channels": 3} | more


def test_an_effect_is_the_slope_over_what_the_datasets_say(outcome: Make) -> None:
    """Ten times the images bring two AUC points on either target; the targets' own levels do not matter."""
    rows = [
        outcome(f"s{images}", target, fold, level + 0.02 * math.log10(images) + 0.001 * fold)
        for images in (100, 1000, 10_000, 100_000)
        for target, level in (("t", 0.7), ("u", 0.8))
        for fold in (1, 2, 3)
    ]
    grid = grid_of(tidy_outcomes(pd.DataFrame(rows)))
    origins = {100: "medical", 1000: "natural", 10_000: "medical", 100_000: "natural"}
    datasets = [
        facts(f"s{n}", n, origin, size={"min": [64, 64], "max": [64, 64]}) for n, origin in origins.items()
    ]
    found = effects(grid, datasets).set_index("property")
    assert set(found.index) == {"size", "origin"}  # classes, channels and resolution are the same for all
    by_size, by_origin = found["effect"]["size"], found["effect"]["origin"]
    assert (by_size, by_origin) == (pytest.approx(2), pytest.approx(-2))
    assert (found["low"]["size"], found["high"]["size"]) == (pytest.approx(2), pytest.approx(2))
    assert "+2.0 [" in effects_table(found.reset_index()).blocks[0][1][0][1][2]
    assert "ten times the images: +2.0" in effects_figure({"": found.reset_index()}).panels[0].alt_text


@given(st.integers(2, 12), st.integers(0, 1000))
def test_diversity_is_the_mean_distance_of_all_pairs(count: int, seed: int) -> None:
    hashes = np.random.default_rng(seed).integers(0, 256, (count, 8, 32), dtype=np.uint8)
    blank: dict[str, Any] = dict.fromkeys(Survey.__dataclass_fields__)
    seen = Survey(**(blank | {"height": np.ones(count), "perceptual_hash": hashes}))
    bits = np.unpackbits(hashes[:, 0], axis=1)
    pairs = [np.mean(bits[i] != bits[j]) for i in range(count) for j in range(i)]
    assert diversity(seen) == pytest.approx(np.mean(pairs))


def test_names_tell_sizes_and_shares() -> None:
    assert size_of("paper:dtd[n=1000]") == ("paper:dtd", 1000)
    assert size_of("xrays[label=ill,n=20]") == ("xrays[label=ill]", 20)
    assert size_of("paper:dtd") is None
    assert shares_of("mix(paper:dtd, paper:isic2018, ratio=1:3)") == (("paper:dtd", "paper:isic2018"), 0.25)
    assert shares_of("mix(a, b)") is None
    assert shares_of("paper:dtd") is None


def test_a_size_ladder_of_a_target_and_of_a_source(outcome: Make) -> None:
    rows = [outcome("none", f"x[n={n}]", fold, 0.6 + n / 1000) for n in (50, 100) for fold in (1, 2)]
    rows += [outcome("none", "x", fold, 0.9) for fold in (1, 2)]
    rows += [outcome(f"s[n={n}]", "x", fold, 0.8) for n in (10, 20) for fold in (1, 2)]
    tidy = tidy_outcomes(pd.DataFrame(rows))
    figure = ladder_figure(tidy, summarise(tidy), [{"name": "x", "images": 400}])
    assert [panel.title for panel in figure.panels] == ["x as target", "s as source"]
    for part in ("none 0.650 with 50", "none 0.700 with 100", "none 0.900 with 400"):
        assert part in figure.panels[0].alt_text
    plain = tidy[tidy["target"] == "x"].query("source == 'none'")
    assert ladder_figure(plain, summarise(plain), []).panels == []


def test_augmentation_by_mixture(outcome: Make) -> None:
    rows = [
        outcome(source, "t", fold, auc + bonus, recipe=recipe)
        for recipe, bonus in (("none", 0.0), ("strong", 0.05))
        for source, auc in (("mix(a, b, ratio=1:3)", 0.8), ("mix(a, b, ratio=1:1)", 0.7), ("c", 0.6))
        for fold in (1, 2)
    ]
    tidy = tidy_outcomes(pd.DataFrame(rows))
    recipes = {"none": {"augmentation": {"strength": 0.0}}, "strong": {"augmentation": {"strength": 2.0}}}
    figure = augmentation_figure(tidy, recipes)
    assert [panel.title for panel in figure.panels] == ["t · a + b", "t"]
    assert "strength 2, 25 % a: 0.850" in figure.panels[0].alt_text
    assert augmentation_figure(tidy, {"none": recipes["none"]}).panels == []


def test_pure_datasets_are_the_ends_of_their_mixture_and_networks_have_maps_of_their_own(
    outcome: Make,
) -> None:
    rows = [
        outcome(source, "t", fold, auc + plus, recipe=recipe, backbone=backbone)
        for backbone, plus in (("large", 0.1), ("small", 0.0))
        for recipe in ("still", "strong", "other")
        for source, auc in (("a", 0.8), ("mix(a, b, ratio=1:1)", 0.7), ("b", 0.6), ("none", 0.5))
        for fold in (0, 1)
    ]
    recipes = {
        "still": {"name": "still", "epochs": 5, "augmentation": {"strength": 0.0, "flip": True}},
        "strong": {"name": "strong", "epochs": 5, "augmentation": {"strength": 2.0, "flip": True}},
        "other": {"name": "other", "epochs": 50, "augmentation": {"strength": 2.0, "flip": True}},
    }
    figure = augmentation_figure(tidy_outcomes(pd.DataFrame(rows)), recipes)
    # "other" differs in more than its strength, so it is no row of these maps
    assert [panel.title for panel in figure.panels] == [
        f"t{family} · {backbone} · settings 1"
        for backbone in ("large", "small")
        for family in (" · a + b", "")
    ]
    ends = figure.panels[0].alt_text
    for part in ("strength 0, 0 % a: 0.700", "strength 0, 50 % a: 0.800", "strength 2, 100 % a: 0.900"):
        assert part in ends
    assert "none: 0.500" in figure.panels[3].alt_text


def test_a_ladder_for_each_network(outcome: Make) -> None:
    rows = [
        outcome("none", f"x[n={n}]", fold, auc, backbone=backbone)
        for backbone, auc in (("large", 0.9), ("small", 0.7))
        for n in (50, 100)
        for fold in (0, 1)
    ]
    tidy = tidy_outcomes(pd.DataFrame(rows))
    figure = ladder_figure(tidy, summarise(tidy), [])
    assert [panel.title for panel in figure.panels] == ["x as target · large", "x as target · small"]
    assert "none 0.900 with 50 and none 0.900 with 100" in figure.panels[0].alt_text


def test_networks_are_compared_over_what_both_have(outcome: Make) -> None:
    rows = [
        outcome(source, target, fold, auc + fold / 100 + plus, backbone=backbone, seconds=seconds)
        for backbone, plus, seconds in (("large", 0.02, 90.0), ("small", 0.0, 9.0))
        for source, auc in (("a", 0.8), ("b", 0.7), ("c", 0.6))
        for target in ("t", "u")
        for fold in (1, 2, 3)
    ]
    rows += [outcome("a", "v", 1, 0.1, backbone="large")]
    table = configurations_table(tidy_outcomes(pd.DataFrame(rows)))
    assert table is not None
    small = table.frame.set_index("configuration").loc["small"]
    assert [small["difference"], small["low"], small["high"]] == pytest.approx([-0.02] * 3)
    assert (small["pairs"], small["weighted_tau"]) == (6, pytest.approx(1))
    cells = table.blocks[0][1][1][1]
    assert cells[:4] == ["small", "0.720", "−0.020 [−0.020, −0.020]", "worse"]
    assert cells[4:] == ["+1.000 [+1.000, +1.000]", "6", "9.0 s"]
    known = configurations_table(tidy_outcomes(pd.DataFrame(rows)), {"large": 4_000_000, "small": 1_000_000})
    assert known is not None
    assert against_sentences(known) == [
        "small against large: −0.020 [−0.020, −0.020] AUC, with 0.25 times the weights and 0.10 times the time; "
        "that is worse in practice."
    ]
    assert "4.0" in known.blocks[0][1][0][1]
    one = tidy_outcomes(pd.DataFrame([outcome("a", "t", 1, 0.9)]))
    assert configurations_table(one) is None


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-0.004, 0.005, "as good"),
        (-0.03, -0.006, "worse"),
        (0.006, 0.02, "better"),
        (-0.03, 0.001, "undecided"),
        (-0.006, -0.004, "undecided"),
        (math.nan, math.nan, ""),
    ],
)
def test_what_a_difference_means_in_practice(low: float, high: float, said: str) -> None:
    assert in_practice(Contrast(0.0, low, high, 3)) == said


def test_two_studies_on_one_page(study: Make, outcome: Make) -> None:
    """Two sites: other targets, the same sources; a job that both share counts once in the curves."""

    def site(name: str, target: str, plus: float) -> StudyResults:
        rows = [
            outcome(s, target, fold, auc + plus + fold / 100, study=name)
            for s, auc in (("a", 0.8), ("b", 0.7), ("none", 0.6))
            for fold in (1, 2, 3)
        ]
        found: StudyResults = study(rows, settings={"size": 64, "backbone": name}, seconds=10.0)
        return StudyResults(**{**vars(found), "name": name})

    both = together([site("here", "t", 0.0), site("there", "t", 0.05)])
    assert both.name == "here and there"
    assert both.seconds == 20
    assert both.settings == {"size": 64, "backbone (here)": "here", "backbone (there)": "there"}
    assert len(both.curves) == 27  # the same nine jobs in both
    html = render_study(both)
    assert "Against each other" in html
    assert "t · there" in html
    with pytest.raises(InputError, match="both called 'here'"):
        together([site("here", "t", 0.0), site("here", "u", 0.0)])


def test_what_two_sites_have_in_common_is_said_in_words(study: Make, outcome: Make) -> None:
    """Both hold a folder called t, with other images in it; sources are shared but for one, and preferred alike."""

    def site(
        name: str, fingerprint: str, target: str, sources: dict[str, float], network: str
    ) -> StudyResults:
        rows = [
            outcome(source, aim, fold, auc + fold / 100, study=name, backbone=network)
            for source, auc in sources.items()
            for aim in ("t", target)
            for fold in (0, 1, 2)
        ]
        datasets = [{"name": "t", "fingerprint": fingerprint, "role": "target", "findings": []}]
        found: StudyResults = study(rows, datasets=datasets)
        return StudyResults(**{**vars(found), "name": name})

    sources = {"a": 0.8, "b": 0.7, "none": 0.6}
    here = site("here", "1f", "u", sources, "large")
    there = site("there", "2f", "v", sources | {"c": 0.9}, "small")
    both = together([here, there])
    assert set(both.outcomes["target"]) == {"t (here)", "t (there)", "u", "v"}
    assert [d["name"] for d in both.datasets] == ["t (here)", "t (there)"]
    assert common_ground(tidy_outcomes(both.outcomes)) == [
        "In common: three sources (a, b and none).",
        "Only in there: one source (c).",
        "No target is in common.",
        "Only in here: two targets (t (here) and u).",
        "Only in there: two targets (t (there) and v).",
        "Their networks differ: large in here and small in there.",
        "Without a target in common their AUCs cannot be compared; what can be compared is which sources did best.",
        "Best on average in here: a.",
        "Best on average in there: c.",
        "The mean places of the three sources in common agree with a weighted τ of +1.00 (1: the same order, 0: none).",
    ]
    html = render_study(both)
    assert "What the studies have in common" in html
    assert "What the studies have in common" not in render_study(here)
    same = together([here, StudyResults(**{**vars(here), "name": "again"})])
    assert set(same.outcomes["target"]) == {"t", "u"}


@pytest.mark.parametrize("upright", [False, True])
def test_the_plan_says_in_words_what_it_shows(upright: bool) -> None:
    svg = drawing(plan_parts(9, 7, 3, "five folds", 120, "<resnet50>"), upright=upright)
    assert 'aria-label="The plan: 9 sources: 7 pretrained here, then Pretrain: &lt;resnet50&gt;, then' in svg
    assert "<resnet50>" not in svg
    assert "Pretrain" not in drawing(plan_parts(2, 0, 1, "five folds", 10, "x"), upright=upright)
