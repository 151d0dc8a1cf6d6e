"""Names beside points: never over one another, over a point, or outside; checked by plain rectangles."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from whence.report.labels import Label, place, text_width

HEIGHT = 13.0
NAMES = ["imagenet", "dtd", "pcam-middle", "stl10", "kimia960", "chest-xray"]


def rectangle(label: Label) -> tuple[float, float, float, float]:
    wide = text_width(label.text)
    return label.left, label.middle - HEIGHT / 2, label.left + wide, label.middle + HEIGHT / 2


def meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return min(a[2], b[2]) - max(a[0], b[0]) > 1e-9 and min(a[3], b[3]) - max(a[1], b[1]) > 1e-9


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(40, 560), st.floats(25, 315)), min_size=1, max_size=24))
def test_nothing_overlaps(points: list[tuple[float, float]]) -> None:
    texts = [NAMES[i % len(NAMES)] for i in range(len(points))]
    placed = place(points, texts, 600, 340)
    if placed is None:
        assert len(points) > 6  # a few names always find room
        return
    assert [label.text for label in placed] == texts
    boxes = [rectangle(label) for label in placed]
    assert not any(meet(one, other) for one, other in combinations(boxes, 2))
    assert not any(box[0] < x < box[2] and box[1] < y < box[3] for box in boxes for x, y in points)
    assert all(box[0] >= 0 and box[2] <= 600 and box[1] >= 0 and box[3] <= 340 for box in boxes)


def test_points_on_one_spot_are_all_named() -> None:
    placed = place([(300.0, 170.0)] * 8, [*NAMES, "none", "sti10"], 600, 340)
    assert placed is not None
    assert any(label.led for label in placed)


def test_no_name_lies_on_a_line() -> None:
    line = ((0.0, 100.0), (600.0, 100.0))
    placed = place([(x, 100.0) for x in (50.0, 150.0, 250.0)], NAMES[:3], 600, 200, [line])
    assert placed is not None
    assert all(abs(label.middle - 100) >= HEIGHT / 2 for label in placed)


def test_there_may_be_no_room() -> None:
    assert place([(5.0, 5.0)] * 30, ["a long name of a source"] * 30, 200, 60) is None
