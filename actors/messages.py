"""The messages between our actors that are not events, orders or facts of the engine.

Used by every actor of this package and by the wiring.
"""

from enum import Enum
from typing import TypeAlias

from actors.runtime import Address
from engine.configured_settings import Settings
from engine.events import BookDelta, BookSide, BookSnapshot, GameNews, MarketListed, VenueEvent
from engine.facts import Fact
from engine.message import message
from engine.orders import TimeInForce
from engine.risk import LimitInUse
from engine.run_facts import Verdict
from engine.strategy_traits import StrategyTraits
from engine.units import Count, Nanos, Price


@message
class VenueInput:
    """One numbered input from outside: what one frame or body of the venues meant."""

    events: tuple[VenueEvent, ...]


def venue_input(events: tuple[VenueEvent, ...]) -> VenueInput | BookDelta:
    """The input for the market feed: one change of a book, which most frames are, comes as it is."""
    first = events[0]
    return first if type(first) is BookDelta and len(events) == 1 else VenueInput(events)


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
class GameRouted:
    """A game is followed no more: none of its markets' events go anywhere; or it is again, and each of its
    markets is routed anew at its next event.
    """

    game: str
    followed: bool


@message
class GameMatched:
    """From the schedule to a game: whether it is matched to a game of the league, and when it begins."""

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
    """A restarted schedule asks the games for the match it last sent them."""


@message
class MatchKnown:
    """A game's answer: the match it last got from the schedule, and its markets."""

    told: GameMatched
    tickers: tuple[str, ...]


@message
class Commit:
    """Make facts durable; only then notify their owners and deliver the messages that depend on them."""

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
    """Durable facts, for the risk gate and the observer."""

    facts: tuple[Numbered, ...]


class ChartKind(Enum):
    """What a chart shows."""

    BARS = "bars"
    PNL = "pnl"
    WIN_PROBABILITY = "win_probability"
    LATENCY = "latency"


@message
class ChartWanted:
    """A question for what a chart is drawn from: of which market, strategy or game, between two seconds since
    1970, in how many points at most.
    """

    kind: ChartKind
    of: str
    first: int
    last: int
    points: int


@message
class Wake:
    """A timer of a pure core is due."""

    key: str


@message
class BooksWanted:
    """A restarted exchange asks the games for the books of their markets, the feed for its `PrintsHeard`."""

    reply_to: Address


@message
class MarketsHandedOver:
    """A game's markets and their books, as they have been followed all along."""

    events: tuple[MarketListed | BookSnapshot, ...]


@message
class NewsWanted:
    """A restarted strategy or risk gate asks the games for everything that is current.

    With `again` the answers come as `NewsRepeated`, to be told from what has just happened.
    """

    reply_to: Address
    again: bool = False


@message
class NewsRepeated:
    """What is current, to one who may have heard it in an earlier life."""

    news: GameNews


@message
class StateWanted:
    """Asked of a game from outside the tree.

    What it knows, for reports. The answer is read, never changed.
    """


@message
class FeedSnapshot:
    """The market feed's answer to `StateWanted`: what it has counted."""

    frames: int
    gaps: int
    duplicates: int
    refused: dict[str, int]
    old: int = 0
    """Frames with a number before the last one."""


@message
class ListingWanted:
    """Asked of the schedule from outside the tree: the games that it knows, by id."""


@message
class LoadedWanted:
    """Asked of the schedule from outside the tree: the events of each game that an operator loaded."""


@message
class RunEnds:
    """To the risk gate when the feeds have stopped: from now on no order passes, exits included."""


@message
class SnapshotWanted:
    """Books of a subscription are suspect: the feed's edge shall ask the venue for fresh ones."""

    conn: int
    sid: int


@message
class TradesWanted:
    """The paper exchange could not follow a market where orders stand: the feed's edge shall fetch its public
    trades of that time, and pass them on as an input like any other.
    """

    ticker: str
    since: Nanos
    until: Nanos


@message
class AccountOpen:
    """Give a strategy its account at the paper exchange, if it has none yet."""

    strategy: str
    kind: str
    bankroll: int
    parameters: str
    traits: StrategyTraits
    account: str
    """On which account it trades."""


@message
class SetAsideWanted:
    """Let a scope stand still: a game could not take in an event (`kind`) of it, and `why`."""

    scope: str
    kind: str
    why: str


@message
class MarketSetAside:
    """Let a market stand still of which a fact could not be applied; `money` if positions may be wrong."""

    ticker: str
    money: bool


@message
class CancelAll:
    """Cancel resting orders of one strategy or (None) of all; the reason is a `CancelReason` name."""

    strategy: str | None
    reason: str


@message
class OperatorRequest:
    """Who wants what: `request_id` makes it idempotent, `arguments` is canonical JSON."""

    request_id: str
    uid: int
    command: str
    arguments: str


@message
class Operate:
    """Asked of the operator actor: pass an operation to `to`, answer when its outcome is durable."""

    request: OperatorRequest
    to: Address
    operation: "Operation"


@message
class OutcomeWanted:
    """Asked of the operator actor: the outcome of an earlier request with this id, or None."""

    request: OperatorRequest


@message
class OperationDone:
    """Asked of the operator actor: make durable what was done outside of the tree (a restart, a reload)."""

    request: OperatorRequest
    outcome: str
    verdict: Verdict | None = None
    """None in recordings that were written before there was one."""


@message
class OperationWanted:
    """An operation for the actor that can carry it out; its facts and the record of it are one commit."""

    request: OperatorRequest
    operation: "Operation"


@message
class HaltOperation:
    """Stop a scope: `state` is reducing or halted."""

    scope: str
    state: str
    why: str


@message
class ResumeOperation:
    """End a halt."""

    scope: str
    why: str


@message
class LimitOperation:
    """Change a risk limit; value None puts back what was configured. `strategy` None is the global one."""

    name: str
    strategy: str | None
    value: str | None


@message
class OrderOperation:
    """An order by hand on a strategy's account; it passes the risk gate like any other."""

    strategy: str
    ticker: str
    side: BookSide
    price: Price
    count: Count
    tif: TimeInForce
    post_only: bool = False
    reduce_only: bool = False
    p_fair: float | None = None


@message
class CancelOperation:
    """Cancel one order, whoever sent it."""

    order_id: str


@message
class CancelAllOperation:
    """Cancel all orders of a strategy, or (None) of everybody."""

    strategy: str | None


@message
class CloseOperation:
    """Close a position at whatever the book gives."""

    strategy: str
    ticker: str


@message
class StrategyOperation:
    """Switch a strategy on or off (None leaves it), and give it other parameters: name and JSON value."""

    enabled: bool | None
    values: tuple[tuple[str, str], ...] = ()


@message
class ConfigureOperation:
    """Take over what the configuration says now of limits and strategies: all of it at once, or nothing."""

    settings: Settings


@message
class FollowOperation:
    """Follow a game that was not found by itself (`events` are the venue's events of it), or no more."""

    game: str
    followed: bool
    events: tuple[str, ...] = ()


Operation: TypeAlias = (
    HaltOperation
    | ResumeOperation
    | LimitOperation
    | OrderOperation
    | CancelOperation
    | CancelAllOperation
    | CloseOperation
    | StrategyOperation
    | ConfigureOperation
    | FollowOperation
)


@message
class LimitsWanted:
    """Asked of the risk gate by an operator: every limit with its use, and whether the journal stands."""


@message
class GateSeen:
    """The risk gate's answer to `LimitsWanted`; `trouble` is why decisions cannot be made durable."""

    limits: tuple[LimitInUse, ...]
    trouble: str | None
