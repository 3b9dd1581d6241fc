"""The context of one order at the risk gate: everything its rules may look at, and the form of their answer.

Used by the rules and the gate.
"""

from collections.abc import Callable
from typing import TypeAlias

from engine.events import OddsSeen
from engine.fees import FeeTerms
from engine.message import message
from engine.orders import PlaceOrder
from engine.reasons import DenialReason
from engine.risk.accounts import Account, Accounts
from engine.risk.exposure import Exposure, Pending
from engine.risk.limits import LimitsInForce
from engine.units import Nanos
from engine.view import MarketView


@message
class Denial:
    """Why an order does not pass: the rule, what is in use (with the order) and the limit, as texts."""

    reason: DenialReason
    use: str
    limit: str


@message
class OrderContext:
    """An order and what is known. `exit` is what the gate found, not what the order claims of itself."""

    order: PlaceOrder
    pending: Pending
    """The order as it counts once approved."""
    now: Nanos
    exit: bool
    market: MarketView
    terms: FeeTerms
    account: Account
    accounts: Accounts
    exposure: Exposure
    limits: LimitsInForce
    views: dict[str, MarketView]
    feed_lag: Nanos
    """How late the venue was heard lately, at worst."""

    def odds(self) -> dict[str, OddsSeen]:
        """The sportsbooks' rows of the order's game that an entry may rest on."""
        return self.market.game.odds_that_count(self.now)


Rule: TypeAlias = Callable[[OrderContext], Denial | None]
"""A rule looks at an order in its context and objects, or does not."""


def missing(what: str) -> Denial:
    """A number that a rule needs is not there: that is a no."""
    return Denial(DenialReason.MISSING_DATA, what, "present and finite")
