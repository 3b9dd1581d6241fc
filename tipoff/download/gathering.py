"""The answers about one past day as they are gathered, and the lines made of them.

Made by `tipoff.download.session` for each day. Lines of one game at a time are in memory.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from operator import attrgetter
from pathlib import Path

import attrs
import msgspec

from engine.leagues import League
from engine.units import Nanos
from tipoff.download.asker import Asker
from tipoff.download.plan import (
    GameEvent,
    Side,
    candles_target,
    event_target,
    market_sides,
    trade_sides,
    trades_target,
)
from tipoff.download.scores import ScoreAsker
from tipoff.download.stage import Answered, Stage
from venues.errors import AnswerNotUnderstood
from venues.importers.entries import Entry, NamedGame
from venues.importers.past_day import (
    Hours,
    LeftOut,
    MarketTimes,
    PastMarket,
    Reasons,
    market_lines,
    score_lines,
    series_lines,
    term_lines,
    times_of,
)
from venues.kalshi.results import HistoricalCutoff, read_rows
from venues.refusals import REFUSABLE


@attrs.frozen(kw_only=True)
class Progress:
    """How far a download is."""

    day: date
    games_done: int
    """Of all days that are downloaded."""
    games: int
    answers: int = 0
    """Answers about the day that are there."""
    markets_done: int = 0
    """Of all days."""
    markets_expected: int = 0
    """Of all days: of the games that are left as many each as of the one before; 0 before the first."""


OnProgress = Callable[[Progress], None]


@attrs.define(eq=False, kw_only=True)
class Gathered:
    """The answers about one day, and the lines made of them."""

    stage: Stage
    hours: Hours
    cutoff: HistoricalCutoff
    venue: Asker
    told: Progress
    on_progress: OnProgress
    left_out: Reasons = attrs.field(factory=Counter)
    of_day: list[Entry] = attrs.field(factory=list)
    """Lines that are of no single game, in the order of time."""
    spills: list[Path] = attrs.field(factory=list)
    """The lines of each game, put aside."""
    paid_at: dict[str, Nanos | None] = attrs.field(factory=dict)
    """When the venue paid each game, by `NamedGame.reference`; None of one that it has not paid."""
    markets: int = 0

    async def terms(self, series: Sequence[str], games: Sequence[GameEvent]) -> None:
        """The fee terms of the series and of the games' events, as far as they changed."""
        for each in series:
            # No list, so no rows: the body is one object.
            answered = await self._had(self.venue, f"/series/{each}", "")
            self.of_day += series_lines(_pairs(answered), self.hours, self.left_out)
            target = f"/series/fee_changes?series_ticker={each}&show_historical=true"
            answered = await self._had(self.venue, target, "series_fee_change_arr")
            self.of_day += term_lines(_pairs(answered), self.hours, "series_fee_change_arr", self.left_out)
        for game in games:
            for event in game.events(series):
                target = f"/events/fee_changes?event_ticker={event}&limit=1000"
                answered = await self._had(self.venue, target, "event_fee_changes")
                self.of_day += term_lines(_pairs(answered), self.hours, "event_fee_changes", self.left_out)
        self.of_day.sort(key=lambda entry: entry.at)

    async def game(self, game: GameEvent, events: Sequence[str]) -> None:
        """Every market of a game: who listed it, its trades, its minutes, its result."""
        rows: dict[str, tuple[Side, msgspec.Raw, MarketTimes]] = {}
        for event in events:
            for side in market_sides(game, self.cutoff):
                answered = await self._had(self.venue, event_target(side, event), "markets")
                for row in rows_of(answered, "markets", self.left_out):
                    self._note_market(row, side, rows)
        before, left = self.told.markets_done, self.told.games - self.told.games_done
        self.told = attrs.evolve(self.told, markets_expected=before + left * len(rows))
        entries: list[Entry] = []
        for ticker, (side, row, _times) in sorted(rows.items()):
            trades: list[str] = []
            for each in trade_sides(self.hours, self.cutoff):
                answered = await self._had(self.venue, trades_target(each, ticker, self.hours), "trades")
                trades += answered.pages
            market = PastMarket(
                ticker=ticker, row=row, trades=trades, candles=await self._candles(side, ticker)
            )
            entries += market_lines(market, self.hours, self.left_out)
            self.told = attrs.evolve(self.told, markets_done=self.told.markets_done + 1)
        self.markets += len(rows)
        paid = [times.settled_at for _side, _row, times in rows.values() if times.settled_at is not None]
        parsed = game.parsed
        named = NamedGame(self.told.day.isoformat(), parsed.away or "", parsed.home or "")
        self.paid_at[named.reference] = max(paid, default=None)
        entries.sort(key=lambda entry: entry.at)
        self.spills.append(self.stage.spill(game.ticker, entries))
        self.told = attrs.evolve(self.told, games_done=self.told.games_done + 1)

    def _note_market(
        self, row: msgspec.Raw, side: Side, rows: dict[str, tuple[Side, msgspec.Raw, MarketTimes]]
    ) -> None:
        try:
            times = times_of(row)
            _ = times.settled_at
        except REFUSABLE:
            self.left_out[LeftOut.ODD_ROW] += 1
            return
        if times.ticker in rows:
            self.left_out[LeftOut.TOLD_TWICE] += 1
        else:
            rows[times.ticker] = side, row, times

    async def _candles(self, side: Side, ticker: str) -> tuple[str, ...]:
        """The minutes of a market. One that went to the archive since it was listed is asked for there."""
        target = candles_target(side, ticker, self.hours)
        answered = await self._answered(self.venue, target, "candlesticks")
        if answered.lost != LeftOut.NOT_THERE.name:
            return self._counted(answered).pages
        target = candles_target(side.other, ticker, self.hours)
        return (await self._had(self.venue, target, "candlesticks")).pages

    async def scored(self, scores: ScoreAsker, leagues: Mapping[League, GameEvent]) -> None:
        """Who played, how it went, and what sportsbooks asked, as far as the key allows."""
        for league in leagues:
            had = await scores.day(self._had, self.told.day, league, frozenset(self.paid_at))
            lines = score_lines(had, self.paid_at, self.hours, self.left_out)
            self.of_day = list(heapq.merge(self.of_day, lines, key=attrgetter("at")))

    async def _had(self, asker: Asker, target: str, name: str) -> Answered:
        """An answer; what it lacks is counted."""
        return self._counted(await self._answered(asker, target, name))

    async def _answered(self, asker: Asker, target: str, name: str) -> Answered:
        """The answer that is kept, or else one that is asked for and kept."""
        answered = self.stage.get(target)
        if answered is None:
            answered = await asker.pages(target, name)
            self.stage.put(answered)
        return answered

    def _counted(self, answered: Answered) -> Answered:
        if answered.lost is not None:
            self.left_out[LeftOut[answered.lost]] += 1
        self.told = attrs.evolve(self.told, answers=self.told.answers + 1)
        self.on_progress(self.told)
        return answered


def _pairs(answered: Answered) -> list[tuple[str, str]]:
    return [(answered.target, page) for page in answered.pages]


def rows_of(answered: Answered, name: str, left_out: Reasons) -> Iterator[msgspec.Raw]:
    """The rows of all pages of an answer."""
    for page in answered.pages:
        try:
            yield from read_rows(page, name) or ()
        except AnswerNotUnderstood:
            left_out[LeftOut.NOT_UNDERSTOOD] += 1
