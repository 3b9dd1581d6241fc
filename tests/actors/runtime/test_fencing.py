"""Ends by force, zombies, faults on purpose, and peers that hold addresses (P10-P13; checklist 13-15).

Covers: actors.runtime.system.
"""

from collections.abc import Callable

import pytest

from actors.runtime import (
    ONE_FOR_ALL,
    RETAIN,
    ActorExited,
    ActorRestarted,
    Address,
    ChildSpec,
    DeadLetter,
    ExitReason,
    Fault,
    InjectedFault,
    Kind,
    MailboxPolicy,
    SupervisorSpec,
    VirtualSystem,
    ZombieDeclared,
)
from actors.runtime.system import TooManyZombies
from tests.actors.runtime.fakes import Do, Fail, HeldHost, Script, idle

A, B, C = Address("a"), Address("b"), Address("c")


Make = Callable[..., VirtualSystem]


MakeTree = Callable[..., SupervisorSpec]


MakeSpec = Callable[..., ChildSpec]


CRASH = Fail(ValueError("air ball"))


KEEP = MailboxPolicy(on_restart=RETAIN)


def letters(engine: VirtualSystem) -> list[DeadLetter]:
    return list(engine.dispatcher.last_dead_letters)


def state(engine: VirtualSystem, address: Address) -> str:
    status = engine.status_of(address)
    return status.state if status is not None else "gone"


def deep(depth: int) -> int:
    return deep(depth + 1) + 1


@pytest.mark.promise("p10-stop-ended-force")
@pytest.mark.limit("actors.runtime.behaviour:ChildSpec.shutdown_ns")
def test_p10_a_child_that_does_not_stop_in_time_is_ended_by_force(tree: MakeTree, spec: MakeSpec) -> None:
    """P10, checklist 13."""
    host = HeldHost(stop=True)
    engine = VirtualSystem(
        tree("a", spec("b", kind=Kind.EDGE, task=idle, shutdown_ns=500)), hosts={Kind.EDGE: host}
    )
    host.system = engine
    engine.start()
    engine.stop()
    assert engine.now == 500
    assert engine.ended == (ExitReason.SHUTDOWN, None)
    exits = {
        report.address: report for report in engine.lives.last_reports if isinstance(report, ActorExited)
    }
    assert (exits[B].reason, exits[A].reason) == (ExitReason.KILLED, ExitReason.SHUTDOWN)
    assert exits[B].error.startswith("StopTimeout")


@pytest.mark.promise("p10-stop-ended-force")
def test_p10_what_cannot_be_killed_is_a_zombie_fenced_and_counted(
    tree: MakeTree, spec: MakeSpec, script: Script
) -> None:
    """P10, P11, checklist 13: gauge 1, a new life in its place, and what the old one still sends is
    refused.
    """
    host = HeldHost(immortal=True)
    engine = VirtualSystem(tree("a", spec("b", kind=Kind.EDGE, task=idle)), hosts={Kind.EDGE: host})
    host.system = engine
    engine.start()
    engine.put(B, CRASH)
    assert state(engine, B) == "stopping"
    engine.advance(2_000_000_000)
    assert (engine.lives.zombies, engine.lives.zombies_ever) == (1, 1)
    assert ZombieDeclared(B, 2, 1_000_000_000) in engine.lives.last_reports
    assert state(engine, B) == "running"
    (zombie,) = host.undead
    assert not zombie.current
    host.bury()
    assert (engine.lives.zombies, engine.lives.zombies_ever) == (0, 1)
    assert state(engine, B) == "running"
    engine.put(B, "x")
    assert script.heard("b")[-1] == "x"


@pytest.mark.promise("p10-stop-ended-force")
@pytest.mark.limit("actors.runtime.system:ZOMBIES_MAX")
def test_p10_too_many_zombies_end_the_engine(tree: MakeTree, spec: MakeSpec) -> None:
    """P10, checklist 14."""
    host = HeldHost(immortal=True)
    engine = VirtualSystem(
        tree("a", spec("b", kind=Kind.EDGE, task=idle), restarts_max=9), hosts={Kind.EDGE: host}
    )
    host.system = engine
    engine.zombies_max = 1
    engine.start()
    engine.put(B, CRASH)
    engine.advance(2_000_000_000)
    assert engine.running
    engine.put(B, CRASH)
    engine.advance(9_000_000_000)
    assert engine.ended is not None
    assert engine.ended[0] is ExitReason.ESCALATED
    assert isinstance(engine.ended[1], TooManyZombies)


@pytest.mark.promise("p12-address-works-across")
def test_p12_a_peer_that_holds_an_address_works_on_across_a_hundred_restarts(
    system: Make, script: Script
) -> None:
    """P12, checklist 15."""
    engine = system("a", "b", restarts_max=1_000)
    for number in range(100):
        engine.put(B, Do(((A, number), (A, CRASH))))
    assert [heard for heard in script.heard("a") if heard is not CRASH] == list(range(100))
    assert engine.status_of(A).restarts == 100  # type: ignore[union-attr]


def test_a_kill_between_messages_loses_nothing_that_is_retained(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    engine = system(spec("a", mailbox=KEEP))
    assert engine.kill(A)
    assert not engine.kill(Address("nobody"))
    engine.put(A, 1)
    assert script.heard("a") == [1]
    assert engine.dispatcher.dead_letters == 0
    assert [type(report) for report in engine.lives.last_reports][-1] is ActorRestarted


@pytest.mark.parametrize("where", ["message", "start", "stop"])
def test_faults_on_purpose_happen_once(system: Make, script: Script, where: str) -> None:
    engine = system("a")
    engine.crash_next(A, Fault(InjectedFault("drill"), where=where))
    engine.put(A, 1)
    engine.restart(A)
    engine.put(A, 2)
    assert script.heard("a")[-1] == 2
    assert engine.status_of(A).failures == 1  # type: ignore[union-attr]


def test_a_fault_may_wait_for_a_type_of_message_and_strike_after_the_handler(
    system: Make, script: Script
) -> None:
    engine = system("a", "b")
    engine.crash_next(A, Fault(InjectedFault("drill"), message_type=Do, after_handler=True))
    engine.put(A, 1)
    engine.put(A, Do(((B, "never sent"),)))
    assert script.heard("b") == []
    assert [type(heard) for heard in script.heard("a")] == [int, Do]


def test_a_group_restart_discards_and_retains_as_each_mailbox_says(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    """P13: siblings that fall with the failed one keep or lose what waited by their own policy."""
    engine = system(spec("a", mailbox=KEEP), "b", "c", strategy=ONE_FOR_ALL)
    engine.put(C, Do(((C, CRASH), (A, 1), (B, 2), (C, 3))))
    assert (script.heard("a"), script.heard("b")) == ([1], [])
    assert [engine.status_of(x).dropped for x in (A, B, C)] == [0, 1, 1]  # type: ignore[union-attr]
