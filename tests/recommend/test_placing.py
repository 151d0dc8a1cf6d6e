"""What was tried leads what experience had put behind it, and nothing else changes the order of what is expected."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from whence.recommend.placing import placed


@st.composite
def races(draw: st.DrawFn) -> tuple[list[float], list[int], set[int]]:
    n = draw(st.integers(1, 6))
    expected = draw(st.lists(st.floats(-3, 3), min_size=n, max_size=n, unique=True))
    before = draw(st.permutations(range(n)))
    return expected, list(before), draw(st.sets(st.integers(0, n - 1)))


@given(races())
def test_no_allowed_order_comes_nearer_to_the_expected_one(
    race: tuple[list[float], list[int], set[int]],
) -> None:
    """Brute force: of all orders that keep the rule, ours is the one whose expected values are lexically largest."""
    expected, before, tried = race

    def allowed(order: tuple[int, ...]) -> bool:
        return not any(
            late in tried and early not in tried and before.index(late) < before.index(early)
            for place, early in enumerate(order)
            for late in order[place + 1 :]
        )

    best = max(filter(allowed, permutations(before)), key=lambda order: [expected[i] for i in order])
    assert placed(expected, before, tried) == list(best)


def test_the_best_of_the_tried_leads_a_race_and_a_baseline_measured_for_its_own_sake_does_not() -> None:
    expected, before = [0.9, 0.7, 0.8, 0.5], [0, 1, 2, 3]
    assert placed(expected, before, tried=()) == [0, 2, 1, 3]
    assert placed([0.6, 0.7, 0.8, 0.5], before, tried={0, 1}) == [1, 0, 2, 3]
    assert placed(expected, before, tried={3}) == [0, 2, 1, 3]
