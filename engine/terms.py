"""The venue's and the league's own words: sides, trust, the states of markets and games.

Used by `engine.events` (which passes them on), and through it by everybody.
"""

from enum import Enum
from typing import TypeAlias

from engine.units import Count, Price


class Side(Enum):
    """Whose bids a book level holds: the venue keeps bids of both sides and no asks."""

    YES = "yes"
    NO = "no"


class BookSide(Enum):
    """Direction in YES terms: BID buys YES; ASK sells YES, which is the same as buying NO at 1 - price."""

    BID = "bid"
    ASK = "ask"

    @property
    def opposite(self) -> "BookSide":
        """The side that this one trades against."""
        return BookSide.ASK if self is BookSide.BID else BookSide.BID


class Trust(Enum):
    """Whether a book may be priced from; only TRUSTED books give signals and fills."""

    TRUSTED = "trusted"
    STALE = "stale"
    GAPPED = "gapped"
    PAUSED = "paused"
    CROSSED = "crossed"


class MarketStatus(Enum):
    """The venue's life cycle of a market (`/markets` field `status`)."""

    INITIALIZED = "initialized"
    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"
    DETERMINED = "determined"
    DISPUTED = "disputed"
    AMENDED = "amended"
    FINALIZED = "finalized"


class GamePhase(Enum):
    """Where a game stands; POSTPONED freezes trading of the game."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    HALFTIME = "halftime"
    FINAL = "final"
    POSTPONED = "postponed"


class BegunBy(Enum):
    """Whose word it is that a game may have begun."""

    TIP = "scheduled_tip"
    ODDS = "odds_in_play"
    SCORE = "score"
    VENUE = "venue_status"
    UNKNOWN_TIP = "tip_unknown"
    """Nobody's: without a tip nothing says that it has not begun."""


Level: TypeAlias = tuple[Price, Count]
"""Price in the terms of the level's own side, and the displayed size."""


class FeeRegime(Enum):
    """How the venue rounds, newest last; `engine.fees.REGIMES` says since when.

    CENT: up to the cent for the whole order. CENT_ALIGNED: each fill up to $0.0001, every balance to the
    cent, rebates of whole cents. CENTICENT: the same, but the balances of direct members to $0.0001.
    MICRODOLLAR: each fill up to $0.000001, the balance to its grid, rebates in steps of the grid.
    """

    CENT = "cent"
    CENT_ALIGNED = "cent_aligned"
    CENTICENT = "centicent"
    MICRODOLLAR = "microdollar"


class Member(Enum):
    """Whose balance it is: DIRECT members' are kept to $0.0001, those behind a BROKER to $0.01."""

    DIRECT = "direct"
    BROKER = "broker"
