"""One download: which games there were, every answer about them, and a recording for each game day.

Called by `tipoff.commands.download`. Days go by themselves, the earliest first. A day's answers are kept as
they come; when all are there its recording is put together from them alone and takes its place in one step.
So a download that is killed goes on where it was, and ends with the recordings that it would have had.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import Final

import attrs
import msgspec

from engine.leagues import League
from engine.units import Nanos
from tipoff.download.asker import Asker
from tipoff.download.gathering import Gathered, OnProgress, Progress, rows_of
from tipoff.download.plan import GameEvent, GameWords, Side, series_target
from tipoff.download.scores import ScoreAsker
from tipoff.download.stage import UNFINISHED, Stage, put_in_place, spilt
from venues.errors import AnswerNotUnderstood, RecordingError
from venues.importers.entries import Entry
from venues.importers.past_day import Hours, LeftOut, Reasons, game_day, times_of
from venues.kalshi.results import HistoricalCutoff, read_cutoff
from venues.recordings.recorder import Recorder
from venues.refusals import REFUSABLE

MADE_BY: Final = "tipoff download"
KNOWN: Final = {
    "kalshi-trades": "real",
    "kalshi-candlesticks": "assumed: the last quote of each minute, known when it ends",
    "kalshi-results": "real",
    "nba-states": "assumed: 10:20:40 s behind the scorer",
}


@attrs.frozen(kw_only=True)
class Wanted:
    """What is to be downloaded, and where to."""

    days: tuple[date, ...]
    games: GameWords
    leagues: tuple[League, ...]
    series: tuple[str, ...]
    """Whose markets; the winners' series is asked in any case, for it says which games there were."""
    out: Path


@attrs.frozen(kw_only=True)
class Day:
    """What became of a day."""

    day: date
    recording: Path | None
    """None if nobody played."""
    there: bool = False
    """Whether its recording was there already."""
    games: int = 0
    markets: int = 0
    lines: Mapping[str, int] = attrs.field(factory=dict)
    """By what they are."""
    left_out: Mapping[LeftOut, int] = attrs.field(factory=dict)


@attrs.define(eq=False)
class Download:
    """A download that is going on."""

    wanted: Wanted
    venue: Asker
    scores: ScoreAsker | None
    on_progress: OnProgress
    left_out: Reasons = attrs.field(factory=Counter)
    """What of the listings makes no sense; what of a day does is told with the day."""

    async def run(self) -> list[Day]:
        """Everything that is not there yet. Raises VenueError, RecordingError and OSError."""
        missing = [day for day in self.wanted.days if not self._place(day).exists()]
        games: dict[date, list[GameEvent]] = {}
        cutoff = HistoricalCutoff(Nanos(0), Nanos(0))
        if missing:
            cutoff = read_cutoff((await self.venue.client.get("/historical/cutoff", self.venue.cost)).text)
            games = await self._games()
        done: list[Day] = []
        told = Progress(
            day=self.wanted.days[0], games_done=0, games=sum(len(games.get(day, ())) for day in missing)
        )
        for day in self.wanted.days:
            if day not in missing:
                # A kill between the recording and its answers leaves these.
                Stage(self._unfinished(day)).remove()
                done.append(Day(day=day, recording=self._place(day), there=True))
                continue
            told = attrs.evolve(told, day=day, answers=0)
            one, told = await self._day(told, sorted(games.get(day, ())), cutoff)
            done.append(one)
        return done

    def _place(self, day: date) -> Path:
        return self.wanted.out / day.isoformat()

    def _unfinished(self, day: date) -> Path:
        return self.wanted.out / UNFINISHED / day.isoformat()

    async def _games(self) -> dict[date, list[GameEvent]]:
        """The games there were, by their days. An answer that cannot be read is no answer here: what it
        leaves out would be missed without a word.
        """
        found: dict[date, dict[str, GameEvent]] = {}
        for league in self.wanted.leagues:
            for side in Side:
                target = series_target(side, league.games_series)
                answered = await self.venue.pages(target, "markets")
                if answered.lost is not None:
                    raise AnswerNotUnderstood(f"{target}: {LeftOut[answered.lost].value}")
                for row in rows_of(answered, "markets", self.left_out):
                    self._note_game(row, league, found)
        return {day: list(games.values()) for day, games in found.items()}

    def _note_game(self, row: msgspec.Raw, league: League, found: dict[date, dict[str, GameEvent]]) -> None:
        try:
            times = times_of(row)
            day, settled_at = game_day(times, times.ticker), times.settled_at
        except REFUSABLE:
            self.left_out[LeftOut.ODD_ROW] += 1
            return
        event = times.ticker.rpartition("-")[0]
        game = GameEvent(event, league, settled_at)
        if day is None or not game.parsed.away or not self.wanted.games.have(game.parsed):
            return
        games = found.setdefault(day, {})
        before = games.get(event)
        if before is None or before.settled_at is None:
            games[event] = game

    async def _day(
        self, told: Progress, games: Sequence[GameEvent], cutoff: HistoricalCutoff
    ) -> tuple[Day, Progress]:
        """One day: every answer about it, then its recording; and how far the download is then."""
        if not games:
            self.on_progress(told)
            return Day(day=told.day, recording=None), told
        stage = Stage(self._unfinished(told.day))
        stage.clear_recording()
        gathered = Gathered(
            stage=stage,
            hours=Hours.of(told.day),
            cutoff=cutoff,
            venue=self.venue,
            told=told,
            on_progress=self.on_progress,
        )
        await gathered.terms(self.wanted.series, games)
        for game in games:
            await gathered.game(game, tuple(game.events(self.wanted.series)))
        if self.scores is not None:
            await gathered.scored(self.scores, {each.league: each for each in games})
        return self._written(stage, gathered), gathered.told

    def _written(self, stage: Stage, gathered: Gathered) -> Day:
        """Put the recording together and in its place."""
        streams: list[Iterator[Entry]] = [iter(gathered.of_day), *map(spilt, gathered.spills)]
        lines: Counter[str] = Counter()
        place = self._place(gathered.told.day)
        try:
            with Recorder(stage.recording, made_by=MADE_BY, known=KNOWN) as recorder:
                # Of one moment the day's own come first, then game by game: always in the same order.
                for entry in heapq.merge(*streams, key=attrgetter("at")):
                    recorder.write(*entry)
                    lines[_kind(entry)] += 1
            put_in_place(stage.recording, place)
        except OSError as error:
            raise RecordingError(f"{place}: cannot be written: {error}") from error
        stage.remove()
        return Day(
            day=gathered.told.day,
            recording=place,
            games=len(gathered.paid_at),
            markets=gathered.markets,
            lines=dict(sorted(lines.items())),
            left_out={reason: gathered.left_out[reason] for reason in LeftOut if gathered.left_out[reason]},
        )


def _kind(entry: Entry) -> str:
    """What a line is counted as: its kind, or the path that it is an answer of."""
    return entry.what if entry.source == "import" else entry.what.partition("?")[0]
