"""Quarantine, operators, dynamic children (P6, P19, P20, P24, P25).

Covers: actors.runtime.reports.
"""

from collections.abc import Callable

import pytest

from actors.runtime import (
    ESCALATE,
    ONE_FOR_ALL,
    QUARANTINE,
    ROOT,
    ActorQuarantined,
    Address,
    ChildSpec,
    Exit,
    ExitReason,
    SpecError,
    StartRefused,
    SupervisorSpec,
    VirtualSystem,
)
from engine.restart_policy import NO_BACKOFF, Backoff
from tests.actors.runtime.fakes import START, STOP, Do, Fail, Script

A, B, C = Address("a"), Address("b"), Address("c")


Make = Callable[..., VirtualSystem]


MakeTree = Callable[..., SupervisorSpec]


MakeSpec = Callable[..., ChildSpec]


NORMAL = Do((Exit(),))


SHUTDOWN = Do((Exit(ExitReason.SHUTDOWN),))


CRASH = Fail(ValueError("air ball"))


def state(engine: VirtualSystem, address: Address) -> str:
    status = engine.status_of(address)
    return status.state if status is not None else "gone"


@pytest.mark.promise("strategy-fails-too-often")
def test_quarantine_parks_the_one_and_the_rest_goes_on(system: Make, script: Script) -> None:
    """P6, P19, P25: and revive brings it back with a clean record."""
    engine = system("a", "b", restarts_max=1, on_excess=QUARANTINE)
    engine.put(A, CRASH)
    engine.put(A, CRASH)
    assert state(engine, A) == "parked"
    engine.put(A, "for nobody")
    engine.put(B, "x")
    assert script.heard("b") == ["x"]
    assert ActorQuarantined(A, "ValueError: air ball", 0) in engine.lives.last_reports
    assert engine.status_of(A).dropped == 1  # type: ignore[union-attr]
    assert engine.revive(A)
    assert not engine.revive(A)
    engine.put(A, CRASH)
    assert state(engine, A) == "running"


def test_quarantine_counts_every_child_by_itself(system: Make) -> None:
    engine = system("a", "b", "c", restarts_max=1, on_excess=QUARANTINE)
    for address in (A, B, C):
        engine.put(address, CRASH)
    assert [status.state for status in engine.status()] == ["running"] * 3


def test_quarantine_of_a_whole_subtree_and_its_revival(system: Make, tree: MakeTree) -> None:
    deep = tree("x", "y", name="deep", restarts_max=0)
    engine = system("a", deep, restarts_max=0, on_excess=QUARANTINE)
    engine.put(Address("deep/x"), CRASH)
    assert state(engine, Address("deep")) == "parked"
    assert engine.running
    engine.revive(Address("deep"))
    assert state(engine, Address("deep/y")) == "running"


def test_quarantine_needs_one_for_one(tree: MakeTree) -> None:
    with pytest.raises(SpecError, match="one_for_one"):
        tree("a", strategy=ONE_FOR_ALL, on_excess=QUARANTINE)


def test_an_operator_restarts_a_child_and_it_counts_as_no_failure(system: Make, script: Script) -> None:
    engine = system("a", restarts_max=0, on_excess=ESCALATE)
    assert engine.restart(A)
    assert script.log == [("a", START), ("a", STOP), ("a", START)]
    assert engine.running
    assert not engine.restart(Address("nobody"))


@pytest.mark.promise("p24-dynamic-children-bounded")
@pytest.mark.limit("actors.runtime.behaviour:SupervisorSpec.max_children")
def test_p24_dynamic_children_are_bounded(system: Make, spec: MakeSpec) -> None:
    """P24: static children do not count, children between two lives do."""
    backoff = Backoff(first_ns=100, minimum_ns=100, cap_ns=100, jitter=0.0)
    engine = system("a", max_children=2, backoff=backoff)
    assert engine.start_child(ROOT, spec("x"))
    assert engine.start_child(ROOT, spec("y"))
    engine.put(Address("y"), CRASH)
    assert not engine.start_child(ROOT, spec("z"))
    assert not engine.start_child(ROOT, spec("x"))
    refusals = [report for report in engine.lives.last_reports if isinstance(report, StartRefused)]
    assert [refusal.why for refusal in refusals] == ["max_children of 2 reached", "already present"]
    engine.stop_child(Address("x"))
    assert engine.start_child(ROOT, spec("z"))


@pytest.mark.promise("p20-failed-first-start")
def test_p20_a_dynamic_child_whose_first_start_fails_leaves_nothing(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    """P20, checklist 27."""
    engine = system("a", restarts_max=0)
    script.fail_start = [ValueError("no")]
    engine.start_child(ROOT, spec("x"))
    assert state(engine, Address("x")) == "gone"
    assert engine.running
    assert "x" not in engine.dispatcher.cells
    assert engine.start_child(ROOT, spec("x"))
    assert state(engine, Address("x")) == "running"


def test_backoff_off_means_at_once() -> None:
    assert [NO_BACKOFF.delay_ns(attempt, 0.9) for attempt in range(4)] == [0, 0, 0, 0]


@pytest.mark.promise("strategy-fails-too-often")
def test_a_child_that_cannot_even_start_is_parked_and_the_others_start(tree: MakeTree) -> None:
    def broken() -> object:
        raise ValueError("a past that cannot be read")

    engine = VirtualSystem(
        tree("a", ChildSpec(name="b", factory=broken), "c", on_excess=QUARANTINE)  # type: ignore[arg-type]
    )
    engine.start()
    states = {str(each.address): each.state for each in engine.status()}
    assert states == {"a": "running", "b": "parked", "c": "running"}
    assert engine.lives.reports["ActorQuarantined"] == 1
