"""Every number of `docs/judging.md` is what the program computes.

Covers: engine.scoring.judgement.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.fees import FeeTerms
from engine.orders import Liquidity
from engine.scoring.bootstrap import GameDraws
from engine.scoring.forecasts import wilson
from engine.scoring.judgement import GAMES_MIN, Z_TWO_SIDED, Judgement, games_needed
from engine.scoring.markouts import HORIZONS
from engine.strategies.buy_and_cross_back import BuyAndCrossBack
from engine.strategies.join_the_bid import JoinTheBid
from engine.strategies.random_taker import RandomTaker
from engine.units import NANOS_PER_SECOND, from_cents
from tests.engine.scoring.test_unseen_results import interval_of, seasons, verdict_on

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "judging.md").read_text("utf-8")
SPREAD_CENTS = 2


def rows(*heads: str) -> Iterator[list[str]]:
    """The cells of the table with these heads."""
    table = TEXT.split(f"| {' | '.join(heads)} |\n")[1].split("\n\n")[0]
    return ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:])


def test_the_costs_are_those_of_the_fee_table() -> None:
    for price, fee, held, sold in rows("price", "fee, one way", "held to settlement", "sold again"):
        cents = 100 * FeeTerms().p_fee(Liquidity.TAKER, from_cents(int(price)))
        assert float(fee) == pytest.approx(cents, abs=0.006)
        assert float(held) == pytest.approx(cents + SPREAD_CENTS / 2, abs=0.006)
        assert float(sold) == pytest.approx(2 * cents + SPREAD_CENTS, abs=0.006)


def test_the_games_needed_are_those_of_the_report() -> None:
    found = list(rows("edge a game", "scatter a game", "games"))
    assert len(found) == 4
    for edge, scatter, games in found:
        assert games_needed(float(scatter), float(edge)) == int(games)


def test_the_least_number_of_games_is_that_of_the_verdict() -> None:
    assert f"fewer than {GAMES_MIN} games" in TEXT
    assert f"Below {GAMES_MIN} games there is no verdict" in TEXT
    assert len(list(rows("verdict", "when"))) == len(Judgement)


def test_two_games_have_the_interval_of_the_page() -> None:
    found = GameDraws("ab").mean({"a": (0.0004, 1.0), "b": (0.0103, 1.0)})
    assert found is not None
    assert f"interval from +{found.low:.4f} to +{found.high:.4f}" in TEXT.replace("\n", " ")


def test_the_seasons_at_fair_prices_are_counted_anew() -> None:
    found = list(rows("every contract bought at", "games", "by the interval alone", "by the verdict"))
    assert len(found) == 4
    for cents, games, by_interval, by_verdict in found:
        price = int(cents.removesuffix(" cents")) / 100
        alone = said = 0
        for results in seasons(price, int(games)):
            alone += interval_of(results).low > 0.0
            said += verdict_on(results, price) is Judgement.BEATS
        assert (alone, said) == (int(by_interval), int(by_verdict))


def test_the_shares_lie_where_wilson_says() -> None:
    for cases, low, high in rows("cases", "from", "to"):
        assert wilson(0.6, int(cases)) == pytest.approx((float(low), float(high)), abs=5e-4)


def test_the_luck_of_many_tries_is_computed() -> None:
    assert pytest.approx(1.96, abs=1e-3) == Z_TWO_SIDED
    for tried, share in rows("strategies tried", 'at least one "beats the price"'):
        luck = 1 - 0.975 ** int(tried)
        assert float(share.removesuffix(" %")) == pytest.approx(100 * luck, abs=0.06)


def test_a_season_of_one_in_ten_games_takes_years_for_a_twentieth() -> None:
    assert "A season has 1,230" in TEXT
    played = 30 * 82 // 2 / 10
    needed = games_needed(1.0, 1 / 20)
    assert needed is not None
    assert needed / played > 2


def test_the_horizons_and_the_controls_are_those_of_the_program() -> None:
    assert [horizon // NANOS_PER_SECOND for horizon in HORIZONS] == [10, 60, 300, 900]
    named = set(re.findall(r"`([a-z]+_[a-z_]+)`", TEXT.split("## The controls")[1].split("##")[0]))
    assert named == {control.kind for control in (RandomTaker, JoinTheBid, BuyAndCrossBack)}
