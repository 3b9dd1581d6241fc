"""A game whose tip has passed is not traded on odds of before it, whoever has said that it may be played.

Recordings as other people make them: one-minute candles and sportsbooks' moneylines of PHX at OKC, with and
without scores.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.facts import OrderApproved, PregameChanged, SignalAction, SignalRaised
from engine.terms import BegunBy
from tests.stories.plays import Played, play
from tipoff.config.load import template
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from venues.importers.evening import ImportSpec, import_files
from venues.recordings.recorder import read

TICKER = "KXNBAGAME-25NOV28PHXOKC-OKC"
TIP = 1_764_376_200
"""2025-11-29 00:30 UTC, half past seven in the evening of the 28th in New York."""

BOOKS = ("fanduel", "betmgm", "caesars")
Quotes = Sequence[tuple[float, float]]
"""Minute after the tip, and Oklahoma City's price."""


def moment(minute: float) -> str:
    seconds = TIP + round(60 * minute)
    day, seconds = divmod(seconds - 1_764_288_000, 86_400)
    return f"2025-11-{28 + day:02}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"


def candles(quotes: Quotes) -> str:
    # A price that stands still is called old after a quarter of an hour.
    rows = [
        f"0022500271,{TICKER},{TIP + round(60 * minute)},{price - minute % 2:g},5" for minute, price in quotes
    ]
    return "\n".join(["game,ticker,timestamp,close,volume", *rows, ""])


def moneylines(scrapes: list[tuple[float, str, float]]) -> str:
    """Minute after the tip, the word on play, and Oklahoma City's probability by three books of no margin."""
    head = "commence_time,away_team,home_team,scrape_time,in_play,team," + ",".join(BOOKS)
    rows = [
        f"{moment(0)},Phoenix Suns,Oklahoma City Thunder,{moment(minute)},{in_play},{team},"
        + ",".join([f"{1 / p:.4f}"] * len(BOOKS))
        for minute, in_play, p_home in scrapes
        for team, p in (("Oklahoma City Thunder", p_home), ("Phoenix Suns", 1 - p_home))
    ]
    return "\n".join([head, *rows, ""])


def states(*rows: tuple[float, int, int]) -> str:
    """Minute after the tip, points of home and away; the clock runs with the wall."""
    head = (
        "timestamp,game_id,home_team,away_team,quarter,time_remaining_quarter_seconds,score_home,score_away"
    )
    lines = [
        f"{moment(minute)},0022500271,OKC,PHX,1,{720 - 60 * minute:.1f},{home},{away}"
        for minute, home, away in rows
    ]
    return "\n".join([head, *lines, ""])


@pytest.fixture
def evening(tmp_path: Path) -> "Evening":
    return Evening(tmp_path)


class Evening:
    """Imports files and plays them with the strategies that rest on odds."""

    def __init__(self, folder: Path) -> None:
        """Files are written into `folder`."""
        self.folder = folder

    def played(self, **files: str) -> Played:
        specs = []
        for kind, text in files.items():
            path = self.folder / kind
            path.write_text(text)
            specs.append(ImportSpec(kind.replace("_", "-"), path))
        report = import_files(specs, self.folder / "recording")
        return play(read(report.recording), trading_settings(at_its_word(template(schema()))))


def entries(played: Played) -> list[SignalRaised]:
    """Entries of the strategies that rest on odds, each of which the gate has let pass."""
    facts = [numbered.fact for numbered in played.facts]
    approved = {fact.command.order_id for fact in facts if isinstance(fact, OrderApproved)}
    found = [
        fact
        for fact in facts
        if isinstance(fact, SignalRaised)
        and fact.strategy in ("sharp_line", "ev_multi")
        and fact.action is SignalAction.ENTER
    ]
    assert approved or not found
    return found


def begun(played: Played) -> list[tuple[BegunBy, int]]:
    """Whose word it was, and how many seconds after the announced tip."""
    return [
        (numbered.fact.by, (numbered.fact.since - TIP * 10**9) // 10**9)
        for numbered in played.facts
        if isinstance(numbered.fact, PregameChanged)
    ]


FLAT = [(minute, 70) for minute in range(-60, 1)]
JUMP = [*FLAT, *((minute, 50) for minute in range(1, 40))]


def test_before_the_tip_the_books_are_traded_on(evening: Evening) -> None:
    played = evening.played(
        kalshi_candles=candles([(minute, 50) for minute in range(-60, 0)]),
        odds_moneyline=moneylines([(-20, "0", 0.7)]),
    )
    assert {signal.strategy for signal in entries(played)} >= {"sharp_line"}


@pytest.mark.promise("no-order-after-the-tip-without-a-score")
@pytest.mark.parametrize(
    ("scrapes", "word"),
    [
        # The row's own word, sixteen minutes before the announced hour; the price falls away from it at once.
        ([(-20, "0", 0.7), (-16.5, "1", 0.7)], (BegunBy.ODDS, -990)),
        # No word at all: the announced hour has come, and the books' rows are from before it.
        ([(-20, "", 0.7), (-1, "", 0.7)], (BegunBy.TIP, 0)),
        # Rows said in play, but no score says what is played.
        ([(-20, "0", 0.7), *((minute, "1", 0.7) for minute in range(1, 40))], (BegunBy.TIP, 0)),
    ],
)
def test_after_the_tip_and_without_a_score_nothing_rests_on_odds(
    evening: Evening, scrapes: list[tuple[float, str, float]], word: tuple[BegunBy, int]
) -> None:
    early = [(minute, 70 if minute < word[1] / 60 else 50) for minute in range(-60, 40)]
    played = evening.played(kalshi_candles=candles(early), odds_moneyline=moneylines(scrapes))
    assert entries(played) == []
    assert begun(played) == [word]


def test_with_a_score_the_rules_of_play_hold(evening: Evening) -> None:
    files = {
        "kalshi_candles": candles(JUMP),
        "nba_states": states(*((minute, 2 * minute, 2 * minute) for minute in range(12))),
    }
    fresh = moneylines([(-20, "0", 0.7), *((minute, "1", 0.7) for minute in range(1, 12))])
    found = entries(evening.played(**files, odds_moneyline=fresh))
    assert found
    assert {dict(signal.evidence).get("in_play", "yes") for signal in found} == {"yes"}
    assert min(signal.at for signal in found) > TIP * 10**9


def test_with_a_score_rows_of_before_the_tip_stay_of_before(evening: Evening) -> None:
    files = {
        "kalshi_candles": candles(JUMP),
        "nba_states": states(*((minute, 2 * minute, 2 * minute) for minute in range(12))),
    }
    stale = moneylines([(-20, "0", 0.7), (-0.2, "0", 0.7)])
    assert entries(evening.played(**files, odds_moneyline=stale)) == []
