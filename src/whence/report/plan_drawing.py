"""The plan of a study, drawn as the paper's Figure 2: data are cylinders, code is rectangles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from whence.report.palette import FAINT, FONT, INK, RULE

_BOX = (132, 62)  # of a part, in pixels
_GAP = 34
_TILT = 8  # half the height of a cylinder's lid
_FILL = {"data": "#dbeaf6", "code": "#f1efe9"}


@dataclass(frozen=True)
class Part:
    """One thing of the plan: `kind` is "data" (a cylinder) or "code" (a rectangle); its first line is bold."""

    kind: str
    lines: tuple[str, ...]


def plan_parts(
    sources: int, pretrained: int, targets: int, folds: str, outcomes: int, backbone: str
) -> list[Part]:
    """What a study does, from data to outcomes."""

    def many(n: int, noun: str) -> str:
        return f"{n:,} {noun}{'' if n == 1 else 's'}"

    parts = [Part("data", (many(sources, "source"), f"{pretrained} pretrained here"))]
    if pretrained:
        parts.append(Part("code", ("Pretrain", backbone)))
    parts += [
        Part("data", ("Weights", "of each source, or none")),
        Part("code", ("Fine-tune", folds)),
        Part("data", (many(outcomes, "outcome"), f"on {many(targets, 'target')}")),
        Part("code", ("Compare", "fold by fold")),
    ]
    return parts


def drawing(parts: Sequence[Part], *, upright: bool = False) -> str:
    """The plan as SVG, from left to right or, `upright`, from top to bottom; its text says the same as its shapes."""
    wide, high = _BOX
    step = (high if upright else wide) + _GAP
    length = step * len(parts) - _GAP
    width, height = (wide + 2, length + 2 * _TILT + 2) if upright else (length + 2, high + 2 * _TILT + 2)
    shapes = []
    for index, part in enumerate(parts):
        x, y = (1, index * step + _TILT + 1) if upright else (1 + index * step, _TILT + 1)
        shapes.append(_cylinder(x, y) if part.kind == "data" else _rectangle(x, y))
        shapes.append(_text(x + wide / 2, y + high / 2, part.lines))
        if index:
            shapes.append(_arrow(x, y, upright))
    told = ", then ".join(": ".join(part.lines) for part in parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape("The plan: " + told, quote=True)}" font-family="{escape(FONT, quote=True)}">'
        f"{''.join(shapes)}</svg>"
    )


def _rectangle(x: float, y: float) -> str:
    wide, high = _BOX
    return f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" rx="3" fill="{_FILL["code"]}" stroke="{FAINT}"/>'


def _cylinder(x: float, y: float) -> str:
    wide, high = _BOX
    lid = f"a {wide / 2} {_TILT} 0 0 1 {wide} 0"
    side = f"M {x} {y} v {high} a {wide / 2} {_TILT} 0 0 0 {wide} 0 v {-high}"
    return (
        f'<path d="{side} {lid.replace("0 0 1", "0 0 0").replace(f"{wide} 0", f"{-wide} 0")} z" '
        f'fill="{_FILL["data"]}" stroke="{FAINT}"/>'
        f'<path d="M {x} {y} a {wide / 2} {_TILT} 0 0 0 {wide} 0" fill="none" stroke="{FAINT}"/>'
    )


def _text(x: float, y: float, lines: Sequence[str]) -> str:
    first = y + 5 - 8 * (len(lines) - 1)
    return "".join(
        f'<text x="{x}" y="{first + 17 * i}" text-anchor="middle" fill="{INK}" '
        f'font-size="{13 if not i else 10.5}"{" font-weight=" + chr(34) + "600" + chr(34) if not i else ""}>'
        f"{escape(line)}</text>"
        for i, line in enumerate(lines)
    )


def _arrow(x: float, y: float, upright: bool) -> str:
    wide, high = _BOX
    if upright:
        start, end = (x + wide / 2, y - _GAP + _TILT), (x + wide / 2, y - _TILT - 1)
        head = f"M {end[0]} {end[1]} l -4 -7 h 8 z"
    else:
        start, end = (x - _GAP + 3, y + high / 2), (x - 3, y + high / 2)
        head = f"M {end[0]} {end[1]} l -7 -4 v 8 z"
    return (
        f'<line x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}" stroke="{FAINT}" stroke-width="1.4"/>'
        f'<path d="{head}" fill="{FAINT}" stroke="{RULE}" stroke-width="0"/>'
    )
