"""The events of the outside world: market data, scores, odds and listings, as the engine sees them.

Made by the translators in `venues` (one wire message gives zero or more events), routed by `actors`, folded
by the books, games and the paper exchange. Every event carries the venue's time (`at_venue`, may be missing)
and ours (`at`); both are UTC nanoseconds.
"""

from operator import attrgetter
from typing import Final, TypeAlias

from engine.message import message
from engine.milestones import MilestoneSeen
from engine.terms import BegunBy, BookSide, GamePhase, Level, MarketStatus, Side, Trust
from engine.units import Count, Nanos, Price, Tenths


@message
class BookSnapshot:
    """The whole book of one market: bids of both sides, ascending in price, best last.

    `pseudo` marks a book made from a quote or a candle because no depth was recorded; its sizes are an
    assumption. `past` marks one made from a candle: its close was traded at some moment of the minute that
    has passed, so nobody can be sure to have it from now on.
    """

    ticker: str
    yes: tuple[Level, ...]
    no: tuple[Level, ...]
    conn: int
    sid: int
    seq: int
    at_venue: Nanos | None
    at: Nanos
    pseudo: bool = False
    past: bool = False


@message
class BookDelta:
    """A signed change of one level's size; the level disappears at zero. NO prices are in NO terms."""

    ticker: str
    side: Side
    price: Price
    change: Count
    conn: int
    sid: int
    seq: int
    at_venue: Nanos | None
    at: Nanos


@message
class TradePrinted:
    """A public trade at a YES price; `taker` is the aggressor's direction. Block trades never fill us.

    `recovered` marks a trade that was fetched after a gap instead of heard on the stream.
    """

    ticker: str
    trade_id: str
    price: Price
    count: Count
    taker: BookSide
    block: bool
    at_venue: Nanos | None
    at: Nanos
    recovered: bool = False


@message
class TradesRecovered:
    """All public trades of a market between two moments, fetched after a gap; None if they could not be had.

    `trades` are in the order in which they happened. With them the paper exchange decides what the gap did to
    our orders.
    """

    ticker: str
    since: Nanos
    until: Nanos
    trades: tuple[TradePrinted, ...] | None
    at: Nanos


@message
class QuoteSeen:
    """Top of book as the venue's ticker channel (or a candle, then `pseudo`) states it; None is empty.

    `sole` says that this source has no depth of the market, so that the quote must serve as its book.
    """

    ticker: str
    yes_bid: Price | None
    yes_ask: Price | None
    yes_bid_size: Count | None
    yes_ask_size: Count | None
    last: Price | None
    at_venue: Nanos | None
    at: Nanos
    pseudo: bool = False
    sole: bool = False


@message
class FeedConnected:
    """A connection to the market stream is up; everything of older connections is void."""

    conn: int
    at: Nanos


@message
class FeedLost:
    """The connection to the market stream ended; its books are no longer current."""

    conn: int
    reason: str
    at: Nanos


@message
class FeedSequenced:
    """A frame without book content that consumed a sequence number (an `ok` reply)."""

    conn: int
    sid: int
    seq: int
    at: Nanos


@message
class FeedGapped:
    """Sequence numbers are missing: every book of the subscription is suspect."""

    conn: int
    sid: int
    expected: int
    got: int
    at: Nanos


@message
class FeedRefused:
    """Input of a venue that could not be parsed; counted by `kind`, never guessed at.

    `place` is the part that was left out of a message taken for the rest ("" is the whole message).
    """

    source: str
    kind: str
    detail: str
    at: Nanos
    place: str = ""


@message
class BookRefused:
    """A frame about one market's book could not be understood: this book, and no other, is not the venue's.

    `sid` is None where the frame's subscription could not be read. `snapshot` says that it was the whole
    book, so that nothing is under way that would put it right.
    """

    ticker: str
    conn: int
    sid: int | None
    snapshot: bool
    at: Nanos


@message
class FeedUnnumbered:
    """A frame was refused of which the subscription or the number (then None) could not be read.

    It used up a number all the same; the other books of its subscription have missed nothing.
    """

    conn: int
    sid: int | None
    seq: int | None
    at: Nanos


@message
class PriceRange:
    """Prices from `start` to `end` move in steps of `step` (the market's `price_ranges`)."""

    start: Price
    end: Price
    step: Price


@message
class MarketListed:
    """A market as the venue's REST interface describes it. `fee_multiplier` is an exact decimal text."""

    ticker: str
    event_ticker: str
    series: str
    title: str
    status: MarketStatus
    price_ranges: tuple[PriceRange, ...]
    fee_type: str | None
    fee_multiplier: str | None
    floor_strike: Tenths | None
    strike_type: str | None
    open_at: Nanos | None
    close_at: Nanos | None
    expected_expiration_at: Nanos | None
    exchange_index: int | None
    binary: bool
    at: Nanos

    def repeats(self, other: "MarketListed") -> bool:
        """Whether both say the same, whenever each was said."""
        return _LISTED(self) == _LISTED(other)


_LISTED: Final = attrgetter(*(name for name in MarketListed.__annotations__ if name != "at"))


@message
class MarketStatusChanged:
    """The venue moved a market to another state of its life cycle."""

    ticker: str
    status: MarketStatus
    at_venue: Nanos | None
    at: Nanos


@message
class CloseTimeChanged:
    """The venue rewrote a market's close time; after it nothing works any more, not even a cancel."""

    ticker: str
    close_at: Nanos
    at_venue: Nanos | None
    at: Nanos


@message
class PriceRangesChanged:
    """The venue changed a market's tick structure."""

    ticker: str
    price_ranges: tuple[PriceRange, ...]
    at_venue: Nanos | None
    at: Nanos


@message
class MarketDetermined:
    """The venue's result: what one YES contract pays (`value`; NO the rest). A dispute may change it."""

    ticker: str
    result: str
    value: Price
    at_venue: Nanos | None
    at: Nanos


@message
class MarketSettled:
    """The venue paid out: the result is final."""

    ticker: str
    at_venue: Nanos | None
    at: Nanos


@message
class FeeChanged:
    """Fee terms of a series or an event; an event's terms win over its series'.

    None takes the override away.
    """

    scope: str
    fee_type: str | None
    fee_multiplier: str | None
    at: Nanos


@message
class ExchangeStatusSeen:
    """Whether the venue takes orders at all; `exchange_index` None is the whole venue."""

    exchange_active: bool
    trading_active: bool
    exchange_index: int | None
    at: Nanos


@message
class GameSeen:
    """A game of the schedule.

    `game` is the source's reference (such as `bdl:18448007`), `date` is Eastern ISO.
    """

    game: str
    date: str
    away: str
    home: str
    tip_at: Nanos | None
    postponed: bool
    at: Nanos


@message
class ScoreSeen:
    """Score and clock of a game; `clock_ms` is what is left of the period, None if unknown.

    Scores may go down.
    """

    game: str
    source: str
    phase: GamePhase
    period: int
    clock_ms: int | None
    home: int
    away: int
    at_venue: Nanos | None
    at: Nanos

    @property
    def said(self) -> tuple[object, ...]:
        """Everything but who said it and when: equal for polls that say the same."""
        return (self.phase, self.period, self.clock_ms, self.home, self.away)


@message
class OddsSeen:
    """One sportsbook's prices for a game, American odds; any part may be missing.

    `opening` marks opening lines. `in_play` is the source's own word on whether the game was being played,
    None if it has none. `assumed` says that nobody knows the hour of the row: it was taken to be `at`.
    """

    game: str
    vendor: str
    moneyline_home: int | None
    moneyline_away: int | None
    spread_home: Tenths | None
    spread_home_odds: int | None
    spread_away_odds: int | None
    total: Tenths | None
    over_odds: int | None
    under_odds: int | None
    at_venue: Nanos | None
    at: Nanos
    opening: bool = False
    in_play: bool | None = None
    assumed: bool = False

    @property
    def said_at(self) -> Nanos:
        """Since when the book says so: by its own time where it gives one, else when it was heard."""
        # A row that was polled just now may be an hour old.
        return self.at if self.at_venue is None else self.at_venue

    @property
    def said(self) -> tuple[object, ...]:
        """What it says, without who and when: equal for rows that say the same."""
        spread = (self.spread_home, self.spread_home_odds, self.spread_away_odds)
        total = (self.total, self.over_odds, self.under_odds)
        return (self.moneyline_home, self.moneyline_away, spread, total, self.in_play)


MarketEvent: TypeAlias = (
    BookSnapshot
    | BookRefused
    | BookDelta
    | TradePrinted
    | TradesRecovered
    | QuoteSeen
    | MarketListed
    | MarketStatusChanged
    | CloseTimeChanged
    | PriceRangesChanged
    | MarketDetermined
    | MarketSettled
)
"""Events of one market; each has a `ticker`."""

FeedEvent: TypeAlias = FeedConnected | FeedLost | FeedSequenced | FeedUnnumbered | FeedGapped | FeedRefused
GameEvent: TypeAlias = GameSeen | MilestoneSeen | ScoreSeen | OddsSeen
VenueEvent: TypeAlias = MarketEvent | FeedEvent | GameEvent | FeeChanged | ExchangeStatusSeen


@message
class TopChanged:
    """The best prices, their sizes or the trust of a market changed: what a game tells the strategies."""

    ticker: str
    game: str
    yes_bid: Price | None
    yes_bid_size: Count
    yes_ask: Price | None
    yes_ask_size: Count
    trust: Trust
    at_venue: Nanos | None
    at: Nanos

    @property
    def priced(self) -> bool:
        """Whether anybody bids on either side.

        An empty book says nothing of what a position is worth: the venue empties it when a game ends and
        pays minutes later. Positions keep the value that they had at the last prices.
        """
        return self.yes_bid is not None or self.yes_ask is not None


@message
class FairValued:
    """What a strategy (`source`) holds YES of a market to be worth; told when it has thought the market over.

    It decides nothing: charts draw it.
    """

    ticker: str
    p_fair: float
    source: str
    at: Nanos


@message
class MarketKnown:
    """What a game tells the strategies of a market's terms, at its first sight and when they change."""

    ticker: str
    game: str
    kind: str
    team: str | None
    strike: Tenths | None
    status: MarketStatus
    close_at: Nanos | None
    fee_type: str
    fee_multiplier: str
    at: Nanos

    @property
    def said(self) -> tuple[object, ...]:
        """Everything but of what and when: equal for listings that say the same of their market."""
        terms = (self.kind, self.team, self.strike, self.status)
        return (*terms, self.close_at, self.fee_type, self.fee_multiplier)


@message
class GameKnown:
    """What a game tells the strategies of itself.

    Who plays, when, and whether it is matched to a real game.
    """

    game: str
    away: str
    home: str
    tip_at: Nanos | None
    matched: bool
    at: Nanos
    postponed: bool = False


@message
class GameBegun:
    """Somebody says that a game may have begun: `at` is since when, by that word."""

    game: str
    by: BegunBy
    at: Nanos


@message
class ScoresDisagreed:
    """Two score sources contradict each other (or agree again): entries of the game stop (or may go on)."""

    game: str
    disagree: bool
    detail: str
    at: Nanos


GameNews: TypeAlias = (
    TopChanged | MarketKnown | GameKnown | GameBegun | ScoreSeen | OddsSeen | ScoresDisagreed
)
"""What strategies hear. `ScoreSeen.game` and `OddsSeen.game` are then the engine's own game id."""
