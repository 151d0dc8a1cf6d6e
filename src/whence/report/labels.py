"""Names beside points, so placed that none lies on another name, on a point or outside the chart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

FONT_SIZE = 11
_LINE = 13.0  # height of a name
_POINT = 5.0  # half the side of the square that a point keeps free
_GAP = 3.0  # between a point and the name beside it
_REACHES = (0, 8, 16, 26, 38, 52, 68, 86, 106, 128)
_DIRECTIONS = (0, 180, -45, 45, -135, 135, -90, 90, -20, 20, -160, 160, -68, 68, -112, 112)

Box = tuple[float, float, float, float]  # left, top, right, bottom
Point = tuple[float, float]
Line = tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class Label:
    """Where a name goes: its left end and its middle height, in pixels; `led` where a line leads to it."""

    text: str
    left: float
    middle: float
    led: bool
    start: Point  # its point
    end: Point  # the place on the name that is nearest to it


def text_width(text: str, size: float = FONT_SIZE) -> float:
    """About how wide a sans-serif text is, in pixels, rather more than less."""
    return sum(_advance(letter) for letter in text) * size * 1.08


def place(
    points: Sequence[Point],
    texts: Sequence[str],
    width: float,
    height: float,
    avoid: Sequence[Line] = (),
) -> list[Label] | None:
    """A place for the name of each point, or None where there is no room for all: try a higher chart.

    Names beside the most crowded points are placed first, each at the nearest place that is free; a line leads to one
    that stands away from its point, and crosses no other name. No name lies on a line of `avoid`.
    """
    for candidates in (_near, _fan):
        if found := _greedy(points, texts, width, height, avoid, candidates):
            return found
    return None


def _greedy(
    points: Sequence[Point],
    texts: Sequence[str],
    width: float,
    height: float,
    avoid: Sequence[Line],
    candidates: Callable[[Point, str], Iterator[Label]],
) -> list[Label] | None:
    taken: list[Box] = [_around(point) for point in points]
    lines: list[Line] = list(avoid)
    found: dict[int, Label] = {}
    for index in sorted(range(len(points)), key=lambda i: (-_crowd(points[i], points), points[i], texts[i])):
        for label in candidates(points[index], texts[index]):
            box = _box(label)
            if box[0] < 0 or box[1] < 0 or box[2] > width or box[3] > height:
                continue
            leader = (label.start, label.end)
            if any(_overlap(box, other) for other in taken) or any(_crosses(*line, box) for line in lines):
                continue
            if label.led and any(_crosses(*leader, _box(other)) for other in found.values()):
                continue
            found[index] = label
            taken.append(box)
            if label.led:
                lines.append(leader)
            break
        else:
            return None
    return [found[i] for i in range(len(points))]


def _near(point: Point, text: str) -> Iterator[Label]:
    """Places all around a point, the nearest first."""
    x, y = point
    wide = text_width(text)
    for reach in _REACHES:
        for degrees in _DIRECTIONS:
            right, down = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
            px, py = x + (_POINT + _GAP + reach) * right, y + (_POINT + _GAP + reach) * down
            # the name hangs on (px, py) by the side that is nearest to its point
            left = px if right > 0.3 else px - wide if right < -0.3 else px - wide / 2
            middle = py if abs(right) > 0.3 else py + math.copysign(_LINE / 2, down)
            end = (min(max(x, left), left + wide), min(max(y, middle - _LINE / 2), middle + _LINE / 2))
            yield Label(text, left, middle, reach > 8, point, end)


def _fan(point: Point, text: str) -> Iterator[Label]:
    """Places one above the other on either side, for points that stand on one spot."""
    x, y = point
    wide = text_width(text)
    for away in (26, 60, 110):
        for step in range(24):
            middle = y + (step // 2 + step % 2) * _LINE * (-1) ** step
            for side in (1, -1):
                end = (x + side * away, middle)
                yield Label(text, end[0] if side > 0 else end[0] - wide, middle, True, point, end)


def _box(label: Label) -> Box:
    return (
        label.left,
        label.middle - _LINE / 2,
        label.left + text_width(label.text),
        label.middle + _LINE / 2,
    )


def _around(point: Point) -> Box:
    return point[0] - _POINT, point[1] - _POINT, point[0] + _POINT, point[1] + _POINT


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _crosses(start: Point, end: Point, box: Box) -> bool:
    """Whether a line runs through a box, by its parts inside the box's slabs (Liang and Barsky 1984)."""
    first, last = 0.0, 1.0
    for axis in (0, 1):
        step = end[axis] - start[axis]
        for distance, sign in ((box[axis] - start[axis], 1), (box[axis + 2] - start[axis], -1)):
            if step == 0:
                if sign * distance > 0:
                    return False
            elif sign * step > 0:
                first = max(first, distance / step)
            else:
                last = min(last, distance / step)
    return first < last


def _crowd(point: Point, points: Sequence[Point]) -> int:
    return sum(abs(point[0] - x) < 60 and abs(point[1] - y) < 20 for x, y in points)


def _advance(letter: str) -> float:
    if letter in "iljtfI.,:;'|!()[] -":
        return 0.34
    if letter in "mwMW@%—…":
        return 0.88
    return 0.7 if letter.isupper() else 0.56
