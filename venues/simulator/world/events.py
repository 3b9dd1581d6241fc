"""What happens in the simulated world, one value each, before anybody words it as a frame or a body.

Yielded by `venues.simulator.world.world` in time order and at the very moment of the change, so that a reader
who draws one happening sees the world as it is right after it.
"""

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from venues.simulator.world.game import Court
    from venues.simulator.world.market import Market


class LevelChanged(NamedTuple):
    """A level of a book changed by `delta` hundredths of a contract."""

    at: int
    market: "Market"
    side: int
    cents: int
    delta: int


class Printed(NamedTuple):
    """A public trade at a YES price; `taker` is the side that the aggressor bought."""

    at: int
    market: "Market"
    cents: int
    size: int
    taker: int
    trade_id: str


class Quoted(NamedTuple):
    """The venue's ticker channel speaks of a market whose top or volume changed."""

    at: int
    market: "Market"


class LifeChanged(NamedTuple):
    """A market moved in its life cycle; `event_type` is the venue's word."""

    at: int
    market: "Market"
    event_type: str


class MarketCreated(NamedTuple):
    """The venue lists a market that was not there before; it is not open yet."""

    at: int
    court: "Court"
    market: "Market"


class FeesOverridden(NamedTuple):
    """An event has fees of its own from now on; None is the fees of its series again."""

    at: int
    event_ticker: str
    fee_type: str | None
    multiplier: float | None


class ScoreMoved(NamedTuple):
    """Score, clock or status of a game changed."""

    at: int
    court: "Court"


class OddsMoved(NamedTuple):
    """A sportsbook changed its prices of a game."""

    at: int
    court: "Court"
    vendor: str


class Alarm(NamedTuple):
    """A moment that a reader asked to be told of; nothing has changed."""

    at: int
    name: str


Happening: TypeAlias = (
    Alarm
    | LevelChanged
    | Printed
    | Quoted
    | LifeChanged
    | MarketCreated
    | FeesOverridden
    | ScoreMoved
    | OddsMoved
)
