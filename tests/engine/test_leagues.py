"""Another league is a record: its tickers, teams, clock and paths are known without a change elsewhere.

The coefficients of `engine.win_probability` stay those of the NBA: a game of another length is priced by the
share of it that is left.
"""

import attrs
import pytest

from engine.leagues import LEAGUES, NBA, League, league_of, league_of_path, leagues_of
from engine.teams import Team
from engine.tickers import TickerKind, parse_event_ticker, parse_ticker
from engine.units import Tenths
from engine.win_probability import InPlayModel, minutes_left

TEAMS = (
    Team("ASH", "Ashford", "Anvils"),
    Team("BEX", "Bexley", "Bellows"),
    Team("DEN", "Denham", "Dynamos"),
)
SHORT = League(
    name="Short League",
    ids="short-",
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
    assert ticker.game == "short-26JUL04ASHBEX"
    assert parse_ticker(text).kind is TickerKind.OTHER


def test_a_team_of_one_league_plays_no_game_of_the_other() -> None:
    assert parse_event_ticker("KXNBAGAME-26JUL04ASHDEN", BOTH).league is None
    assert parse_event_ticker("KXSLGAME-26JUL04ASHDEN", BOTH).league is SHORT
    assert parse_event_ticker("KXSLGAME-26JUL04BOSDEN", BOTH).league is None


def test_a_prefix_that_begins_like_anothers_is_told_apart() -> None:
    longer = attrs.evolve(SHORT, series_prefix="KXNBAG", teams=NBA.teams)
    ticker = parse_ticker("KXNBAGSPREAD-26MAR09DENOKC-DEN4", (NBA, longer))
    assert (ticker.league, ticker.kind) == (longer, TickerKind.SPREAD)


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


def test_ids_and_references_tell_the_league_of_a_game() -> None:
    for game in ("short-26JUL04ASHBEX", "short-bdl:7", "short-2026-07-04/ASH@BEX"):
        assert league_of(game, BOTH) is SHORT
    for game in ("26JAN14WASLAC", "bdl:7", "2026-01-14/WAS@LAC", "kalshi:m"):
        assert league_of(game, BOTH) is NBA
    assert league_of_path("/short/v1/games", BOTH) is SHORT
    assert league_of_path("/shorter/v1/games", BOTH) is None


def test_ids_of_two_leagues_never_meet() -> None:
    """Or a game of one would be settled by the score of the other."""
    for league in LEAGUES:
        others = [other for other in LEAGUES if other is not league]
        assert not any(league.ids and other.ids.startswith(league.ids) for other in others)
        assert sum(not each.ids for each in LEAGUES) == 1


def test_a_configuration_names_leagues_by_their_codes() -> None:
    assert leagues_of(["short league", "nba", "none"], BOTH) == (NBA, SHORT)
    assert NBA.code == "nba"


def test_codes_may_have_two_to_four_letters_and_are_not_guessed() -> None:
    codes = ("LA", "LAS", "SEA", "EA", "CONN")
    odd = attrs.evolve(SHORT, teams=tuple(Team(code, code, code) for code in codes))
    for event, teams in (
        ("KXSLGAME-26JUL04LACONN", ("LA", "CONN")),
        ("KXSLGAME-26JUL04LASEA", (None, None)),  # LA and SEA, or LAS and EA
        ("KXSLGAME-26JUL04LALA", (None, None)),
    ):
        found = parse_event_ticker(event, (odd,))
        assert (found.away, found.home) == teams
    player = parse_ticker("KXSLPTS-26JUL04CONNLA-CONNTSMITH1-20", (odd,))
    assert (player.team, player.player, player.strike) == ("CONN", "TSMITH1", Tenths(195))


def test_the_model_goes_by_the_share_of_its_game() -> None:
    nba, short = InPlayModel(), InPlayModel().of(SHORT)
    assert nba.of(NBA) is nba
    assert short.p_win(5, 20.0, 3.0) == pytest.approx(nba.p_win(5, 24.0, 3.0))
    assert short.p_margin_above(4.5, 5, 20.0, 3.0) == pytest.approx(nba.p_margin_above(4.5, 5, 24.0, 3.0))
    assert short.p_total_above(160.5, 80, 20.0, 160.0) == pytest.approx(
        nba.p_total_above(160.5, 80, 24.0, 160.0)
    )
    assert short.sd_margin(40.0) == nba.sd_margin(48.0)
