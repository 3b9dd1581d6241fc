"""Start order, ready acknowledgement, unwinding of a failed start, stop order (P1-P3, P8, P20; 1-3, 12).

Covers: actors.runtime.children, actors.runtime.lifecycle, actors.runtime.specs.
"""

from collections.abc import Callable

import pytest

from actors.runtime import (
    Address,
    ChildSpec,
    ExitReason,
    Kind,
    Ready,
    Send,
    SpecError,
    StartFailed,
    SupervisorSpec,
    SystemEnded,
    VirtualSystem,
)
from tests.actors.runtime.fakes import START, STOP, Do, HeldHost, Script, idle

A, B, C = Address("a"), Address("b"), Address("c")
Make = Callable[..., VirtualSystem]
MakeTree = Callable[..., SupervisorSpec]
MakeSpec = Callable[..., ChildSpec]


def held(tree: SupervisorSpec, host: HeldHost) -> VirtualSystem:
    system = VirtualSystem(tree, hosts={Kind.EDGE: host})
    host.system = system
    return system


@pytest.mark.promise("p3-children-stop-reverse")
def test_p1_children_start_in_declared_order_and_p3_stop_in_reverse(system: Make, script: Script) -> None:
    """P1, P3, checklist 1."""
    engine = system("a", "b", "c")
    engine.stop()
    assert script.log == [("a", START), ("b", START), ("c", START), ("c", STOP), ("b", STOP), ("a", STOP)]


@pytest.mark.promise("p1-children-start-their")
def test_p1_a_child_starts_only_after_the_one_before_acknowledged(tree: MakeTree, spec: MakeSpec) -> None:
    """P1, checklist 2: `start` is complete only after every acknowledgement."""
    engine = VirtualSystem(tree(spec("a", ready_when_told=True), "b"))
    engine.start(wait=False)
    assert [status.state for status in engine.status()] == ["starting", "waiting"]
    assert engine.starting
    engine.put(A, Do((Ready(),)))
    assert [status.state for status in engine.status()] == ["running", "running"]
    assert engine.running


@pytest.mark.promise("p1-children-start-their")
@pytest.mark.limit("actors.runtime.behaviour:ChildSpec.start_timeout_ns")
def test_p1_a_child_that_never_acknowledges_fails_the_start_in_its_timeout(
    tree: MakeTree, spec: MakeSpec, script: Script
) -> None:
    """P1, P2, checklist 2."""
    engine = VirtualSystem(tree("a", spec("b", ready_when_told=True, start_timeout_ns=700), "c"))
    with pytest.raises(StartFailed, match="b did not start: StartTimeout"):
        engine.start()
    assert engine.now == 700
    assert script.log == [("a", START), ("b", START), ("a", STOP)]


@pytest.mark.promise("p2-failed-start-undone")
def test_p2_a_failed_start_unwinds_in_reverse_and_names_child_and_cause(
    tree: MakeTree, script: Script
) -> None:
    """P2, P20, checklist 3: nothing is left in the registry."""
    script.fail_start = []
    engine = VirtualSystem(tree("a", "b", SupervisorSpec(name="deep", children=(tree("c", name="er"),))))
    starts = 0

    def fail_third(*_: object) -> object:
        nonlocal starts
        starts += 1
        raise ValueError("no ball")

    deep = tree(ChildSpec(name="c", factory=fail_third), name="deep")  # type: ignore[arg-type]
    engine = VirtualSystem(tree("a", "b", deep))
    with pytest.raises(StartFailed) as failure:
        engine.start()
    assert str(failure.value) == "deep/c did not start: ValueError: no ball"
    assert failure.value.address == "deep/c"
    assert isinstance(failure.value.__cause__, ValueError)
    assert starts == 1
    assert script.log == [("a", START), ("b", START), ("b", STOP), ("a", STOP)]
    assert not engine.dispatcher.cells
    assert not engine.lives.children
    with pytest.raises(SystemEnded):
        engine.put(A, "x")
    with pytest.raises(SystemEnded):
        engine.start()


@pytest.mark.promise("p3-children-stop-reverse")
def test_p3_dynamic_children_stop_in_parallel_before_the_static_ones(
    tree: MakeTree, spec: MakeSpec, script: Script
) -> None:
    """P3: both dynamic children are asked before either has ended."""
    host = HeldHost(stop=True)
    engine = held(tree("a"), host)
    engine.start()
    engine.start_child(Address(""), spec("x", kind=Kind.EDGE, task=idle))
    engine.start_child(Address(""), spec("y", kind=Kind.EDGE, task=idle))
    engine.root.stop(ExitReason.SHUTDOWN)
    engine.lives.settle()
    assert sorted(host.stopping) == ["x", "y"]
    assert ("a", STOP) not in script.log
    host.release_stop(Address("y"))
    host.release_stop(Address("x"))
    assert script.log[-3:] == [("y", STOP), ("x", STOP), ("a", STOP)]
    assert engine.ended == (ExitReason.SHUTDOWN, None)


def test_p3_what_a_stop_hook_sends_reaches_those_who_still_live(system: Make, script: Script) -> None:
    """P3: a strategy's last cancel reaches the exchange, which stops later."""
    engine = system("a", "b")
    script.on_stop = ((A, "last words"),)
    engine.stop()
    assert script.log[2:] == [("b", STOP), ("a", "last words"), ("a", STOP)]


@pytest.mark.promise("p8-supervisor-answers-child")
def test_p8_the_supervisor_answers_while_a_child_hangs_in_its_start(tree: MakeTree, spec: MakeSpec) -> None:
    """P8, checklist 12: status and stop need nobody's cooperation."""
    host = HeldHost(start=True)
    engine = held(tree("a", spec("b", kind=Kind.EDGE, task=idle), "c"), host)
    engine.start(wait=False)
    assert [status.state for status in engine.status()] == ["running", "starting", "waiting"]
    before = engine.now
    engine.stop()
    assert engine.ended == (ExitReason.SHUTDOWN, None)
    assert engine.now == before, "nobody waited for it to be ready, or for its deadline"


@pytest.mark.promise("p8-supervisor-answers-child")
def test_p8_the_supervisor_answers_while_a_child_hangs_in_its_stop(tree: MakeTree, spec: MakeSpec) -> None:
    """P8, checklist 12."""
    host = HeldHost(stop=True)
    engine = held(tree("a", spec("b", kind=Kind.EDGE, task=idle, shutdown_ns=50)), host)
    engine.start()
    engine.stop_child(B)
    status = engine.status_of(B)
    assert status is not None
    assert status.state == "stopping"
    engine.put(A, "still here")
    engine.advance(50)
    assert engine.status_of(B).state == "down"  # type: ignore[union-attr]


def test_a_message_during_the_start_reaches_a_child_that_is_not_ready_yet(
    tree: MakeTree, spec: MakeSpec, script: Script
) -> None:
    engine = VirtualSystem(tree(spec("a", ready_when_told=True)))
    engine.start(wait=False)
    engine.put(A, "snapshot")
    assert script.heard("a") == ["snapshot"]


def test_the_start_hook_may_send_to_later_siblings(system: Make, script: Script) -> None:
    """What is sent to an actor before its first life waits for it, whatever its policy on restarts."""
    script.on_start = ((C, "hello"),)
    engine = system("a", "b", "c")
    assert script.heard("c") == ["hello", "hello", "hello"]
    assert engine.dispatcher.dead_letters == 0


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"name": ""}, "name"),
        ({"name": "a/b"}, "slash"),
        ({"name": "a", "kind": Kind.EDGE}, "EDGE"),
    ],
)
def test_a_spec_that_cannot_work_is_refused(settings: dict[str, object], why: str) -> None:
    with pytest.raises(SpecError, match=why):
        ChildSpec(factory=lambda: None, **settings)  # type: ignore[arg-type, return-value]


def test_two_children_of_one_name_are_refused(tree: MakeTree) -> None:
    """P20."""
    with pytest.raises(SpecError, match="named twice: a"):
        tree("a", "b", "a")


def test_an_urgent_message_is_still_addressed(system: Make, script: Script) -> None:
    engine = system("a", "b")
    engine.put(A, Do((Send(B, 1), Send(B, 2, urgent=True), Send(B, 3, urgent=True))))
    assert script.heard("b") == [2, 3, 1]
