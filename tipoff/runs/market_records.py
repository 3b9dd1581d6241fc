"""What is stored of the market itself beside the journal: markets, games, scores, odds, books and bars.

Called by the shells (a virtual session, the daemon) with every input and what it meant, because only they
have the body as it came; the actors never see it. Equal scores and odds in a row are stored once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from engine.bars import MarketBar
from engine.events import (
    BookSnapshot,
    GameSeen,
    MarketDetermined,
    MarketListed,
    OddsSeen,
    ScoreSeen,
    Trust,
    VenueEvent,
)
from engine.game import Game
from engine.message import changed
from engine.schedule import ListedGame, MatchState
from engine.terms import GamePhase
from engine.tickers import parse_ticker
from engine.units import Nanos
from persistence.records import BookSample, GameRecord, MarketRecord, OddsRecord, Record, ScoreRecord

NEVER = Nanos(0)
POSTPONED = GamePhase.POSTPONED.value
KEPT = frozenset({ScoreSeen, OddsSeen, GameSeen, MarketListed, MarketDetermined, BookSnapshot})
"""Kinds of events that leave a record; most frames are of no such kind and are passed over at once."""


class MarketRecords:
    """Turns inputs into records; remembers only what is needed to tell news from repetition."""

    opinions = True

    def __init__(self, keep: Callable[[list[Record]], None]) -> None:
        """Begin with nothing seen; `keep` takes records to where they are stored."""
        self._keep = keep
        self._listed: dict[str, MarketListed] = {}
        self._seen: dict[tuple[object, ...], tuple[object, ...]] = {}
        self._games: dict[str, GameSeen] = {}

    def on_input(self, body: str, events: Iterable[VenueEvent]) -> None:
        """Store what there is to store of one input."""
        records = self.records(body, events)
        if records:
            self._keep(records)

    def add_bars(self, bars: list[MarketBar]) -> None:
        """Store bars that have ended."""
        self._keep([*bars])

    def add_games(self, listing: Mapping[str, ListedGame], games: Mapping[str, Game]) -> None:
        """Store samples of the books that moved, and which games of the league were matched and how far
        they are.
        """
        self._keep([*self.books(games.values()), *self._matched(listing, games)])

    def records(self, body: str, events: Iterable[VenueEvent]) -> list[Record]:
        """Return what to store of one input.

        The raw body stands with the first record that was parsed from it.
        """
        raw: str | None = body
        found: list[Record] = []
        for event in events:
            if type(event) not in KEPT:
                continue
            record = self._record(event, raw)
            if record is not None:
                found.append(record)
                raw = None
        return found

    def books(self, games: Iterable[Game]) -> list[Record]:
        """A sample of every book that is not as it was when it was sampled last."""
        return [
            BookSample(book.as_snapshot(), book.trust)
            for game in games
            for book in (market.book for market in game.markets.values())
            if book.snapshots
            and self._is_news(("book", book.ticker), (book.conn, book.sid, book.seq, book.at, book.trust))
        ]

    def _record(self, event: VenueEvent, raw: str | None) -> Record | None:
        match event:
            case ScoreSeen():
                key: tuple[object, ...] = (event.game, event.source)
                return ScoreRecord(event, raw) if self._is_news(key, event.said) else None
            case OddsSeen():
                key = (event.game, event.vendor, event.opening)
                return OddsRecord(event, raw) if self._is_news(key, event.said) else None
            case GameSeen():
                return self._game(event)
            case MarketListed():
                return self._market(event, raw)
            case MarketDetermined():
                return self._determined(event)
            case BookSnapshot() if not event.pseudo:
                return BookSample(event, Trust.TRUSTED)
            case _:
                return None

    def _is_news(self, key: tuple[object, ...], said: tuple[object, ...]) -> bool:
        """Whether this was not what the same source last said of the same thing (whatever the time)."""
        if self._seen.get(key) == said:
            return False
        self._seen[key] = said
        return True

    def _game(self, seen: GameSeen) -> Record | None:
        if not self._is_news((seen.game,), (seen.date, seen.tip_at, seen.postponed)):
            return None
        self._games[seen.game] = seen
        # Whether it is matched is known to the schedule, which hears of it after this.
        return GameRecord(seen, POSTPONED if seen.postponed else GamePhase.SCHEDULED.value, matched=False)

    def _matched(self, listing: Mapping[str, ListedGame], games: Mapping[str, Game]) -> Iterator[GameRecord]:
        for name, listed in listing.items():
            seen = self._games.get(listed.reference or "")
            if seen is None or listed.state is not MatchState.MATCHED:
                continue
            score = games[name].score if name in games else None
            state = POSTPONED if seen.postponed else (score.phase if score else GamePhase.SCHEDULED).value
            if self._is_news(("matched", seen.game), (seen, state)):
                yield GameRecord(seen, state, matched=True)

    def _market(self, listed: MarketListed, raw: str | None) -> Record | None:
        before = self._listed.get(listed.ticker)
        self._listed[listed.ticker] = listed
        # Compared without their stamps: every poll brings the same market with a new one.
        if before is not None and changed(before, at=NEVER) == changed(listed, at=NEVER):
            return None
        parsed = parse_ticker(listed.ticker)
        return MarketRecord(listed, parsed.kind.value, parsed.game, strike=parsed.strike, raw=raw)

    def _determined(self, event: MarketDetermined) -> Record | None:
        listed = self._listed.get(event.ticker)
        if listed is None:
            return None
        parsed = parse_ticker(event.ticker)
        return MarketRecord(listed, parsed.kind.value, parsed.game, event.result, event.value, parsed.strike)
