"""A run on a virtual clock: the whole tree of actors, fed with recorded lines, as fast as the processor goes.

Used by replays, the demo, stories, sweeps and chaos tests. The actors are those of the live daemon; only
the clock and the way facts become durable are chosen here. One line in, everything that follows from it
done, then the next.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import attrs

from actors.addresses import JOURNAL, MARKET_FEED, SCHEDULE, game_address
from actors.fact_history import FactHistory
from actors.messages import (
    Commit,
    CommittedUpTo,
    FeedSnapshot,
    ListingWanted,
    Numbered,
    StateWanted,
    VenueInput,
    venue_input,
)
from actors.runtime import Address, VirtualSystem
from engine.bars import MarketBar
from engine.events import BookDelta, QuoteSeen, TradePrinted, VenueEvent
from engine.facts import Fact, RunEnded, RunStarted
from engine.game import Game
from engine.quarantine import UnreadFact
from engine.schedule import ListedGame
from engine.units import Nanos
from tipoff.runs.run_fold import SectionOf, folded
from tipoff.runs.settings import TradingSettings, openings, parts_of
from tipoff.sources.registry import translator
from tipoff.wiring import tree
from venues.kalshi.parse import parse_frame
from venues.recordings.line_kinds import CONNECTION, KALSHI_STREAM
from venues.recordings.recorder import Line

OURS = frozenset({"journal", "timer"})
"""Sources of lines that are the engine's own inputs."""

UNRECORDED = frozenset({BookDelta, QuoteSeen, TradePrinted})
"""What a frame of the stream mostly means, of which nobody keeps a record."""

ANSWER_WITHIN_NS = 1_000_000_000
"""How long to wait (on the virtual clock) for an actor's answer."""


@attrs.frozen(kw_only=True)
class Past:
    """From where a session goes on: the durable facts of a run, and the number of the next one."""

    facts: tuple[Fact | UnreadFact, ...] = ()
    before: SectionOf | None = None
    """What came before the facts was folded to this."""
    next_seq: int = 1
    told: bool = False
    """Whether commits are part of the input, as they are in the recording of a live run."""
    history: FactHistory | None = None
    """What remembers the facts from here on; made of them unless somebody brings one."""


class Records(Protocol):
    """Who keeps what the market did; with `opinions` the bars hold what strategies hold it to be worth."""

    opinions: bool

    def on_input(self, body: str, events: Iterable[VenueEvent]) -> None:
        """One input's body and what it meant."""
        ...

    def add_bars(self, bars: list[MarketBar]) -> None:
        """Bars that have ended."""
        ...


class VirtualSession:
    """One run over recorded lines."""

    def __init__(
        self,
        settings: TradingSettings,
        run: RunStarted,
        store: Callable[[tuple[Numbered, ...]], int],
        market_records: Records | None = None,
        past: Past = Past(),
    ) -> None:
        """Start the tree at the run's moment and open the strategies' accounts.

        `store` makes facts durable; `market_records` hears every input's body and what it meant, and the
        bars; `past` is what an earlier process left behind.
        """
        self.settings = settings
        self.run = run
        self.frames = 0
        self.events = 0
        self._market_records = market_records
        self._translate = translator().translate
        history = past.history or folded(past.facts, settings, past.before).history()
        parts = parts_of(settings, history, store, lambda: self.system.inputs)
        parts = attrs.evolve(parts, next_seq=past.next_seq)
        if past.told:
            parts = attrs.evolve(parts, writer_answers=False, watched=True)
        if market_records is not None:
            opinions = market_records.opinions
            parts = attrs.evolve(parts, keep_bars=market_records.add_bars, bars_of_prices=not opinions)
        self.system = VirtualSystem(tree(parts), start_at=run.at, seed=settings.seed)
        self.system.start()
        self._put(JOURNAL, Commit("run", (run,)), run.at)
        for address, message in openings(settings):
            self._put(address, message, run.at)

    def on_line(self, line: Line) -> None:
        """Work on one recorded line and on everything that follows from it."""
        self.frames += 1
        if line.source in OURS:
            self._handle_own(line)
            return
        events = self._translate(line)
        if events:
            self.events += len(events)
            if self._market_records is not None:
                self._market_records.on_input(line.body, events)
            self.system.put(MARKET_FEED, venue_input(events), line.at)

    def _handle_own(self, line: Line) -> None:
        """Work on a line that no venue said."""
        if line.source == "journal":
            self._put(JOURNAL, CommittedUpTo(int(line.body)), line.at)
        else:
            self.system.advance(line.at)

    def on_lines(self, lines: Iterable[Line]) -> None:
        """Work on lines one after the other: `on_line` in a loop, without its calls for a frame."""
        put, records = self.system.put, self._market_records
        for line in lines:
            if line.source != KALSHI_STREAM or line.what in CONNECTION:
                self.on_line(line)
                continue
            self.frames += 1
            # As `translate`, which would come here by way of the line's source.
            events = parse_frame(line.body, line.conn, line.at)  # type: ignore[arg-type]
            only = events[0] if len(events) == 1 else None
            self.events += len(events)
            if type(only) is BookDelta:
                put(MARKET_FEED, only, line.at)
            elif events:
                # Asking would cost two calls for most of the lines.
                if records is not None and type(only) not in UNRECORDED:
                    records.on_input(line.body, events)
                put(MARKET_FEED, VenueInput(events), line.at)

    def end(self, at: Nanos, reason: str) -> None:
        """Let due timers fire up to `at` and close the run in the journal."""
        self.system.advance(at)
        self._put(JOURNAL, Commit("run", (RunEnded(self.run.run, reason, at),)), at)

    def listing(self) -> dict[str, ListedGame]:
        """The games that the schedule knows, by id."""
        listed = self.system.ask(SCHEDULE, ListingWanted(), ANSWER_WITHIN_NS)
        assert isinstance(listed, dict)  # noqa: S101 - the schedule answers with its list
        return listed

    def games(self) -> dict[str, Game]:
        """The games as they stand, by id, in the order in which they were found."""
        games: dict[str, Game] = {}
        for name in self.listing():
            state = self.system.ask(game_address(name), StateWanted(), ANSWER_WITHIN_NS)
            assert isinstance(state, Game)  # noqa: S101
            games[name] = state
        return games

    def feed(self) -> FeedSnapshot:
        """What the market feed has counted."""
        figures = self.system.ask(MARKET_FEED, StateWanted(), ANSWER_WITHIN_NS)
        assert isinstance(figures, FeedSnapshot)  # noqa: S101
        return figures

    def _put(self, address: Address, message: object, at: int) -> None:
        self.system.put(address, message, at)
