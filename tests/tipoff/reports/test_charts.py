"""Charts: well-formed pictures of whatever numbers there are, with round ticks and every word escaped."""

import math
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.reports.charts import Bar, Dot, Span, bars, calibration, line_with_band

values = st.floats(-1e9, 1e9)
HOSTILE = '"><script>alert(1)</script>&'


def parts(svg: str, tag: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(tag))


@given(st.lists(values, min_size=2, max_size=20), values)
def test_ticks_are_few_round_and_within(numbers: list[float], also: float) -> None:
    span = Span.of(numbers, also)
    ticks = span.ticks()
    assert 1 <= len(ticks) <= 8
    assert all(span.low <= tick <= span.high for tick in ticks)
    assert all(0.0 <= span.place(number) <= 1.0 for number in numbers)


def test_a_span_of_one_value_has_room() -> None:
    assert Span.of([3.0]).low < 3.0 < Span.of([3.0]).high
    assert Span.of([math.nan, math.inf]) == Span(-1.0, 1.0)


def test_a_value_holds_until_the_next_one() -> None:
    svg = line_with_band("P", ("from", "to"), ([0.0, 9.0, 10.0], [0.0, 1.0, 0.0]), ([0.0] * 3, [1.0] * 3))
    (line,) = parts(svg, "polyline")
    corners = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
    assert len(corners) == 5
    assert corners[1] == (corners[2][0], corners[0][1])
    assert corners[1][0] - corners[0][0] == pytest.approx(9 * (corners[-1][0] - corners[2][0]), abs=1)
    assert [each.text for each in parts(svg, "text")][-2:] == ["from", "to"]


@given(st.lists(st.builds(Bar, st.just("b"), values, values, values), min_size=1, max_size=6))
def test_bars_have_a_width_a_name_and_a_whisker(rows: list[Bar]) -> None:
    svg = bars("B", rows, "cents")
    shown = parts(svg, "rect")
    assert len(shown) == len(rows)
    assert all(float(each.attrib["width"]) > 0 for each in shown)
    assert [each.attrib["class"] for each in shown] == ["gain" if row.value >= 0 else "loss" for row in rows]
    assert sum(each.get("class") == "whisker" for each in parts(svg, "line")) == len(rows)


def test_a_dot_lies_where_it_was_said_and_came() -> None:
    svg = calibration("C", [Dot(0.5, 0.25, 0.1, 0.6, 9), Dot(0.9, 1.0, 0.5, 1.0, 1)])
    first, second = parts(svg, "circle")
    assert float(first.attrib["cx"]) < float(second.attrib["cx"])
    assert float(first.attrib["cy"]) > float(second.attrib["cy"])
    assert float(first.attrib["r"]) > float(second.attrib["r"])


def test_nothing_to_draw_is_said() -> None:
    for shown in (
        line_with_band(HOSTILE, ("", ""), ([0.0], [1.0]), ([1.0], [1.0])),
        bars(HOSTILE, [], ""),
        calibration(HOSTILE, []),
    ):
        assert "nothing to draw yet" in shown
        assert "<script" not in shown


def test_words_of_others_are_text() -> None:
    svg = bars(HOSTILE, [Bar(HOSTILE, 1.0, note=HOSTILE)], HOSTILE)
    assert "<script" not in svg
    assert HOSTILE in [each.text for each in parts(svg, "text")]
