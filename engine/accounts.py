"""On which account a strategy trades: on its own, as if nobody else did, or on one that all share.

Chosen in the configuration, stated by `StrategyOpened` once for a run, and kept by the paper exchange and the
risk gate: whatever decides what an order gets belongs to an account.
"""

from enum import Enum
from typing import Final

SHARED: Final = ""
"""The account that all strategies share; facts about it look as they did when there was no other."""


class Accounts(Enum):
    """Who shares an account. Alone a strategy gets what it would have got without the others."""

    ISOLATED = "isolated"
    SHARED = "shared"

    def of(self, strategy: str) -> str:
        """The account of a strategy."""
        return strategy if self is Accounts.ISOLATED else SHARED
