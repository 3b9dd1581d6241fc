"""Bodies of balldontlie: old and new statuses, both nestings, odds with holes; nothing raises.

Covers: venues.balldontlie.wire.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import FeedRefused, GamePhase, GameSeen, OddsSeen, ScoreSeen, VenueEvent
from engine.units import Nanos, Tenths
from venues import timestamps
from venues.balldontlie.parse import parse_body

AT = Nanos(7)


def game(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "id": 18448007,
        "date": "2026-04-12",
        "datetime": "2026-04-12T22:00:00.000Z",
        "status": "3rd Qtr",
        "period": 3,
        "time": "3:44",
        "postponed": False,
        "home_team_score": 80,
        "visitor_team_score": 78,
        "home_team": {"id": 16, "abbreviation": "MIA"},
        "visitor_team": {"id": 1, "abbreviation": "ATL"},
    }
    return row | changes


def parsed(target: str, *rows: object) -> tuple[VenueEvent, ...]:
    return parse_body(target, json.dumps({"data": rows, "meta": {"per_page": 25}}), AT)


def score(**changes: object) -> ScoreSeen:
    events = parsed("/nba/v1/games", game(**changes))
    (found,) = [event for event in events if isinstance(event, ScoreSeen)]
    return found


@pytest.mark.parametrize("target", ["/nba/v1/games?dates[]=2026-04-12", "/v1/games"])
def test_a_running_game_is_seen_with_its_score(target: str) -> None:
    seen, scored = parsed(target, game())
    tip = timestamps.from_text("2026-04-12T22:00:00Z")
    assert seen == GameSeen("bdl:18448007", "2026-04-12", "ATL", "MIA", tip, False, AT)
    expected = ScoreSeen("bdl:18448007", "balldontlie", GamePhase.LIVE, 3, 224_000, 80, 78, None, AT)
    assert scored == expected


def test_a_single_game_is_read_like_one_of_a_list() -> None:
    body = json.dumps({"data": game()})
    assert parse_body("/nba/v1/games/18448007", body, AT) == parsed("/nba/v1/games", game())


@pytest.mark.parametrize("nested", [False, True])
def test_a_live_box_score_without_an_id_is_referred_to_by_date_and_teams(*, nested: bool) -> None:
    row = game()
    del row["id"], row["datetime"]
    if nested:
        row |= {
            "home_team": {"team": {"abbreviation": "MIA"}, "players": [{"pts": 3}]},
            "visitor_team": {"team": {"abbreviation": "atl"}, "players": []},
        }
    seen, scored = parsed("/nba/v1/box_scores/live", row)
    assert isinstance(seen, GameSeen)
    assert isinstance(scored, ScoreSeen)
    assert seen.game == scored.game == "2026-04-12/ATL@MIA"


def test_nothing_in_progress_is_an_empty_list() -> None:
    assert parsed("/nba/v1/box_scores/live") == ()


@pytest.mark.parametrize(
    "fields, phase",
    [
        ({"status": "2026-10-20T19:00:00Z", "status_state": "scheduled", "period": 0}, None),
        ({"status": "2026-10-20T19:00:00Z", "period": 0}, None),
        ({"status": "7:30 pm ET", "period": 0}, None),
        ({"status": "1st Qtr", "status_state": "in", "period": 1}, GamePhase.LIVE),
        ({"status": "Halftime", "status_state": "in", "period": 2}, GamePhase.HALFTIME),
        ({"status": "Halftime", "period": 2}, GamePhase.HALFTIME),
        ({"status": "3rd Qtr", "period": 3}, GamePhase.LIVE),
        ({"status": "OT", "period": 5}, GamePhase.LIVE),
        ({"status": "2nd OT", "period": 6}, GamePhase.LIVE),
        ({"status": "Final", "status_state": "final", "period": 4}, GamePhase.FINAL),
        ({"status": "Final/OT", "status_state": "final", "period": 5}, GamePhase.FINAL),
        ({"status": "Final", "period": 6}, GamePhase.FINAL),
        ({"status": "Postponed", "period": 0}, GamePhase.POSTPONED),
        ({"status": "2026-10-20T19:00:00Z", "postponed": True, "period": 0}, GamePhase.POSTPONED),
        ({"status": "Something new", "period": 2}, GamePhase.LIVE),
        ({"status": "Something new", "period": None}, None),
    ],
)
def test_statuses_old_and_new_say_where_a_game_stands(
    fields: dict[str, object], phase: GamePhase | None
) -> None:
    events = parsed("/nba/v1/games", game(**fields))
    phases = [event.phase for event in events if isinstance(event, ScoreSeen)]
    assert phases == ([] if phase is None else [phase])
    (seen,) = [event for event in events if isinstance(event, GameSeen)]
    assert seen.postponed is (phase is GamePhase.POSTPONED)


def test_the_start_is_read_from_the_status_where_it_has_no_field_of_its_own() -> None:
    row = game(status="2026-10-20T19:00:00Z", period=0)
    del row["datetime"]
    (seen,) = parsed("/nba/v1/games", row)
    assert isinstance(seen, GameSeen)
    assert seen.tip_at == timestamps.from_text("2026-10-20T19:00:00Z")


@pytest.mark.parametrize(
    "text, clock_ms",
    [
        ("3:44", 224_000),
        ("12:00", 720_000),
        ("Q3 3:44", 224_000),
        ("OT1 0:09", 9_000),
        ("1OT 4:59", 299_000),
        ("0:45.2", 45_200),
        ("45.2", 45_200),
        (":09.8", 9_800),
        ("Q4 9.8", 9_800),
        ("", None),
        (" ", None),
        (None, None),
        ("Half", None),
        ("99:99", None),
    ],
)
def test_clocks_with_and_without_a_prefix_and_tenths(text: str | None, clock_ms: int | None) -> None:
    assert score(time=text).clock_ms == clock_ms


def test_a_finished_game_has_no_time_left() -> None:
    assert score(status="Final", time="Final", period=4).clock_ms == 0


def test_scores_may_go_down() -> None:
    assert [score(home_team_score=points).home for points in (51, 50)] == [51, 50]


@pytest.mark.parametrize("changes", [{"home_team_score": -1}, {"visitor_team_score": 1_000}, {"period": 21}])
def test_a_score_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    seen, refused = parsed("/nba/v1/games", game(**changes))
    assert isinstance(seen, GameSeen)
    assert isinstance(refused, FeedRefused)
    assert refused.kind == "wrong_number"


def test_a_score_of_null_in_a_game_that_has_just_begun_is_nothing_yet() -> None:
    assert score(home_team_score=None, visitor_team_score=None, status="1st Qtr", period=1).home == 0


@pytest.mark.fault("B14")
@pytest.mark.parametrize(
    "changes",
    [
        {"home_team_score": None, "visitor_team_score": None},
        {"home_team_score": None},
        {"visitor_team_score": None, "status": "1st Qtr", "period": 1},
        {"home_team_score": None, "visitor_team_score": None, "status": "Final", "period": 4},
    ],
)
def test_a_score_that_is_missing_later_is_unknown_and_not_zero(changes: dict[str, object]) -> None:
    seen, refused = parsed("/nba/v1/games", game(**changes))
    assert isinstance(seen, GameSeen)
    assert isinstance(refused, FeedRefused)
    assert refused.kind == "missing_field"


def odds(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "id": 1,
        "game_id": 100,
        "vendor": "DraftKings",
        "spread_home_value": "-1.5",
        "spread_home_odds": -115,
        "spread_away_value": "1.5",
        "spread_away_odds": -105,
        "moneyline_home_odds": -125,
        "moneyline_away_odds": 105,
        "total_value": "242.5",
        "total_over_odds": -115,
        "total_under_odds": -105,
        "updated_at": "2026-10-04T14:48:01.481Z",
    }
    return row | changes


def test_odds_are_read_and_vendors_are_in_lower_case() -> None:
    (seen,) = parsed("/nba/v2/odds?dates[]=2026-10-04", odds())
    at_venue = timestamps.from_text("2026-10-04T14:48:01.481Z")
    expected = OddsSeen(
        "bdl:100",
        "draftkings",
        -125,
        105,
        Tenths(-15),
        -115,
        -105,
        Tenths(2425),
        -115,
        -105,
        at_venue,
        AT,
    )
    assert seen == expected


def test_any_part_of_the_odds_may_be_missing() -> None:
    row = {
        "game_id": 101,
        "vendor": "kalshi",
        "moneyline_home_odds": 141,
        "moneyline_away_odds": -150,
        "total_value": None,
    }
    (seen,) = parsed("/nba/v2/odds", row)
    assert seen == OddsSeen("bdl:101", "kalshi", 141, -150, None, None, None, None, None, None, None, AT)


def test_a_spread_given_for_the_away_team_only_is_turned() -> None:
    (seen,) = parsed("/nba/v2/odds", odds(spread_home_value=None, spread_away_value="+4"))
    assert isinstance(seen, OddsSeen)
    assert seen.spread_home == -40


def test_opening_odds_are_marked() -> None:
    row = odds(opened_at="2026-08-11T15:53:01.249Z")
    (seen,) = parsed("/nba/v2/odds/opening", row)
    assert isinstance(seen, OddsSeen)
    assert seen.opening
    assert seen.at_venue == timestamps.from_text("2026-08-11T15:53:01.249Z")


def test_a_broken_row_spoils_no_other() -> None:
    events = parsed("/nba/v2/odds", odds(game_id=None), odds(updated_at="late"), odds())
    assert [type(event) for event in events] == [FeedRefused, FeedRefused, OddsSeen]


@pytest.mark.fault("B14")
def test_a_price_that_is_none_costs_a_row_only_that_price() -> None:
    row = odds(total_value=242.5, spread_home_value="x", spread_away_value="NA", moneyline_home_odds="even")
    seen, *refused = parsed("/nba/v2/odds", row)
    assert isinstance(seen, OddsSeen)
    assert (seen.total, seen.spread_home, seen.moneyline_home) == (None, None, None)
    assert (seen.spread_home_odds, seen.moneyline_away) == (-115, odds()["moneyline_away_odds"])
    assert [event.place for event in refused if isinstance(event, FeedRefused)] == [
        "moneyline_home_odds",
        "total_value",
        "spread_home_value",
        "spread_away_value",
    ]


@pytest.mark.fault("B14")
@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("Not Started", GamePhase.SCHEDULED),
        ("Another Day", GamePhase.SCHEDULED),
        ("Shot Clock Check", GamePhase.SCHEDULED),
        ("Semifinal", GamePhase.SCHEDULED),
        ("2OT", GamePhase.LIVE),
        ("1st OT", GamePhase.LIVE),
        ("End of 1st Half", GamePhase.LIVE),
        ("Halftime", GamePhase.HALFTIME),
        ("Final/2OT", GamePhase.FINAL),
    ],
)
def test_words_of_a_status_are_words_and_not_parts_of_words(status: str, phase: GamePhase) -> None:
    seen, *said = parsed("/nba/v1/games", game(status=status, period=0, time=None))
    assert isinstance(seen, GameSeen)
    phases = [event.phase for event in said if isinstance(event, ScoreSeen)]
    assert phases == ([] if phase is GamePhase.SCHEDULED else [phase])


@pytest.mark.parametrize(
    "target", ["/nba/v1/teams", "/nba/v1/plays?game_id=1", "/nba/v2/odds/player_props", ""]
)
def test_what_the_engine_does_not_fold_is_silent(target: str) -> None:
    assert parse_body(target, "{}", AT) == ()


@pytest.mark.parametrize(
    "target", ["/nba/v1/games", "/nba/v1/games/1", "/nba/v1/box_scores/live", "/nba/v2/odds"]
)
@given(
    body=st.text(max_size=60)
    | st.sampled_from(["Unauthorized", "<html>", "{}", '{"data":[[]]}', "[" * 9_999])
)
def test_no_body_at_all_raises(target: str, body: str) -> None:
    for event in parse_body(target, body, AT):
        assert isinstance(event, FeedRefused)


def examples(shared: Path, name: str) -> str:
    return (shared / "specs/balldontlie/examples" / name).read_text()


@pytest.mark.parametrize(
    "name, reference, final",
    [
        ("games_docs_2025-01-05.json", "bdl:15907925", (4, 115, 105)),
        ("games_final_2026-04-12.json", "bdl:18448007", (4, 143, 117)),
        ("games_final_2ot.json", "bdl:18446819", (6, 125, 124)),
    ],
)
def test_the_real_finished_games(
    shared: Path, name: str, reference: str, final: tuple[int, int, int]
) -> None:
    seen, scored = parse_body("/nba/v1/games", examples(shared, name), AT)
    assert isinstance(seen, GameSeen)
    assert isinstance(scored, ScoreSeen)
    assert seen.game == scored.game == reference
    assert (scored.period, scored.home, scored.away) == final
    assert scored.phase is GamePhase.FINAL


@pytest.mark.parametrize(
    "name, target, rows",
    [
        ("odds_v2_rows.json", "/nba/v2/odds", 2),
        ("odds_v2_opening_row.json", "/nba/v2/odds/opening", 1),
        ("odds_v2_same_schema_other_leagues.json", "/nba/v2/odds", 2),
    ],
)
def test_the_real_odds(shared: Path, name: str, target: str, rows: int) -> None:
    events = parse_body(target, examples(shared, name), AT)
    assert [type(event) for event in events] == [OddsSeen] * rows
