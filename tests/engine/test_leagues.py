"""Another league is a record: its tickers, teams, clock and paths are known without a change elsewhere.

What a made-up league does not have is a fair value: the model of `engine.win_probability` is fitted to the
NBA, and a game of another league is matched to its box score only once its references are its own.
"""

import datetime as dt

import attrs
import pytest

from engine.leagues import LEAGUES, NBA, League
from engine.teams import Team
from engine.tickers import TickerKind, game_event_ticker, parse_event_ticker, parse_ticker
from engine.units import Tenths
from engine.win_probability import minutes_left

TEAMS = (
    Team("ASH", "Ashford", "Anvils", 1, 1, 1, "ASH", "ASH"),
    Team("BEX", "Bexley", "Bellows", 2, 2, 2, "BEX", "BEX"),
    Team("DEN", "Denham", "Dynamos", 3, 3, 3, "DEN", "DEN"),
)
SHORT = League(
    name="Short League",
    series_prefix="KXSL",
    path="/short",
    teams=TEAMS,
    periods=2,
    minutes_of_period=20.0,
    minutes_of_overtime=4.0,
)
BOTH = (*LEAGUES, SHORT)


@pytest.mark.parametrize(
    "text, kind, team, strike",
    [
        ("KXSLGAME-26JUL04ASHBEX-ASH", TickerKind.GAME, "ASH", None),
        ("KXSLSPREAD-26JUL04ASHBEX-BEX4", TickerKind.SPREAD, "BEX", Tenths(35)),
        ("KXSLTOTAL-26JUL04ASHBEX-160", TickerKind.TOTAL, None, Tenths(1595)),
        ("KXSL2D-26JUL04ASHBEX-ASHLJONES5", TickerKind.PLAYER, "ASH", None),
    ],
)
def test_its_tickers_are_read(text: str, kind: TickerKind, team: str | None, strike: Tenths | None) -> None:
    ticker = parse_ticker(text, BOTH)
    assert (ticker.league, ticker.kind, ticker.team, ticker.strike) == (SHORT, kind, team, strike)
    assert ticker.game == "26JUL04ASHBEX"
    assert parse_ticker(text).kind is TickerKind.OTHER


def test_a_team_of_one_league_plays_no_game_of_the_other() -> None:
    assert parse_event_ticker("KXNBAGAME-26JUL04ASHDEN", BOTH).league is None
    assert parse_event_ticker("KXSLGAME-26JUL04ASHDEN", BOTH).league is SHORT
    assert parse_event_ticker("KXSLGAME-26JUL04BOSDEN", BOTH).league is None


def test_a_prefix_that_begins_like_anothers_is_told_apart() -> None:
    longer = attrs.evolve(SHORT, series_prefix="KXNBAG", teams=NBA.teams)
    ticker = parse_ticker("KXNBAGSPREAD-26MAR09DENOKC-DEN4", (NBA, longer))
    assert (ticker.league, ticker.kind) == (longer, TickerKind.SPREAD)


def test_its_event_tickers_are_made() -> None:
    assert game_event_ticker(dt.date(2026, 7, 4), "ASH", "BEX", SHORT) == "KXSLGAME-26JUL04ASHBEX"


@pytest.mark.parametrize(
    "period, clock_ms, lead, left",
    [
        (0, None, 0, 40.0),
        (1, 20 * 60_000, 0, 40.0),
        (1, 20 * 60_000 + 1, 0, None),
        (2, 60_000, 3, 1.0),
        (2, 0, 0, 4.0),
        (3, 4 * 60_000, 0, 4.0),
        (3, 4 * 60_000 + 1, 0, None),
    ],
)
def test_its_clock_is_its_own(period: int, clock_ms: int | None, lead: int, left: float | None) -> None:
    assert minutes_left(period, clock_ms, lead, SHORT) == left


def test_its_periods_have_names() -> None:
    assert [SHORT.period_name(period) for period in (1, 2, 3, 4)] == ["Q1", "Q2", "OT1", "OT2"]
