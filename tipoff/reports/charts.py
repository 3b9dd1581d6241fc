"""Charts as inline SVG: a line with a band, bars with intervals, calibration. No script, no request.

Colours are those of the page's variables, so that a chart is as dark or as light as the page, and prints.
Text is text: it can be selected and read aloud. Each chart has a title for who cannot see it.
"""

import math
from collections.abc import Sequence
from html import escape
from typing import Final

import attrs

WIDTH: Final = 700
HEIGHT: Final = 220
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 12, 28
TICKS: Final = 5


@attrs.frozen
class Span:
    """A range of values that is drawn; never empty."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float], *also: float) -> "Span":
        """The range of finite values and of `also`, with a little room."""
        known = [value for value in (*values, *also) if math.isfinite(value)] or [0.0]
        low, high = min(known), max(known)
        room = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
        return cls(low - room, high + room)

    def place(self, value: float) -> float:
        """Where a value lies, 0 to 1."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round numbers within the range, about five."""
        step = 10.0 ** math.floor(math.log10((self.high - self.low) / TICKS))
        for factor in (1, 2, 5, 10):
            if (self.high - self.low) / (step * factor) <= TICKS + 1:
                step *= factor
                break
        first = math.ceil(self.low / step)
        return [step * number for number in range(first, math.floor(self.high / step) + 1)]


@attrs.frozen
class Bar:
    """One bar: its name, its value, and the interval around it if there is one."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


@attrs.frozen
class Dot:
    """One bin of a calibration: what was said, what came with its interval, and of how many."""

    said: float
    came: float
    low: float
    high: float
    count: int


def line_with_band(
    title: str,
    labels: tuple[str, str],
    line: tuple[Sequence[float], Sequence[float]],
    band: tuple[Sequence[float], Sequence[float]],
) -> str:
    """Places in ascending order and the values there, with a band between two others; labels are the ends'.

    Less than two values make no line, and the chart says so.
    """
    places, values = line
    if len(values) < 2:
        return f'<p class="none">{escape(title)}: nothing to draw yet.</p>'
    span = Span.of([*values, *band[0], *band[1]], 0.0)
    upper, lower = _points(places, band[1], span), _points(places, band[0], span)
    body = [
        axis(span),
        f'<polygon class="band" points="{" ".join([*upper, *reversed(lower)])}"/>',
        f'<polyline class="line" points="{" ".join(_points(places, values, span))}"/>',
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{escape(labels[0])}</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" class="end">{escape(labels[1])}</text>',
    ]
    return svg(title, body, HEIGHT)


def bars(title: str, rows: Sequence[Bar], unit: str, *, reach: float = 0.0) -> str:
    """Horizontal bars from nothing, with intervals as whiskers; `unit` stands below, `reach` is in sight."""
    if not rows:
        return f'<p class="none">{escape(title)}: nothing to draw yet.</p>'
    name_width, step = 190, 24
    height = TOP + step * len(rows) + BOTTOM
    values = [each for row in rows for each in (row.value, row.low, row.high) if each is not None]
    span = Span.of(values, 0.0, reach)
    width = WIDTH - name_width - RIGHT

    def across(value: float) -> float:
        return name_width + width * span.place(value)

    body = [upright(across(tick), tick_label(tick), height) for tick in span.ticks()]
    for number, row in enumerate(rows):
        y = TOP + step * number
        low, high = sorted((across(0.0), across(row.value)))
        body.append(f'<text x="{name_width - 8}" y="{y + 15}" class="end">{escape(row.name)}</text>')
        body.append(
            f'<rect class="{"gain" if row.value >= 0 else "loss"}" x="{low:.1f}" y="{y + 4}" '
            f'width="{max(high - low, 0.5):.1f}" height="{step - 9}">'
            f"<title>{escape(row.name)}: {row.value:+.4g} {escape(unit)} {escape(row.note)}</title></rect>"
        )
        if row.low is not None and row.high is not None:
            middle = y + 4 + (step - 9) / 2
            body.append(
                f'<line class="whisker" x1="{across(row.low):.1f}" x2="{across(row.high):.1f}" '
                f'y1="{middle}" y2="{middle}"/>'
            )
    return svg(f"{title}, {unit}", body, height)


def calibration(title: str, dots: Sequence[Dot]) -> str:
    """What came of what was said: on the diagonal it is right; the area of a dot is its count."""
    if not dots:
        return f'<p class="none">{escape(title)}: nothing to draw yet.</p>'
    size = 300
    most = max(dot.count for dot in dots)

    def at(value: float) -> float:
        return LEFT + (size - LEFT - RIGHT) * value

    def up(value: float) -> float:
        return size - BOTTOM - (size - BOTTOM - TOP) * value

    body = [f'<line class="diagonal" x1="{at(0)}" y1="{up(0)}" x2="{at(1)}" y2="{up(1)}"/>']
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        body.append(f'<line class="grid" x1="{at(0)}" x2="{at(1)}" y1="{up(tick):.1f}" y2="{up(tick):.1f}"/>')
        body.append(f'<text x="{LEFT - 6}" y="{up(tick) + 4:.1f}" class="end">{100 * tick:.0f} %</text>')
        body.append(f'<text x="{at(tick):.1f}" y="{size - 10}" class="middle">{100 * tick:.0f}</text>')
    for dot in dots:
        x, radius = at(dot.said), 2.5 + 6 * math.sqrt(dot.count / most)
        said = f"said {100 * dot.said:.1f} %, came {100 * dot.came:.1f} % of {dot.count}"
        body.append(
            f'<line class="whisker" x1="{x:.1f}" x2="{x:.1f}" '
            f'y1="{up(dot.low):.1f}" y2="{up(dot.high):.1f}"/>'
        )
        body.append(
            f'<circle class="dot" cx="{x:.1f}" cy="{up(dot.came):.1f}" r="{radius:.1f}">'
            f"<title>{said}</title></circle>"
        )
    return svg(title, body, size, size)


def _points(places: Sequence[float], values: Sequence[float], span: Span) -> list[str]:
    """The corners of a line of steps: a value holds until the next one is told."""
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    first, whole = places[0], (places[-1] - places[0]) or 1.0
    corners: list[str] = []
    for place, value in zip(places, values, strict=True):
        x, y = (
            f"{LEFT + width * (place - first) / whole:.1f}",
            f"{TOP + height * (1 - span.place(value)):.1f}",
        )
        if corners:
            corners.append(f"{x},{corners[-1].partition(',')[2]}")
        corners.append(f"{x},{y}")
    return corners


def axis(span: Span) -> str:
    """Level lines with their numbers."""
    lines = []
    for tick in span.ticks():
        y = TOP + (HEIGHT - TOP - BOTTOM) * (1 - span.place(tick))
        kind = "zero" if abs(tick) < 1e-12 else "grid"
        lines.append(f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="end">{tick_label(tick)}</text>')
    return "".join(lines)


def upright(x: float, label: str, height: int) -> str:
    """An upright line with its number below."""
    kind = "zero" if label == "0" else "grid"
    return (
        f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>'
        f'<text x="{x:.1f}" y="{height - 10}" class="middle">{label}</text>'
    )


def tick_label(value: float) -> str:
    """A round number as an axis shows it."""
    return "0" if abs(value) < 1e-12 else f"{value:,.6g}"


def svg(title: str, body: Sequence[str], height: int, width: int = WIDTH) -> str:
    """A picture of its parts, with a title for who cannot see it."""
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" style="max-width:{width}px">'
        f"<title>{escape(title)}</title>{''.join(body)}</svg>"
    )
