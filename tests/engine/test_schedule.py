"""Which market belongs to which game: exact keys, refusal on doubt.

Covers: engine.milestones.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import GameSeen
from engine.message import changed
from engine.milestones import MilestoneSeen
from engine.schedule import START_TOLERANCE_NS, MatchState, Schedule
from engine.units import Nanos

TIP = Nanos(1_768_449_600_000_000_000)
TICKER = "KXNBAGAME-26JAN14WASLAC-LAC"


def seen(game: str = "bdl:1", date: str = "2026-01-14", away: str = "WAS", home: str = "LAC") -> GameSeen:
    """A league game with a tip-off time."""
    return GameSeen(game, date, away, home, TIP, False, TIP)


def test_markets_of_one_meeting_share_one_game() -> None:
    schedule = Schedule()
    for ticker in (TICKER, "KXNBASPREAD-26JAN14WASLAC-LAC5", "KXNBATOTAL-26JAN14WASLAC-220"):
        schedule.list_market(ticker, TIP)
    assert list(schedule.listed) == ["26JAN14WASLAC"]
    assert len(schedule.listed["26JAN14WASLAC"].tickers) == 3


@pytest.mark.promise("game-matched-exact-date")
@pytest.mark.parametrize("league_first", [True, False])
def test_a_game_is_matched_by_exact_date_and_teams_in_either_order_of_arrival(*, league_first: bool) -> None:
    schedule = Schedule()
    if league_first:
        schedule.see_game(seen())
    schedule.list_market(TICKER, TIP)
    if not league_first:
        schedule.see_game(seen())
    assert schedule.listed["26JAN14WASLAC"].state is MatchState.MATCHED
    assert schedule.game_for("bdl:1") == "26JAN14WASLAC"


@pytest.mark.promise("game-matched-exact-date")
@pytest.mark.parametrize("date", ["2026-01-13", "2026-01-15"])
def test_a_rematch_a_day_away_is_another_game(date: str) -> None:
    schedule = Schedule()
    schedule.list_market(TICKER, TIP)
    schedule.see_game(seen(date=date))
    assert schedule.listed["26JAN14WASLAC"].state is MatchState.NO_GAME


@pytest.mark.promise("game-matched-exact-date")
@pytest.mark.parametrize("teams", [{"away": "WAS", "home": "BOS"}, {"away": "BOS", "home": "LAC"}])
def test_another_opponent_on_that_day_is_another_game(teams: dict[str, str]) -> None:
    schedule = Schedule()
    schedule.list_market(TICKER, TIP)
    schedule.see_game(seen(**teams))
    assert schedule.listed["26JAN14WASLAC"].state is MatchState.NO_GAME


@pytest.mark.promise("game-matched-exact-date")
def test_swapped_home_and_away_is_refused() -> None:
    schedule = Schedule()
    schedule.list_market(TICKER, TIP)
    schedule.see_game(seen(away="LAC", home="WAS"))
    assert schedule.listed["26JAN14WASLAC"].state is MatchState.SWAPPED


def test_two_candidates_of_one_source_are_refused() -> None:
    schedule = Schedule()
    schedule.list_market(TICKER, TIP)
    schedule.see_game(seen("bdl:1"))
    schedule.see_game(seen("bdl:2"))
    assert schedule.listed["26JAN14WASLAC"].state is MatchState.AMBIGUOUS
    assert schedule.game_for("bdl:1") is None


def test_references_of_two_sources_are_aliases_of_one_game() -> None:
    schedule = Schedule()
    schedule.list_market(TICKER, TIP)
    schedule.see_game(seen("bdl:1"))
    schedule.see_game(seen("2026-01-14/WAS@LAC"))
    assert schedule.game_for("bdl:1") == "26JAN14WASLAC"
    assert schedule.game_for("2026-01-14/WAS@LAC") == "26JAN14WASLAC"


def test_a_reference_that_is_the_key_needs_no_sighting() -> None:
    schedule = Schedule()
    schedule.list_market(TICKER, None)
    assert schedule.game_for("2026-01-14/WAS@LAC") == "26JAN14WASLAC"
    assert schedule.game_for("2026-01-15/WAS@LAC") is None


@pytest.mark.parametrize(
    ("apart", "state"),
    [(START_TOLERANCE_NS, MatchState.MATCHED), (START_TOLERANCE_NS + 1, MatchState.OTHER_START)],
)
def test_start_times_may_differ_up_to_the_tolerance(apart: int, state: MatchState) -> None:
    schedule = Schedule()
    schedule.list_market(TICKER, Nanos(TIP + apart))
    schedule.see_game(seen())
    assert schedule.listed["26JAN14WASLAC"].state is state


def test_a_postponed_game_keeps_its_match_when_the_league_moves_its_date() -> None:
    schedule = Schedule()
    schedule.list_market("KXNBAGAME-26JAN08MIACHI-CHI", None)
    schedule.see_game(seen("bdl:7", "2026-01-08", "MIA", "CHI"))
    moved = GameSeen("bdl:7", "2026-01-29", "MIA", "CHI", TIP, True, TIP)
    changed = schedule.see_game(moved)
    assert changed is not None
    assert changed.postponed
    assert schedule.game_for("bdl:7") == "26JAN08MIACHI"


def test_preseason_teams_are_never_matched() -> None:
    schedule = Schedule(every_market=True)
    listed = schedule.list_market("KXNBAGAME-25OCT13GUAMIN-MIN", TIP)
    assert listed is not None
    assert listed.state in (MatchState.UNKNOWN_TEAM, MatchState.NOT_A_GAME)


def test_other_markets_are_taken_in_only_when_asked_for() -> None:
    ticker = "KXBTC15M-26MAY140045-45"
    assert Schedule().list_market(ticker, None) is None
    listed = Schedule(every_market=True).list_market(ticker, None)
    assert listed is not None
    assert listed.state is MatchState.NOT_A_GAME


@given(st.permutations(["bdl:1", "2026-01-14/WAS@LAC", "espn:4"]))
def test_the_match_does_not_depend_on_the_order_of_sources(order: list[str]) -> None:
    schedule = Schedule()
    for reference in order[:1]:
        schedule.see_game(seen(reference))
    schedule.list_market(TICKER, TIP)
    for reference in order[1:]:
        schedule.see_game(seen(reference))
    assert {schedule.game_for(reference) for reference in order} == {"26JAN14WASLAC"}


EVENTS = ("KXNBAGAME-26JAN14WASLAC", "KXNBATOTAL-26JAN14WASLAC")


@pytest.mark.parametrize("listed_first", [True, False])
def test_a_record_of_the_venue_names_a_game_but_does_not_match_it(*, listed_first: bool) -> None:
    schedule = Schedule()
    if listed_first:
        schedule.list_market(TICKER, TIP)
    found = schedule.see_milestone(MilestoneSeen("kalshi:m", EVENTS, TIP))
    assert (found is not None) is listed_first
    assert schedule.see_milestone(MilestoneSeen("kalshi:m", EVENTS, TIP)) is None
    schedule.list_market(TICKER, TIP)
    assert schedule.game_for("kalshi:m") == "26JAN14WASLAC"
    assert schedule.references_of("26JAN14WASLAC") == ("kalshi:m",)
    assert schedule.listed["26JAN14WASLAC"].state is MatchState.NO_GAME
    schedule.see_game(seen())
    assert schedule.listed["26JAN14WASLAC"].reference == "bdl:1"


@pytest.mark.parametrize(
    "events", [(), ("KXBTC-26JAN14",), ("KXNBAGAME-26JAN14WASLAC", "KXNBAGAME-26JAN15WASLAC")]
)
def test_a_record_of_no_game_or_of_several_is_nobodys(events: tuple[str, ...]) -> None:
    schedule = Schedule()
    schedule.list_market(TICKER, TIP)
    assert schedule.see_milestone(MilestoneSeen("kalshi:m", events, TIP)) is None
    assert schedule.game_for("kalshi:m") is None


def test_a_restarted_schedule_is_told_of_records_without_taking_them_for_matches() -> None:
    schedule, matched = Schedule(), Schedule()
    schedule.readmit((TICKER,), TIP, ("kalshi:m",))
    assert schedule.listed["26JAN14WASLAC"].state is MatchState.NO_GAME
    assert schedule.game_for("kalshi:m") == "26JAN14WASLAC"
    matched.readmit((TICKER,), TIP, ("bdl:1", "kalshi:m"))
    assert matched.listed["26JAN14WASLAC"].state is MatchState.MATCHED
    assert {matched.game_for(each) for each in ("bdl:1", "kalshi:m")} == {"26JAN14WASLAC"}


def test_a_game_that_is_let_go_is_met_anew_with_all_its_references() -> None:
    schedule = Schedule()
    schedule.list_market(TICKER, TIP)
    schedule.see_game(seen())
    schedule.see_milestone(MilestoneSeen("kalshi:m", EVENTS, TIP))
    assert schedule.forget("26JAN14WASLAC") is not None
    assert {schedule.game_for(each) for each in ("bdl:1", "kalshi:m")} == {None}
    schedule.list_market(TICKER, TIP)
    assert {schedule.game_for(each) for each in ("bdl:1", "kalshi:m")} == {"26JAN14WASLAC"}
    assert schedule.listed["26JAN14WASLAC"].state is MatchState.MATCHED
    assert schedule.forget("nobody") is None


def test_the_earliest_tip_that_anybody_names_is_the_tip() -> None:
    schedule = Schedule()
    schedule.list_market(TICKER, Nanos(TIP + 1))
    schedule.see_game(seen())
    assert schedule.listed["26JAN14WASLAC"].tip_at == TIP
    other = Schedule()
    other.list_market(TICKER, Nanos(TIP - 1))
    other.see_game(seen())
    assert other.listed["26JAN14WASLAC"].tip_at == TIP - 1


def test_a_tip_that_the_league_moves_is_news_and_the_same_tip_told_again_is_none() -> None:
    schedule = Schedule()
    schedule.list_market(TICKER, None)
    schedule.see_game(seen())
    assert schedule.see_game(seen()) is None
    moved = schedule.see_game(changed(seen(), tip_at=Nanos(TIP + 1800)))
    assert moved is not None
    assert moved.tip_at == TIP + 1800


def test_of_a_postponed_game_the_league_names_the_new_tip_and_the_venues_old_one_is_forgotten() -> None:
    schedule = Schedule()
    schedule.list_market(TICKER, TIP)
    schedule.see_game(seen())
    postponed = schedule.see_game(changed(seen(), postponed=True))
    assert postponed is not None
    assert postponed.postponed
    new = Nanos(TIP + 48 * 3600 * 10**9)
    again = schedule.see_game(changed(seen(date="2026-01-16"), tip_at=new))
    assert again is not None
    assert (again.postponed, again.tip_at) == (False, new)
