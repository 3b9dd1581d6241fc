"""What is stored of the games of an evening: which were matched, and how far they are."""

import sqlite3
from pathlib import Path

from engine.events import GameSeen, ScoreSeen, VenueEvent
from engine.game import Game
from engine.message import changed
from engine.schedule import ListedGame, Schedule
from engine.terms import GamePhase
from engine.units import NANOS_PER_SECOND, Nanos
from persistence.records import GameRecord, Record
from tipoff.cli.app import main
from tipoff.exit_codes import Exit
from tipoff.runs.market_records import MarketRecords

KEPT = Path(__file__).parents[2] / "stories" / "former_build"
MARKET = "KXNBAGAME-26JAN14WASLAC-LAC"
NAME = "26JAN14WASLAC"
AT = Nanos(1_768_400_000 * NANOS_PER_SECOND)
SEEN = GameSeen("bdl:7", "2026-01-14", "WAS", "LAC", AT, False, AT)
OTHER = GameSeen("bdl:8", "2026-01-14", "BOS", "LAL", AT, False, AT)


def games(records: list[Record]) -> list[tuple[str, str, bool]]:
    return [(it.game.game, it.state, it.matched) for it in records if isinstance(it, GameRecord)]


class Evening:
    """A schedule, a game of it, and what is stored of both."""

    def __init__(self) -> None:
        self.schedule = Schedule()
        self.game = Game(NAME)
        self.kept: list[Record] = []
        self.records = MarketRecords(self.kept.extend)

    def hear(self, *events: VenueEvent) -> list[tuple[str, str, bool]]:
        """What is stored of the games when these have been heard and a sample is taken."""
        self.kept.clear()
        for event in events:
            if isinstance(event, GameSeen):
                self.schedule.see_game(event)
            else:
                self.game.on_event(event, AT)
        self.records.on_input("{}", events)
        listing: dict[str, ListedGame] = dict(self.schedule.listed)
        self.records.add_games(listing, {NAME: self.game})
        return games(self.kept)


def score(phase: GamePhase) -> ScoreSeen:
    return ScoreSeen("bdl:7", "balldontlie", phase, 4, None, 99, 101, None, AT)


def test_a_game_is_stored_as_matched_once_it_is_and_again_when_it_goes_on() -> None:
    evening = Evening()
    evening.schedule.list_market(MARKET, AT)
    assert evening.hear(SEEN, OTHER) == [
        ("bdl:7", "scheduled", False),
        ("bdl:8", "scheduled", False),
        ("bdl:7", "scheduled", True),
    ]
    assert evening.hear(SEEN) == []
    assert evening.hear(score(GamePhase.LIVE)) == [("bdl:7", "live", True)]
    assert evening.hear(score(GamePhase.LIVE)) == []
    assert evening.hear(score(GamePhase.FINAL)) == [("bdl:7", "final", True)]


def test_a_game_put_off_stays_matched() -> None:
    evening = Evening()
    evening.schedule.list_market(MARKET, AT)
    evening.hear(SEEN)
    later = changed(SEEN, postponed=True)
    assert evening.hear(later) == [("bdl:7", "postponed", False), ("bdl:7", "postponed", True)]


def test_a_replay_leaves_the_games_of_its_markets_matched(tmp_path: Path) -> None:
    file = tmp_path / "tipoff.db"
    assert main(["replay", str(KEPT), "--db", f"sqlite:///{file}", "--json"]) == Exit.OK
    with sqlite3.connect(file) as database:
        rows = database.execute("SELECT matched, state FROM games").fetchall()
    database.close()
    assert sorted(rows) == [(1, "live"), (1, "postponed")]
