"""How the answer of a pure core becomes messages: facts first, wishes only after they are durable.

Used by the actors of strategies, risk gate and paper exchange.
"""

from actors.addresses import JOURNAL, PAPER_EXCHANGE, RISK_GATE
from actors.messages import Commit, Wake
from actors.runtime import Address, After, Outgoing
from engine.step import NOTHING, Step

SILENCE: tuple[Outgoing, ...] = ()


def outgoing(owner: str, step: Step, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
    """Return the messages that `step` of `owner` stands for; nobody hears of a fact before it is durable."""
    if step is NOTHING:
        return SILENCE
    out: list[Outgoing] = []
    wishes: list[tuple[Address, object]] = [(RISK_GATE, command) for command in step.commands]
    wishes += [(PAPER_EXCHANGE, approved) for approved in step.approved]
    if step.facts:
        out.append((JOURNAL, Commit(owner, step.facts, tuple(wishes))))
    else:
        out += wishes
    for timer in step.timers:
        out.append(After(max(0, timer.due - now), Wake(timer.key), timer.key))
    return out
