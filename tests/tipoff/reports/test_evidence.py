"""The evidence as document, screen and numbers: the verdict first, nothing cut, nothing left out.

Covers: tipoff.reports.evidence, tipoff.reports.evidence_screen, tipoff.reports.numbers,
tipoff.reports.readings.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from engine.scoring.observations import Wishes
from engine.tally import Band
from engine.units import Money
from tests.tipoff.reports.seasons import money, season
from tipoff.output import Screen
from tipoff.reports.evidence import CURVE_POINTS_MAX, RunEvidence, evidence_of, limits_sentence
from tipoff.reports.evidence_screen import PROVENANCE_MAX, SECTIONS, evidence_screen
from tipoff.reports.numbers import FEW, bounds, cents, estimate, horizon, number, percent, signed
from tipoff.reports.page import evidence_page
from tipoff.reports.readings import Ground, coincidence, explained, pnl_document

LONG = "a_strategy_with_a_name_that_goes_on_and_on_and_on"


def evidence(*seasons: list[RunEvidence]) -> dict[str, Any]:
    return dict(evidence_of([run for each in seasons for run in each]))


def shown(document: Mapping[str, Any]) -> list[str]:
    screen = Screen(width=80)
    with screen.capture() as capture:
        screen.print(evidence_screen(document))
    return capture.get().splitlines()


def test_the_document_is_plain_json_and_knows_everything() -> None:
    document = evidence(season(30, 1.0))
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    row = document["strategies"]["momentum"]
    assert row["verdict"]["judgement"] == "beats_the_price"
    assert row["verdict"]["games"] == document["games"] == 30
    assert set(row["verdict"]["per_game"]) == {"pessimistic", "base", "optimistic"}
    assert row["pnl"]["low_reading"] == "pessimistic"
    assert row["markouts"]["taker"][0] == {
        "seconds": 10,
        "mean": row["markouts"]["taker"][0]["mean"],
        "fills": 30,
        "missing": 0,
    }
    assert row["markouts"]["taker"][-1]["seconds"] is None
    assert row["markouts"]["taker"][-1]["missing"] == 30
    assert row["markouts"]["maker"] == []
    assert row["closing"]["market"]["fills"] == 30
    assert row["forecasts"]["calibration"]["bins"][0]["count"] == 30
    assert list(row["splits"]) == ["market type", "quarter", "hours to the tip", "price paid", "liquidity"]
    assert len(document["runs"]) == 30


def test_the_order_of_the_runs_is_of_no_account() -> None:
    runs = season(6, 1.0)
    assert evidence_of(reversed(runs)) == evidence_of(runs)


@pytest.mark.limit("tipoff.reports.evidence:CURVE_POINTS_MAX")
@pytest.mark.parametrize(("games", "points"), [(200, CURVE_POINTS_MAX), (201, 302)])
def test_a_long_curve_is_thinned_out_and_keeps_its_end(games: int, points: int) -> None:
    curve = evidence(season(games, 1.0))["strategies"]["momentum"]["curve"]
    assert len(curve) == points
    assert curve[-1][2] == pytest.approx(games + sum(number % 3 - 1 for number in range(games)) / 10)


def test_the_first_line_of_a_strategy_is_its_verdict() -> None:
    lines = shown(evidence(season(30, 1.0), season(30, -1.0, name="loser", stated=-0.1)))
    assert lines[0].startswith("loser: loses: -1.00 dollars a game")
    assert any(line.startswith("momentum: beats the price: +1.00 dollars a game") for line in lines[:4])


@pytest.mark.promise("fiction-is-told-first")
def test_expectations_that_are_fiction_are_said_before_anything_else() -> None:
    lines = shown(evidence(season(30, -0.2)))
    words = " ".join(line.strip() for line in lines)
    assert lines[0].startswith("momentum: its expectations are fiction: stated +5.00 cents a contract")
    assert words.index("fiction") < words.index("Loses")


@pytest.mark.promise("few-games-no-verdict")
def test_of_twenty_nine_games_nothing_is_said() -> None:
    document = evidence(season(29, 1.0))
    assert shown(document)[0] == "momentum: cannot be known from 29 games: at least 1 more are needed."


@pytest.mark.promise("few-games-no-verdict")
@pytest.mark.parametrize("games", [29, 30])
def test_an_interval_is_shown_from_thirty_games_on(games: int) -> None:
    document = evidence(season(games, 1.0))
    text, page = "\n".join(shown(document)), evidence_page("A season", document)
    assert (FEW not in text) == (FEW not in page) == (games >= 30)
    # The closing line value is two cents for every fill: an interval of no width.
    assert ("+2.00 to +2.00" in text) == ("+2.00 to +2.00" in page) == (games >= 30)
    assert document["strategies"]["momentum"]["closing"]["market"]["mean"]["games"] == games


def test_no_line_is_longer_than_eighty_columns_and_no_number_is_cut() -> None:
    document = evidence(season(30, -200.44, name=LONG), season(2, -12_345.67, name="b", spread=3.0))
    lines = shown(document)
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "…" not in text
    for row in document["strategies"].values():
        for key in ("low", "base", "high"):
            assert cents(row["pnl"][key]) in text.split()
    assert LONG in text


def test_the_limits_that_shaped_a_result_are_told_with_the_share_they_refused() -> None:
    document = evidence(season(2, 1.0, limited=2))
    sentence = document["strategies"]["momentum"]["wishes"]["sentence"]
    assert sentence == ("limits shaped the result: they refused 4 of 12 wishes (33.3 %): orders_per_hour 4.")
    assert "33.3" in " ".join(shown(document))
    assert evidence(season(2, 1.0))["strategies"]["momentum"]["wishes"]["sentence"] is None


def test_where_a_limit_of_the_portfolio_bound_it_is_said_that_the_others_had_a_part_in_it() -> None:
    of_all = {"exposure_total": 2, "loss_per_day": 1, "orders_per_hour": 1}
    assert limits_sentence(Wishes(passed=0, refused=of_all)) == (
        "limits shaped the result: they refused 4 of 4 wishes (100.0 %): exposure_total 2, loss_per_day 1, "
        "orders_per_hour 1. exposure_total, loss_per_day count all strategies: it would have got something "
        "else alone."
    )
    alone = limits_sentence(Wishes(passed=1, refused={"exposure_total": 1})) or ""
    assert alone.endswith("exposure_total counts all strategies: it would have got something else alone.")


@pytest.mark.limit("tipoff.reports.evidence_screen:PROVENANCE_MAX")
@pytest.mark.parametrize("more", [0, 1])
def test_many_runs_are_told_of_in_a_line(more: int) -> None:
    text = "\n".join(shown(evidence(season(PROVENANCE_MAX + more, 1.0))))
    assert ("and 1 runs more; --json has them all" in text) == bool(more)
    assert text.count("configuration") == PROVENANCE_MAX


def test_every_section_says_something_of_nothing() -> None:
    for section in SECTIONS[1:]:
        assert section({}).plain.strip()


def test_readings_are_named_and_their_agreement_is_explained() -> None:
    band = Band(Money(2_000_000), Money(-1_000_000), Money(1_000_000))
    found = pnl_document(band)
    assert (found["low"], found["low_reading"]) == ("-1.000000", "base")
    assert (found["high"], found["high_reading"]) == ("2.000000", "pessimistic")
    ground = Ground(fills=3, assumed=0, delayed=0, rested=0)
    assert coincidence(band, ground) is None
    same = Band(money(1), money(1), money(1))
    assert pnl_document(same)["low_reading"] != pnl_document(same)["high_reading"]
    assert coincidence(same, ground) == (
        "orders take the same time in all three, and nothing rested in the book"
    )
    delayed = Ground(fills=3, assumed=0, delayed=1, rested=1)
    assert coincidence(same, delayed) == (
        "no book got worse between the fast and the slow arrival, and what rested was filled alike"
    )
    assert "assumed" in str(coincidence(same, Ground(fills=3, assumed=3, delayed=0, rested=0)))
    assert coincidence(same, Ground(fills=0, assumed=0, delayed=0, rested=0)) == "nothing was filled"


def test_what_is_true_of_several_is_said_once() -> None:
    same = {"coincide": "why", "low_reading": "a", "high_reading": "b"}
    other = {"coincide": None, "low_reading": "base", "high_reading": "optimistic"}
    assert explained({"x": same, "y": other, "z": same}) == [
        "x, z: the three readings are one number: why.",
        "y: low is the base reading, high the optimistic one.",
    ]


def test_numbers_for_people() -> None:
    assert cents("-12345.675000") == "-12,345.68"
    assert cents(None) == number(None, 2) == percent("x") == estimate(None, 2) == bounds(3, 2) == "-"
    assert (signed(-0.0001, 2), signed(0.025, 2, 100)) == ("+0.00", "+2.50")
    assert (percent(0.1234), number(0.5, 3)) == ("12.3 %", "0.500")
    assert [horizon(seconds) for seconds in (10, 60, 900, None)] == ["10 s", "1 min", "15 min", "settlement"]
