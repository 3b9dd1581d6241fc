"""Charts of a sweep as inline SVG: the line out of sample, luck, and a map of two parameters.

They are dark or light as the page is, and print; see `charts` for the rest.
"""

import math
from collections.abc import Sequence
from html import escape
from typing import Final

import attrs

from tipoff.reports.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Span,
    axis,
    svg,
    tick_label,
    upright,
)

CELL_HEIGHT: Final = 30
LETTER_WIDTH: Final = 7.2
"""Of a number in a cell."""
STRONGEST: Final = 0.85
"""How much of the colour the strongest cell of a map has."""


@attrs.frozen
class Line:
    """A line: places and values there, how it is drawn, and what it is called."""

    places: Sequence[float]
    values: Sequence[float]
    kind: str
    name: str


@attrs.frozen
class Bin:
    """A bin of a histogram: from, to, how many are in it, and how many of the other kind."""

    low: float
    high: float
    count: int
    other: int


@attrs.frozen
class HeatCell:
    """The mean of the trials of a cell, and how many there are."""

    mean: float
    trials: int


def lines(title: str, labels: tuple[str, str], drawn: Sequence[Line], begins: float | None) -> str:
    """Several lines over the same places, the last on top and named first; `begins` has a dashed upright."""
    known = [line for line in drawn if len(line.values) > 1]
    if not known:
        return f'<p class="none">{escape(title)}: nothing to draw yet.</p>'
    span = Span.of([value for line in known for value in line.values], 0.0)
    last = max(line.places[-1] for line in known) or 1.0
    body = [axis(span)]
    for line in known:
        points = " ".join(
            f"{_across(place / last):.1f},{_up(span.place(value)):.1f}"
            for place, value in zip(line.places, line.values, strict=True)
        )
        body.append(
            f'<polyline class="{line.kind}" points="{points}"><title>{escape(line.name)}</title></polyline>'
        )
    if begins is not None:
        x = _across(begins / last)
        body.append(f'<line class="diagonal" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
    body.append(f'<text x="{LEFT}" y="{HEIGHT - 8}">{escape(labels[0])}</text>')
    body.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" class="end">{escape(labels[1])}</text>')
    names = " ".join(f'<span class="{line.kind}-name">{escape(line.name)}</span>' for line in reversed(known))
    return f'<p class="legend">{names}</p>{svg(title, body, HEIGHT)}'


def luck(title: str, bins: Sequence[Bin], observed: float, name: str) -> str:
    """A histogram, an outline of the other kind over it, and where the observed value lies."""
    if not bins:
        return f'<p class="none">{escape(title)}: nothing to draw yet.</p>'
    span = Span.of([bins[0].low, bins[-1].high, observed])
    most = max(max(each.count, each.other) for each in bins) or 1
    body = [upright(_across(span.place(tick)), tick_label(tick), HEIGHT) for tick in span.ticks()]
    outline: list[str] = []
    for each in bins:
        left, right = _across(span.place(each.low)), _across(span.place(each.high))
        top, other = _up(0.9 * each.count / most), _up(0.9 * each.other / most)
        if each.count:
            body.append(
                f'<rect class="chance" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
                f'height="{_up(0.0) - top:.1f}"><title>{each.low:.3g} to {each.high:.3g}: {each.count} draws'
                "</title></rect>"
            )
        outline.extend((f"{left:.1f},{other:.1f}", f"{right:.1f},{other:.1f}"))
    body.append(f'<polyline class="outline" points="{" ".join(outline)}"/>')
    x = _across(span.place(observed))
    side, at = ("end", x - 6) if x > WIDTH / 2 else ("", x + 6)
    body.append(f'<line class="observed" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
    body.append(f'<text x="{at:.1f}" y="{TOP + 12}" class="strong {side}">{escape(name)}</text>')
    return svg(title, body, HEIGHT)


def heat_map(
    title: str,
    names: tuple[str, str],
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[HeatCell | None]]],
) -> str:
    """Cells by columns and rows, the first row at the bottom; the stronger the colour, the greater the mean.

    `names` are those of the parameter across and of the one up.
    """
    if not rows or not columns:
        return f'<p class="none">{escape(title)}: nothing to draw yet.</p>'
    left, height = 150, TOP + CELL_HEIGHT * len(rows) + 44
    width = (WIDTH - left - RIGHT) / len(columns)
    known = [abs(cell.mean) for _name, cells in rows for cell in cells if cell is not None]
    strongest = max(known, default=0.0) or 1.0
    body: list[str] = []
    for place, (name, cells) in enumerate(reversed(rows)):
        y = TOP + CELL_HEIGHT * place
        body.append(f'<text x="{left - 8}" y="{y + 19}" class="end">{escape(_short(name))}</text>')
        for number, cell in enumerate(cells):
            x = left + width * number
            body.append(
                _cell(cell, (x, y, width), strongest, f"{names[0]} {columns[number]}, {names[1]} {name}")
            )
    foot = TOP + CELL_HEIGHT * len(rows)
    for number, name in enumerate(columns):
        middle = left + width * (number + 0.5)
        body.append(f'<text x="{middle:.1f}" y="{foot + 16}" class="middle">{escape(_short(name))}</text>')
    body.append(f'<text x="{left}" y="{foot + 36}" class="strong">{escape(names[0])} →</text>')
    body.append(f'<text x="8" y="{TOP + 12}" class="strong">{escape(_short(names[1]))} ↑</text>')
    return svg(title, body, height)


def _cell(cell: HeatCell | None, box: tuple[float, float, float], strongest: float, name: str) -> str:
    x, y, width = box
    place = f'x="{x + 1:.1f}" y="{y + 1:.1f}" width="{width - 2:.1f}" height="{CELL_HEIGHT - 2}"'
    if cell is None:
        return f'<rect class="empty" {place}><title>{escape(name)}: no trial</title></rect>'
    kind = "gain" if cell.mean >= 0.0 else "loss"
    strength = STRONGEST * abs(cell.mean) / strongest
    # Two digits of the strongest; a number that its cell cannot hold is told under the pointer only.
    decimals = max(0, 1 - math.floor(math.log10(strongest)))
    number = f"{round(cell.mean, decimals) or 0.0:+.{decimals}f}"
    shown = number if LETTER_WIDTH * len(number) < width else ""
    told = f"{name}: {cell.mean:+.4g} of {cell.trials}"
    return (
        f'<rect class="{kind}" fill-opacity="{strength:.2f}" {place}><title>{escape(told)}</title></rect>'
        f'<text x="{x + width / 2:.1f}" y="{y + 19:.1f}" class="middle cell">{shown}</text>'
    )


def _short(name: str) -> str:
    return name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1]}…"


NAME_MAX: Final = 20
"""Letters of a name in a map; a longer one is cut, and whole where the pointer rests on a cell."""


def _across(share: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * share


def _up(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)
