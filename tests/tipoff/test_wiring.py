"""The supervision tree of the wiring: whose mailbox holds how much, and what one message more does."""

from collections.abc import Iterable, Iterator

import attrs
import pytest

from actors.runtime import (
    DISCARD,
    FAIL,
    REFUSE,
    RETAIN,
    Address,
    AnySpec,
    AskRefused,
    ChildSpec,
    MailboxPolicy,
    Outgoing,
    SupervisorSpec,
    VirtualSystem,
)
from docs.outline import live_tree
from tipoff.wiring import MAILBOXES, Mailboxes

RECEIVER, SENDER = Address("receiver"), Address("sender")
POLICIES = [(field.name, getattr(MAILBOXES, field.name)) for field in attrs.fields(Mailboxes)]
DECIDE_NOTHING = {"observer", "operator", "edge", "bars"}


class Counting:
    """Counts what it was given, over all its lives."""

    def __init__(self, got: list[int]) -> None:
        self.got = got

    def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
        self.got.append(1)
        return ()


class Flooding:
    """Sends as many messages at once as it is told."""

    def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
        assert isinstance(message, int)
        return ((RECEIVER, number) for number in range(message))


def started(policy: MailboxPolicy, got: list[int]) -> VirtualSystem:
    system = VirtualSystem(
        SupervisorSpec(
            name="root",
            children=(
                ChildSpec(name="receiver", factory=lambda: Counting(got), mailbox=policy),
                ChildSpec(name="sender", factory=Flooding),
            ),
        )
    )
    system.start()
    return system


def actors_of(spec: AnySpec) -> Iterator[ChildSpec]:
    if isinstance(spec, ChildSpec):
        yield spec
    else:
        for child in spec.children:
            yield from actors_of(child)


@pytest.mark.limit(
    "tipoff.wiring:MAILBOXES.journal.capacity",
    "tipoff.wiring:MAILBOXES.writer.capacity",
    "tipoff.wiring:MAILBOXES.paper_exchange.capacity",
    "tipoff.wiring:MAILBOXES.risk_gate.capacity",
    "tipoff.wiring:MAILBOXES.market_feed.capacity",
    "tipoff.wiring:MAILBOXES.strategy.capacity",
    "tipoff.wiring:MAILBOXES.game.capacity",
    "tipoff.wiring:MAILBOXES.schedule.capacity",
    "tipoff.wiring:MAILBOXES.observer.capacity",
    "tipoff.wiring:MAILBOXES.bars.capacity",
    "tipoff.wiring:MAILBOXES.operator.capacity",
    "tipoff.wiring:MAILBOXES.edge.capacity",
)
@pytest.mark.parametrize(("name", "policy"), POLICIES)
def test_a_mailbox_of_the_tree_takes_so_many_and_answers_one_more_as_its_policy_says(
    name: str, policy: MailboxPolicy
) -> None:
    got: list[int] = []
    system = started(policy, got)
    system.put(SENDER, policy.capacity)
    assert len(got) == policy.capacity
    assert system.dispatcher.dead_letters == 0
    got.clear()
    system.put(SENDER, policy.capacity + 1)
    system.advance(60_000_000_000)
    status = system.status_of(RECEIVER)
    assert status is not None
    assert [letter.why for letter in system.dispatcher.last_dead_letters] == ["the mailbox is full"]
    assert status.refused == 1
    assert status.restarts == (policy.when_full is FAIL)
    assert len(got) == (0 if policy.on_restart is DISCARD else policy.capacity), name


@pytest.mark.parametrize(("name", "policy"), POLICIES)
def test_whoever_decides_about_money_never_loses_a_message_in_silence(
    name: str, policy: MailboxPolicy
) -> None:
    if name not in DECIDE_NOTHING:
        assert (policy.when_full, policy.on_restart) == (FAIL, RETAIN)


def test_every_actor_of_the_tree_has_its_own_line_of_the_table() -> None:
    """A strategy and a game have the line of their kind; the stand-ins for connections have none here."""
    found = {spec.name: spec.mailbox for spec in actors_of(live_tree())}
    for name in ("journal", "writer", "paper_exchange", "risk_gate", "schedule", "market_feed"):
        assert found[name] is getattr(MAILBOXES, name)
    assert found["observer"] is MAILBOXES.observer
    assert found["operator"] is MAILBOXES.operator
    assert found["bars"] is MAILBOXES.bars
    for name in ("sharp_line", "ev_multi", "momentum", "mean_reversion", "correlation"):
        assert found[name] is MAILBOXES.strategy


def test_a_question_too_many_for_the_operator_is_refused_at_once() -> None:
    assert MAILBOXES.operator.when_full is REFUSE
    system = started(MAILBOXES.operator, [])
    system.dispatcher.cells[RECEIVER].put += MAILBOXES.operator.capacity
    reply = system.post(RECEIVER, "halt")
    with pytest.raises(AskRefused, match="the mailbox is full"):
        reply.result()
