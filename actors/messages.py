"""The messages between our actors that are not events, orders or facts of the engine.

Used by every actor of this package and by the wiring. Must not import venues, persistence or the daemon.
"""

from typing import TypeAlias

from actors.runtime import Address
from engine.events import MarketListed, VenueEvent
from engine.facts import Fact
from engine.message import message
from engine.units import Nanos


@message
class Heard:
    """One numbered input from outside: what one frame or body of the venues meant."""

    events: tuple[VenueEvent, ...]


@message
class TickerSeen:
    """The feed met a market it has no route for; the listing says what is known or assumed of it."""

    ticker: str
    listing: MarketListed


@message
class TickerRouted:
    """Where a market's events go; an empty tuple means that the market is out of scope."""

    ticker: str
    receivers: tuple[Address, ...]


@message
class GameMatched:
    """The schedule's word to a game: whether it is tied to a real game, and when it begins."""

    game: str
    away: str
    home: str
    tip_at: Nanos | None
    matched: bool
    postponed: bool
    state: str
    references: tuple[str, ...]


@message
class MatchWanted:
    """A restarted schedule asks the games what it had told them."""


@message
class MatchRemembered:
    """A game's answer: what the schedule last told it, and the markets it has."""

    told: GameMatched
    tickers: tuple[str, ...]


@message
class Commit:
    """Make facts durable, then (and only then) tell their owners and deliver what depends on them."""

    owner: str
    facts: tuple[Fact, ...]
    deliver: tuple[tuple[Address, object], ...] = ()


@message
class Numbered:
    """A fact with its place in the journal and the input it was decided on."""

    seq: int
    cause: int
    owner: str
    fact: Fact


@message
class WriteFacts:
    """For the journal's writer: store these facts in one transaction."""

    facts: tuple[Numbered, ...]


@message
class CommittedUpTo:
    """The writer's answer: everything up to and including `seq` is durable."""

    seq: int


@message
class StorageFailed:
    """The writer could not store facts; trading stops until it can. `detail` says what and where."""

    kind: str
    detail: str


@message
class Committed:
    """Durable facts, for those who keep a picture of the whole."""

    facts: tuple[Numbered, ...]


@message
class Wake:
    """A timer of a pure core is due."""

    key: str


@message
class BooksWanted:
    """A restarted exchange asks the games for the books of their markets."""

    reply_to: Address


@message
class NewsWanted:
    """A restarted strategy or risk gate asks the games for everything that is current."""

    reply_to: Address


@message
class StateWanted:
    """Asked of a game from outside the tree.

    What it knows, for reports. The answer is read, never changed.
    """


@message
class FeedFigures:
    """The market feed's answer to `StateWanted`: what it has counted."""

    frames: int
    gaps: int
    duplicates: int
    refused: dict[str, int]


@message
class ListingWanted:
    """Asked of the schedule from outside the tree: the games that it knows, by id."""


@message
class SnapshotWanted:
    """Books of a subscription are suspect: the feed's edge shall ask the venue for fresh ones."""

    conn: int
    sid: int


@message
class AccountOpen:
    """Give a strategy its account at the paper exchange, if it has none yet."""

    strategy: str
    kind: str
    bankroll: int
    parameters: str


@message
class CancelAll:
    """Cancel resting orders of one strategy or (None) of all; the reason is a `CancelReason` name."""

    strategy: str | None
    reason: str


Routing: TypeAlias = TickerSeen | TickerRouted
