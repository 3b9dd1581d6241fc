"""Settlement: the payout of a position by the venue's result, and the reversal of a corrected result.

Used by the paper exchange when the venue determines, corrects and settles a market; never from our own
scores, which may differ from the venue's settlement source.
"""

import attrs

from engine import ledger
from engine.facts import Posting
from engine.positions import Position
from engine.units import PRICE_ONE, Count, Money, Price


@attrs.frozen
class Payout:
    """What a result pays.

    `amount` lands on the balance grid, `residual` is lost to rounding and booked as a fee.
    """

    amount: Money
    residual: Money


def payout(count: Count, value: Price, grid: Money) -> Payout:
    """Pay YES `value` and NO one dollar minus it, rounded down to the balance grid (`engine.fees`).

    The venue's own example: 100.01 contracts at 0.3060 pay 30.603, and on the grid of a cent 30.60.
    """
    # Rounded once, over the whole position: rounding each contract would lose more than the venue takes.
    amount = _gross(count, value) // grid * grid
    return paid_out(count, value, Money(amount))


def paid_out(count: Count, value: Price, amount: Money) -> Payout:
    """What a result paid, by the amount on record: a correction takes back that and no newer rounding."""
    return Payout(amount, Money(_gross(count, value) - amount))


def _gross(count: Count, value: Price) -> int:
    return count * value if count >= 0 else -count * (PRICE_ONE - value)


def booking(strategy: str, ticker: str, position: Position, paid: Payout) -> tuple[Posting, ...]:
    """Turn the collateral of a determined market into a claim; the difference is the result. Sums to zero."""
    gain = paid.amount + paid.residual - position.cost
    postings = (
        Posting(ledger.collateral(strategy, ticker), Money(-position.cost)),
        # Not cash yet: between determination and settlement the result can still be disputed and amended.
        Posting(ledger.claim(strategy, ticker), paid.amount),
        Posting(ledger.fees(strategy), paid.residual),
        Posting(ledger.result(strategy), Money(-gain)),
    )
    return tuple(posting for posting in postings if posting.amount)


def payment(strategy: str, ticker: str, amount: Money) -> tuple[Posting, ...]:
    """Turn the claim of a settled market into cash. Sums to zero."""
    return (
        Posting(ledger.claim(strategy, ticker), Money(-amount)),
        Posting(ledger.cash(strategy), amount),
    )
