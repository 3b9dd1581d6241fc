"""The state of one game: its markets' books, its score, clock and odds, and the news made from them.

Folded by one `game` actor per game. Takes the venue's events and gives the news that strategies and the risk
gate need: best prices only when they (or their sizes, or the book's trust) changed. Two sources of the score
are compared here.
"""

from collections.abc import Iterable

import attrs

from engine.beginning import Beginning
from engine.book import POLLED, Book
from engine.events import (
    BookDelta,
    BookRefused,
    BookSnapshot,
    CloseTimeChanged,
    FeeChanged,
    FeedGapped,
    FeedLost,
    GameKnown,
    GameNews,
    MarketDetermined,
    MarketKnown,
    MarketListed,
    MarketSettled,
    MarketStatus,
    MarketStatusChanged,
    OddsSeen,
    PriceRangesChanged,
    ScoresDisagreed,
    ScoreSeen,
    TopChanged,
    Trust,
    VenueEvent,
)
from engine.message import changed
from engine.milestones import KALSHI
from engine.score_agreement import Agreement
from engine.tickers import parse_ticker
from engine.units import COUNT_ZERO, NANOS_PER_SECOND, PRICE_ONE, Nanos, Price

CHECKING = frozenset({KALSHI})
"""Sources that are only compared with the others: the shape of what they say is not promised by anybody, so
nothing is traded on it.
"""

SCORE_TOLD_AGAIN_NS = 30 * NANOS_PER_SECOND
"""An unchanged score is published again after so long, so that its age is known."""


@attrs.define
class MarketOfGame:
    """One market of the game: its terms, its book, and the last news published of it."""

    listed: MarketListed
    book: Book
    fee_type: str
    fee_multiplier: str
    told: TopChanged | None = None
    quoted: TopChanged | None = None
    """The last of them with a price: what positions are valued at."""
    known: MarketKnown | None = None


class Game:
    """Books, score and odds of one game."""

    def __init__(self, game: str) -> None:
        """Begin with nothing known but the id."""
        self.game = game
        self.known: GameKnown | None = None
        self.markets: dict[str, MarketOfGame] = {}
        self.scores: dict[str, ScoreSeen] = {}
        self.odds: dict[tuple[str, bool], OddsSeen] = {}
        self.beginning = Beginning(game)
        self._told_score: ScoreSeen | None = None
        self._agreement = Agreement()

    @property
    def score(self) -> ScoreSeen | None:
        """The score by the first source that gave one; other sources only check it."""
        return next((score for source, score in self.scores.items() if source not in CHECKING), None)

    @property
    def disagree(self) -> bool:
        """Whether two sources of the score contradict each other."""
        return self._agreement.disagree

    def on_event(self, event: VenueEvent, now: Nanos) -> list[GameNews]:
        """Fold one event; returns the news it makes, often none."""
        # Nearly all that comes is one of these.
        if isinstance(event, BookDelta | BookSnapshot):
            news = self.book_event(event)
            return [] if news is None else [news]
        match event:
            case MarketListed():
                return self._listed(event)
            case ScoreSeen():
                return self._score(event, now)
            case OddsSeen():
                return self._odds(event)
            case MarketStatusChanged():
                return self._status(event.ticker, event.status, now)
            case CloseTimeChanged() | PriceRangesChanged():
                return self._terms_changed(event, now)
            case FeeChanged():
                return self._fees(event, now)
            case FeedLost() | FeedGapped():
                return self._feed_event(event, now)
            case BookRefused():
                return self._book_refused(event, now)
            case MarketDetermined():
                return self._status(event.ticker, MarketStatus.DETERMINED, now)
            case MarketSettled():
                return self._status(event.ticker, MarketStatus.FINALIZED, now)
            case _:
                return []

    def on_game_known(self, known: GameKnown) -> list[GameNews]:
        """The schedule says who plays and whether the game is matched."""
        if self.known is not None and self.known.postponed and not known.postponed:
            # A source says nothing of a game to come, so what it said of the old date would stand.
            self.scores.clear()
            self.odds = {key: row for key, row in self.odds.items() if not row.in_play}
            self._told_score = None
        self.known = known
        return [known, *self._begun(known)]

    def _begun(self, news: GameNews) -> list[GameNews]:
        """The word that the game may have begun, if this is the first, or is of an earlier moment."""
        word = self.beginning.apply(news)
        return [] if word is None else [word]

    def current(self, now: Nanos) -> Iterable[GameNews]:
        """Everything a strategy that has just started must hear, oldest kind first."""
        if self.known is not None:
            yield self.known
        if self.beginning.begun is not None:
            yield self.beginning.begun
        for ticker, market in self.markets.items():
            yield self._market_known(ticker, market, now)
            if market.quoted is not None and market.quoted is not market.told:
                # What positions are valued at while the book is empty; nobody may trade on it.
                yield changed(market.quoted, trust=Trust.STALE)
            if market.told is not None:
                yield market.told
        if self.score is not None:
            yield self.score
        yield from self.odds.values()
        if self.disagree:
            yield ScoresDisagreed(self.game, True, self._scores_text(), now)

    def book_event(self, event: BookDelta | BookSnapshot) -> TopChanged | None:
        """Apply a book's event; returns the new best prices if they, sizes or trust changed."""
        market = self.markets.get(event.ticker)
        if market is None:
            return None
        if type(event) is BookDelta:
            book = market.book
            # Most deltas are of deeper levels, and of those nobody needs to hear.
            if not book.apply_delta(event) or not book.top_moved:
                return None
        elif isinstance(event, BookSnapshot):
            market.book.apply_snapshot(event)
        return self.top_of(market, event.at_venue, event.at)

    def top_of(self, market: MarketOfGame, at_venue: Nanos | None, at: Nanos) -> TopChanged | None:
        """The best prices of a market whose book changed; None if they, sizes and trust are as they were."""
        book, told = market.book, market.told
        # As `Book.top`, which is a call for every change of a best price.
        yes, no, trust = book.yes_best, book.no_best, book.trust
        bid, bid_size = yes or None, book.yes.get(yes, COUNT_ZERO)
        ask, ask_size = Price(PRICE_ONE - no) if no else None, book.no.get(no, COUNT_ZERO)
        if (
            told is not None
            and told.yes_bid == bid
            and told.yes_ask == ask
            and told.yes_bid_size == bid_size
            and told.yes_ask_size == ask_size
            and told.trust is trust
        ):
            return None
        news = TopChanged(book.ticker, self.game, bid, bid_size, ask, ask_size, trust, at_venue, at)
        market.told = news
        # As `TopChanged.priced`.
        if bid is not None or ask is not None:
            market.quoted = news
        return news

    def _listed(self, listed: MarketListed) -> list[GameNews]:
        market = self.markets.get(listed.ticker)
        fee_type, multiplier = listed.fee_type or "", listed.fee_multiplier or ""
        if market is None:
            market = MarketOfGame(listed, Book(listed.ticker), fee_type, multiplier)
            self.markets[listed.ticker] = market
        elif listed.repeats(market.listed) and (market.fee_type, market.fee_multiplier) == (
            fee_type,
            multiplier,
        ):
            # Polled, and no news: only its book may have something to say.
            market.listed = listed
            return self._pause(market, listed.status, listed.at)
        else:
            market.listed, market.fee_type, market.fee_multiplier = listed, fee_type, multiplier
        return self._terms(listed.ticker, market, listed.at) + self._pause(market, listed.status, listed.at)

    def _terms(self, ticker: str, market: MarketOfGame, now: Nanos) -> list[GameNews]:
        """The market's terms, unless they were told already: listings are polled and seldom say news."""
        known = self._market_known(ticker, market, now)
        before = market.known
        if before is not None and before.said == known.said:
            return []
        market.known = known
        return [known, *self._begun(known)]

    def _status(self, ticker: str, status: MarketStatus, now: Nanos) -> list[GameNews]:
        market = self.markets.get(ticker)
        if market is None or market.listed.status is status:
            return []
        market.listed = changed(market.listed, status=status)
        return self._terms(ticker, market, now) + self._pause(market, status, now)

    def _pause(self, market: MarketOfGame, status: MarketStatus, now: Nanos) -> list[GameNews]:
        if status is MarketStatus.ACTIVE:
            market.book.resume()
        else:
            market.book.pause()
        # A listing alone has no prices; news of an empty book would look like a market that nobody quotes.
        if market.told is None and market.book.snapshots == 0:
            return []
        top = self.top_of(market, None, now)
        return [] if top is None else [top]

    def _terms_changed(self, event: CloseTimeChanged | PriceRangesChanged, now: Nanos) -> list[GameNews]:
        market = self.markets.get(event.ticker)
        if market is None:
            return []
        if isinstance(event, CloseTimeChanged):
            market.listed = changed(market.listed, close_at=event.close_at)
        else:
            market.listed = changed(market.listed, price_ranges=event.price_ranges)
        return self._terms(event.ticker, market, now)

    def _fees(self, event: FeeChanged, now: Nanos) -> list[GameNews]:
        news: list[GameNews] = []
        for ticker, market in self.markets.items():
            if event.scope not in (market.listed.series, market.listed.event_ticker):
                continue
            # An event whose override was cleared goes back to what the listing says.
            market.fee_type = event.fee_type or market.listed.fee_type or ""
            market.fee_multiplier = event.fee_multiplier or market.listed.fee_multiplier or ""
            news += self._terms(ticker, market, now)
        return news

    def _feed_event(self, event: FeedLost | FeedGapped, now: Nanos) -> list[GameNews]:
        news: list[GameNews] = []
        for market in self.markets.values():
            book = market.book
            # A gap is counted per subscription, so books of another one on the same connection are still
            # sound.
            if book.conn != event.conn or (isinstance(event, FeedGapped) and book.sid != event.sid):
                continue
            newly = book.feed_gapped() if isinstance(event, FeedGapped) else book.feed_lost()
            if not newly:
                continue
            top = self.top_of(market, None, now)
            news += [] if top is None else [top]
        return news

    def _book_refused(self, event: BookRefused, now: Nanos) -> list[GameNews]:
        market = self.markets.get(event.ticker)
        if market is None or not market.book.concerns(event) or not market.book.feed_gapped():
            return []
        top = self.top_of(market, None, now)
        return [] if top is None else [top]

    def distrust(self, ticker: str, now: Nanos) -> TopChanged | None:
        """Something of the market could not be taken in: its book wants a snapshot."""
        market = self.markets.get(ticker)
        if market is None or not market.book.feed_gapped():
            return None
        return self.top_of(market, None, now)

    def _score(self, seen: ScoreSeen, now: Nanos) -> list[GameNews]:
        first = self.score
        before = self.scores.get(seen.source)
        told = self._told_score
        turned = self._agreement.on_score(seen, now)
        # A source that is only compared with another may be the first to know.
        news: list[GameNews] = self._begun(seen)
        if before is None or told is None or before.said != seen.said or _long_ago(told, seen):
            seen = changed(seen, game=self.game)
            self.scores[seen.source] = seen
            # One source leads for the whole game: alternating between two that lag differently would make the
            # score jump back and forth.
            checks = seen.source in CHECKING or (first is not None and first.source != seen.source)
            if not checks and self._is_news(first, seen):
                self._told_score = seen
                news.append(seen)
        if turned:
            news.append(ScoresDisagreed(self.game, self.disagree, self._scores_text(), now))
        return news

    def _is_news(self, before: ScoreSeen | None, seen: ScoreSeen) -> bool:
        """A poll that says what the last one said is told only now and then, so that its age is known."""
        told = self._told_score
        return before is None or told is None or before.said != seen.said or _long_ago(told, seen)

    def _scores_text(self) -> str:
        return ", ".join(f"{score.source}: {score.away}-{score.home}" for score in self.scores.values())

    def _odds(self, seen: OddsSeen) -> list[GameNews]:
        # An opening row never changes; kept under the vendor alone the current one would overwrite it.
        key = (seen.vendor, seen.opening)
        before = self.odds.get(key)
        if before is not None and before.at_venue == seen.at_venue and before.said == seen.said:
            return []
        # Of an old row, too, the word holds that the game was being played.
        begun = self._begun(seen)
        # A later answer may carry an older row than the last one.
        if before is not None and before.at_venue is not None and (seen.at_venue or 0) < before.at_venue:
            return begun
        seen = changed(seen, game=self.game)
        self.odds[key] = seen
        return [*begun, seen]

    def _market_known(self, ticker: str, market: MarketOfGame, now: Nanos) -> MarketKnown:
        parsed = parse_ticker(ticker)
        listed = market.listed
        strike = listed.floor_strike if listed.floor_strike is not None else parsed.strike
        return MarketKnown(
            ticker=ticker,
            game=self.game,
            kind=parsed.kind.value,
            team=parsed.team,
            strike=strike,
            status=listed.status,
            close_at=listed.close_at,
            fee_type=market.fee_type,
            fee_multiplier=market.fee_multiplier,
            at=now,
        )

    def doubtful(self, now: int) -> list[tuple[int, int]]:
        """Connection and subscription of every book that only a snapshot can put right, each once."""
        books = [market.book for market in self.markets.values() if market.book.doubtful(now)]
        return list(dict.fromkeys((book.conn, book.sid) for book in books if book.conn > POLLED))

    def books(self) -> Iterable[MarketListed | BookSnapshot]:
        """The listing and the present book of every market, for an exchange that has just started.

        A book that waits for a snapshot is not passed on: the exchange would take it for a good one.
        """
        for market in self.markets.values():
            yield market.listed
            if market.book.synced:
                yield market.book.as_snapshot()


def _long_ago(told: ScoreSeen, seen: ScoreSeen) -> bool:
    return seen.at - told.at >= SCORE_TOLD_AGAIN_NS
