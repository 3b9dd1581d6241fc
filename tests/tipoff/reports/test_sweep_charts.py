"""Charts of a sweep: well-formed pictures of whatever numbers there are, with every word escaped."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.reports.sweep_charts import NAME_MAX, Bin, HeatCell, Line, heat_map, lines, luck

HOSTILE = '"><script>alert(1)</script>&'
values = st.floats(-1e6, 1e6)


def parts(markup: str, tag: str) -> list[ET.Element]:
    return list(ET.fromstring(f"<div>{markup}</div>").iter(tag))


def test_the_line_out_of_sample_is_drawn_over_the_grey_one_and_named_first() -> None:
    grey = Line(range(10), [float(place) for place in range(10)], "grey", "in sample")
    line = Line([5.0, 9.0], [0.0, 2.0], "line", "out of sample")
    found = lines("R", ("from", "to"), [grey, line], 5.0)
    assert [each.attrib["class"] for each in parts(found, "polyline")] == ["grey", "line"]
    assert [each.text for each in parts(found, "span")] == ["out of sample", "in sample"]
    (dashed,) = [each for each in parts(found, "line") if each.attrib["class"] == "diagonal"]
    first = parts(found, "polyline")[1].attrib["points"].split()[0].split(",")[0]
    assert dashed.attrib["x1"] == first


@given(st.lists(values, min_size=2, max_size=20), values)
def test_the_sweep_lies_where_it_was_observed(edges: list[float], observed: float) -> None:
    low, high = min(edges), max(edges)
    step = (high - low) / 4
    bins = [Bin(low + place * step, low + (place + 1) * step, place, 4 - place) for place in range(4)]
    found = luck("L", bins, observed, "this sweep")
    (mark,) = [each for each in parts(found, "line") if each.attrib["class"] == "observed"]
    assert 62.0 <= float(mark.attrib["x1"]) <= 688.0
    assert len(parts(found, "rect")) == 3
    assert all(float(each.attrib["width"]) >= 0 for each in parts(found, "rect"))


def test_a_map_has_its_first_row_at_the_bottom_and_a_frame_where_nobody_tried() -> None:
    rows: list[tuple[str, list[HeatCell | None]]] = [
        ("low", [HeatCell(1.0, 2), None]),
        ("high", [HeatCell(-0.5, 1), HeatCell(0.0, 1)]),
    ]
    found = heat_map("M", ("a", "b"), ["1", "2"], rows)
    cells = parts(found, "rect")
    assert [each.attrib["class"] for each in cells] == ["loss", "gain", "gain", "empty"]
    assert float(cells[0].attrib["y"]) < float(cells[2].attrib["y"])
    strength = [float(each.attrib["fill-opacity"]) for each in cells[:3]]
    assert strength[2] > strength[0] > strength[1] == 0.0


@pytest.mark.parametrize("scale", [1e-6, 0.02, 1.0, 30.0, 1e6])
def test_no_number_is_wider_than_its_cell(scale: float) -> None:
    columns = [str(place) for place in range(12)]
    cells: list[HeatCell | None] = [HeatCell(-scale * place / 11, 1) for place in range(12)]
    found = heat_map("M", ("a", "b"), columns, [("row", cells)])
    shown = [each.text or "" for each in parts(found, "text") if "cell" in each.attrib["class"]]
    width = float(parts(found, "rect")[0].attrib["width"])
    assert len(shown) == 12
    assert all(7 * len(each) <= width for each in shown)
    assert all(shown) or not 1e-3 < scale < 1e4


@pytest.mark.limit("tipoff.reports.sweep_charts:NAME_MAX")
@pytest.mark.parametrize("more", [0, 1])
def test_a_long_name_is_cut_in_a_map_and_whole_under_the_pointer(more: int) -> None:
    name = "n" * (NAME_MAX + more)
    found = heat_map("M", ("a", "b"), [name], [("row", [HeatCell(1.0, 1)])])
    shown = [each.text or "" for each in parts(found, "text")]
    assert (name in shown) == (not more)
    assert name in (parts(found, "title")[1].text or "")


def test_nothing_to_draw_is_said() -> None:
    for found in (lines("A", ("", ""), [], None), luck("A", [], 0.0, ""), heat_map("A", ("", ""), [], [])):
        assert "nothing to draw yet" in found


def test_words_of_others_stay_words() -> None:
    grey = Line([0.0, 1.0], [0.0, 1.0], "grey", HOSTILE)
    for found in (
        lines(HOSTILE, (HOSTILE, HOSTILE), [grey], None),
        luck(HOSTILE, [Bin(0.0, 1.0, 1, 1)], 0.5, HOSTILE),
        heat_map(HOSTILE, (HOSTILE, HOSTILE), [HOSTILE], [(HOSTILE, [HeatCell(1.0, 1)])]),
    ):
        assert "<script" not in found
        assert parts(found, "svg")
