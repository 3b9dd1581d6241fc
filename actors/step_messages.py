"""How the answer of a pure core becomes messages: facts first, commands only after they are durable.

Used by the actors of strategies, risk gate and paper exchange.
"""

from collections.abc import Iterable
from typing import TypeVar

from actors.addresses import JOURNAL, PAPER_EXCHANGE, RISK_GATE
from actors.fact_history import FactHistory
from actors.messages import Commit, Wake
from actors.runtime import Address, After, Outgoing
from engine.step import NOTHING, Step

SILENCE: tuple[Outgoing, ...] = ()


def outgoing(owner: str, step: Step, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
    """Return the messages that `step` of `owner` stands for; nobody hears of a fact before it is durable."""
    if step is NOTHING:
        return SILENCE
    out: list[Outgoing] = []
    commands: list[tuple[Address, object]] = [(RISK_GATE, command) for command in step.commands]
    commands += [(PAPER_EXCHANGE, approved) for approved in step.approved]
    # The commands wait inside the commit: an order sent before its signal is durable could be filled in a
    # process that dies and leave a fill that nobody decided.
    if step.facts:
        out.append((JOURNAL, Commit(owner, step.facts, tuple(commands))))
    else:
        out += commands
    for timer in step.timers:
        # Timers need no commit: they are not durable, and a restarted core asks for its own again.
        out.append(After(max(0, timer.due - now), Wake(timer.key), timer.key))
    return out


Out = TypeVar("Out", bound=Iterable[Outgoing])


def announced(owner: str, history: FactHistory, out: Out) -> Out:
    """The same messages; the history knows from now on what is on its way to the journal in them."""
    for each in out:
        if isinstance(each, tuple) and isinstance(each[1], Commit):
            history.announce(owner, each[1].facts)
    return out
