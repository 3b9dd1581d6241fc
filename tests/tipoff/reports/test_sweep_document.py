"""The document of a sweep: what page, screen and `--json` tell, the same numbers in all three."""

import json
import math
from collections.abc import Mapping

import pytest

from engine.overfitting.table import SweepTable, Trial
from tests.engine.overfitting.sweeps import games
from tests.tipoff.reports.searches import document, search
from tipoff.json_types import Json
from tipoff.reports.numbers import as_list, as_object
from tipoff.reports.sweep_document import BINS


@pytest.fixture(scope="module")
def found() -> Mapping[str, Json]:
    return document(search(200, edge=0.6))


def test_it_is_json_without_numbers_that_json_has_not(found: Mapping[str, Json]) -> None:
    assert json.loads(json.dumps(found, allow_nan=False))["tried"] == 17


def test_the_line_out_of_sample_ends_where_its_mean_says(found: Mapping[str, Json]) -> None:
    walk = as_object(found["out_of_sample"])
    result = as_object(walk["result"])
    line = [float(str(value)) for value in as_list(walk["line"])]
    assert len(line) == result["games"] == len(as_list(walk["places"]))
    assert line[-1] == pytest.approx(float(str(result["mean"])) * len(line))
    games_tested = sum(int(str(as_object(step)["games"])) for step in as_list(walk["steps"]))
    assert games_tested == len(line)


def test_every_try_has_a_row_also_those_that_failed(found: Mapping[str, Json]) -> None:
    rows = [as_object(row) for row in as_list(found["rows"])]
    assert len(rows) == found["tried"]
    assert [row["error"] for row in rows[:-1]] == [None] * 16
    assert rows[-1]["error"] == "no book was trusted"
    means = [as_object(row["in_sample"])["mean"] for row in rows[:-1]]
    assert means == sorted(means, key=lambda mean: -float(str(mean)))
    assert rows[0]["key"] == as_object(found["best"])["key"]


def test_luck_is_in_the_unit_of_the_objective_and_all_draws_are_in_a_bin(found: Mapping[str, Json]) -> None:
    luck = as_object(found["luck"])
    bins = [as_object(each) for each in as_list(luck["bins"])]
    assert len(bins) == BINS
    assert sum(int(str(each["fair"])) for each in bins) == 100
    assert sum(int(str(each["paid"])) for each in bins) == 100
    assert float(str(luck["middle"])) < float(str(luck["one_of_twenty"]))
    assert luck["observed"] == as_object(as_object(found["best"])["in_sample"])["mean"]
    assert luck["tries"] == found["tried"]


def test_the_map_holds_every_trial(found: Mapping[str, Json]) -> None:
    heat = as_object(found["heat"])
    cells = [as_object(cell) for line in as_list(heat["cells"]) for cell in as_list(line)]
    assert sum(int(str(cell["trials"])) for cell in cells) == found["trials"]
    assert {heat["across"], heat["up"]} == {"threshold", "wait"}


def test_of_few_games_there_is_no_interval() -> None:
    few = document(search(29))
    best, walk = as_object(few["best"]), as_object(few["out_of_sample"])
    assert as_object(best["in_sample"])["low"] is None
    assert as_object(walk["result"])["low"] is None
    assert as_object(few["verdict"])["judgement"] == "cannot_be_known"
    assert as_object(few["guards"])["p_best"] is None


def test_without_trials_without_parameters_and_without_scatter_it_is_told_too() -> None:
    nothing = document(SweepTable.of([], [], tried=1))
    assert nothing["best"] is None
    assert nothing["days"] == []
    still = SweepTable.of(games(40), [Trial(key, {}, (0.0,) * 40) for key in "ab"], tried=3)
    found = document(still)
    assert found["luck"] is None
    assert found["heat"] is None
    assert found["importance"] == []
    assert json.dumps(found, allow_nan=False)


def test_a_trial_that_nothing_can_be_said_of_makes_no_number_that_is_none() -> None:
    once = [0.1] * 99 + [-0.9]
    table = SweepTable.of(games(100), [Trial("a", {}, tuple(once)), Trial("b", {}, tuple(reversed(once)))])
    critical = as_object(document(table)["guards"])["critical_t"]
    assert critical is None or math.isfinite(float(str(critical)))
