"""The result of one decision of a pure core: facts, commands, approved commands and timers.

Returned by strategies, the risk gate and the paper exchange; their actors turn it into messages.
"""

from engine.facts import Fact
from engine.message import message
from engine.orders import Approved, OrderCommand
from engine.units import Nanos


@message
class Timer:
    """A request to be woken with `key` at `due` (UTC nanoseconds); the same key replaces an earlier one."""

    key: str
    due: Nanos


@message
class Step:
    """One decision. The core has applied `facts` to itself; others may hear of them only after the commit.

    `commands` go to the risk gate, `approved` are the gate's and go to the exchange.
    """

    facts: tuple[Fact, ...] = ()
    commands: tuple[OrderCommand, ...] = ()
    approved: tuple[Approved[OrderCommand], ...] = ()
    timers: tuple[Timer, ...] = ()


NOTHING = Step()
"""The answer of a core that has nothing to say; returned as it is, so that silence costs nothing."""
