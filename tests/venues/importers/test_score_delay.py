"""Plays are heard later than they are written down: by as much as is said, in their order, always alike."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import ScoreSeen
from engine.units import NANOS_PER_SECOND, Nanos
from venues.errors import ImportFailed
from venues.importers.entries import Entry
from venues.importers.evening import ImportSpec, import_files
from venues.importers.rows import translate_row
from venues.importers.score_delay import ASSUMED, SECONDS_MAX, STAMPED, known_at, parse_delay
from venues.recordings.recorder import read, read_manifest

START = 1_729_736_400
"""2024-10-24 02:20:00 UTC."""


def play(second: int, home: int = 0, game: str = "2024-10-23/PHX@LAC") -> Entry:
    minutes, seconds = divmod(second, 60)
    row = {"timestamp": f"2024-10-24T02:{20 + minutes:02}:{seconds:02}Z", "score_home": str(home)}
    body = json.dumps({"game": game, "row": row})
    return Entry((START + second) * NANOS_PER_SECOND, "import", 0, STAMPED, body)


def seconds_late(entries: list[Entry], delay: str, seed: int = 1) -> list[float]:
    return [(at - entry.at) / NANOS_PER_SECOND for entry, at in known_at(entries, parse_delay(delay), seed)]


def test_a_constant_delay_is_added_to_the_scorers_moment() -> None:
    assert seconds_late([play(0), play(7), play(90)], "30") == [30, 30, 30]
    assert seconds_late([play(0)], "0.5") == [0.5]


def test_the_delay_is_from_the_scorers_moment_also_where_a_row_was_delayed_before() -> None:
    delayed = play(0)._replace(at=(START + 40) * NANOS_PER_SECOND)
    ((_, at),) = known_at([delayed], parse_delay("10"), 1)
    assert at == (START + 10) * NANOS_PER_SECOND


@given(st.lists(st.integers(0, 1200), min_size=2, max_size=40), st.integers(0, 99))
def test_plays_are_heard_in_their_order_within_the_distribution_and_the_same_each_time(
    seconds: list[int], seed: int
) -> None:
    entries = [play(second, number) for number, second in enumerate(sorted(seconds))]
    heard = [at for _, at in known_at(entries, parse_delay("5:20:60"), seed)]
    assert all(first <= then for first, then in pairwise(heard))
    assert all(5 <= late <= 60 for late in seconds_late(entries, "5:20:60", seed))
    assert heard == [at for _, at in known_at(entries, parse_delay("5:20:60"), seed)]


def test_games_do_not_wait_for_one_another() -> None:
    entries = [play(0, game="2024-10-23/CLE@TOR"), play(0, 2)]
    alone = seconds_late([play(0, 2)], "5:20:60")
    assert seconds_late(entries, "5:20:60")[1:] == alone


def test_half_of_the_delays_lie_below_the_median() -> None:
    late = [seconds_late([play(0, number)], "10:20:40")[0] for number in range(2000)]
    assert 0.46 < sum(each < 20 for each in late) / len(late) < 0.54
    assert (min(late), max(late)) == (10, 40)


@pytest.mark.limit("venues.importers.score_delay:SECONDS_MAX")
def test_a_delay_of_ten_minutes_is_one_and_more_is_none() -> None:
    assert parse_delay(str(SECONDS_MAX)).points == ((0, Nanos(SECONDS_MAX * NANOS_PER_SECOND)),)
    with pytest.raises(ImportFailed, match="600 seconds at most"):
        parse_delay("600.001")


@pytest.mark.parametrize("text", ["", "soon", "-1", "1:2", "30:20:10", "1:2:3:4", "nan", "1e1"])
def test_what_is_no_delay_is_told(text: str) -> None:
    with pytest.raises(ImportFailed, match="no delay of scores"):
        parse_delay(text)


def test_other_lines_keep_their_moments() -> None:
    other = play(0)._replace(what="nba-polls")
    assert seconds_late([other], "30") == [0]


STATES = (
    "timestamp,game_id,home_team,away_team,quarter,time_remaining_quarter_seconds,score_home,score_away\n"
    "2024-10-24T02:20:00Z,0022400071,LAC,PHX,1,720.0,0,0\n"
    "2024-10-24T02:20:25Z,0022400071,LAC,PHX,1,700.0,2,0\n"
)


@pytest.mark.promise("time-of-knowledge")
@pytest.mark.parametrize(
    ("delay", "word"),
    [("30", "delayed: 30 s behind the scorer"), (None, f"assumed: {ASSUMED} s behind the scorer")],
)
def test_an_import_says_when_its_scores_could_be_known_and_a_score_has_both_moments(
    tmp_path: Path, delay: str | None, word: str
) -> None:
    (tmp_path / "states").write_text(STATES)
    import_files([ImportSpec(STAMPED, tmp_path / "states")], tmp_path / "out", delay)
    assert read_manifest(tmp_path / "out").known == {STAMPED: word}
    scores = [
        event
        for line in read(tmp_path / "out")
        for event in translate_row(line.what, line.body, Nanos(line.at))
        if isinstance(event, ScoreSeen)
    ]
    assert [score.at_venue for score in scores] == [
        START * NANOS_PER_SECOND,
        (START + 25) * NANOS_PER_SECOND,
    ]
    late = [(score.at - (score.at_venue or 0)) / NANOS_PER_SECOND for score in scores]
    assert late == [30, 30] if delay else all(10 <= each <= 40 for each in late)
