"""The double-entry ledger: every entry sums to zero, so the sum of all accounts is always zero.

Kept by the paper exchange, rebuilt by `tipoff db verify`. Cash, collateral, fees and results are balances of
accounts and nothing else.
"""

import attrs

from engine.facts import LedgerPosted, Posting
from engine.invariant import InvariantBroken
from engine.units import MONEY_ZERO, Money


def cash(strategy: str) -> str:
    """Money the strategy has at the venue and that is not in a position."""
    return f"cash:{strategy}"


def equity(strategy: str) -> str:
    """Where the bankroll came from (negative: the strategy owes it to its owner)."""
    return f"equity:{strategy}"


def collateral(strategy: str, ticker: str) -> str:
    """What the position of a market cost: YES locks its price, NO one dollar minus the YES price."""
    return f"collateral:{strategy}:{ticker}"


def claim(strategy: str, ticker: str) -> str:
    """What a determined market will pay once the venue settles it."""
    return f"claim:{strategy}:{ticker}"


def fees(strategy: str) -> str:
    """Fees paid (positive is an expense)."""
    return f"fees:{strategy}"


def result(strategy: str) -> str:
    """Realized result before fees (negative is a gain, as income stands in double entry)."""
    return f"result:{strategy}"


@attrs.define
class Ledger:
    """Balances by account, in order of first use."""

    balances: dict[str, Money] = attrs.field(factory=dict)
    entries: int = 0
    entries_of: dict[str, int] = attrs.field(factory=dict)
    """How many entries each strategy has: what it is called by must not depend on what others do."""
    imbalance: Money = MONEY_ZERO

    def post(self, entry: LedgerPosted) -> None:
        """Book an entry.

        Raises InvariantBroken if its postings do not sum to zero; nothing is booked then.
        """
        total = sum(posting.amount for posting in entry.postings)
        if total != 0:
            # Tested before anything is booked: half an entry would leave the ledger wrong for the rest of the
            # run.
            raise InvariantBroken(f"ledger entry {entry.entry_id} is out of balance by {total}")
        for posting in entry.postings:
            self.balances[posting.account] = Money(self.balance(posting.account) + posting.amount)
        self.entries += 1
        self.entries_of[entry.strategy] = self.entries_of.get(entry.strategy, 0) + 1

    def balance(self, account: str) -> Money:
        """What stands on an account; zero if it was never used."""
        return self.balances.get(account, MONEY_ZERO)

    def verify(self) -> Money:
        """Add all accounts up. Raises InvariantBroken unless the sum is zero."""
        self.imbalance = Money(sum(self.balances.values()))
        if self.imbalance != 0:
            raise InvariantBroken(f"the ledger's accounts add up to {self.imbalance} instead of zero")
        return self.imbalance


def reversed_postings(postings: tuple[Posting, ...]) -> tuple[Posting, ...]:
    """The postings that take an entry back."""
    return tuple(Posting(posting.account, Money(-posting.amount)) for posting in postings)
