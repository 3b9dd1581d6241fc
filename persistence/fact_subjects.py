"""The subject of each fact: the order, signal, market or scope by which it is looked up.

Used by the writer (the journal's `subject` column) and checked by the verifier; the chain does not cover it,
for it follows from the body.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Final, get_type_hints

from engine.facts import FACTS, Fact, LedgerPosted

_PRECEDENCE: Final = (
    "order_id",
    "command.order_id",
    "order.order_id",
    "amend.order_id",
    "signal_id",
    "ticker",
    "trade.ticker",
    "request_id",
    "scope",
    "name",
    "strategy",
    "game",
    "run",
)
"""The first of these that a kind has is its subject: an order comes before its market, a market before a
strategy."""


def _path(kind: type[Fact]) -> str:
    if kind is LedgerPosted:
        # A ledger entry belongs to the fill or settlement that caused it.
        return "cause"
    hints = get_type_hints(kind)
    for path in _PRECEDENCE:
        outer, _, inner = path.partition(".")
        if outer in hints and (not inner or inner in _fields(hints[outer])):
            return path
    return "__class__.__name__"


def _fields(hint: object) -> set[str]:
    """Fields of an attrs class, or those that all members of a union have; none for anything else."""
    members: tuple[object, ...] = getattr(hint, "__args__", (hint,))
    return set.intersection(
        *[{field.name for field in getattr(each, "__attrs_attrs__", ())} for each in members]
    )


_GET: Final[dict[type[Fact], Callable[[Fact], str]]] = {
    kind: attrgetter(_path(kind)) for kind in FACTS.values()
}


def subject(fact: Fact) -> str:
    """The id that a fact is looked up by: an order's for all that happens to it, a cause's for a ledger
    entry.
    """
    return _GET[type(fact)](fact)
