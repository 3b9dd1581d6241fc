"""Reports, memory, determinism, and the isolation of engines (P20, P23, P25; checklist 27-30, 33).

Covers: actors.runtime.effects.
"""

import gc
import threading
import tracemalloc
from collections.abc import Callable

import pytest

from actors.runtime import (
    ROOT,
    TEMPORARY,
    ActorExited,
    ActorRestarted,
    ActorStarted,
    Address,
    ChildSpec,
    Exit,
    ExitReason,
    RestartDelayed,
    StartChild,
    StopChild,
    SupervisorEscalated,
    SupervisorSpec,
    VirtualSystem,
)
from engine.restart_policy import Backoff
from tests.actors.runtime.fakes import Do, Fail, Script, player

A, B = Address("a"), Address("b")
Make = Callable[..., VirtualSystem]
MakeTree = Callable[..., SupervisorSpec]
MakeSpec = Callable[..., ChildSpec]
CRASH = Fail(ValueError("air ball"))


@pytest.mark.promise("p25-start-end-restart")
def test_p25_every_start_exit_restart_delay_and_escalation_is_reported(system: Make) -> None:
    """P25, checklist 30: structured, with incarnation, counted, published to whoever listens."""
    backoff = Backoff(first_ns=0, minimum_ns=100, cap_ns=100, jitter=0.0)
    engine = system("a", restarts_max=2, backoff=backoff)
    heard: list[object] = []
    engine.lives.on_report = heard.append
    for _ in range(2):
        engine.put(A, CRASH)
    engine.advance(100)
    engine.put(A, CRASH)
    kinds = [type(report) for report in heard]
    assert kinds == [
        ActorExited,
        ActorRestarted,
        ActorExited,
        RestartDelayed,
        ActorRestarted,
        ActorExited,
        SupervisorEscalated,
    ]
    assert heard[1] == ActorRestarted(A, 2, 1, 0)
    assert heard[3] == RestartDelayed(A, 2, 100, 0)
    assert heard[4] == ActorRestarted(A, 3, 2, 100)
    assert heard[6] == SupervisorEscalated(ROOT, "a: ValueError: air ball", 100)
    first = heard[0]
    assert isinstance(first, ActorExited)
    assert (first.incarnation, first.reason, first.error) == (1, ExitReason.CRASHED, "ValueError: air ball")
    assert first.traceback.startswith("Traceback")
    assert engine.lives.reports == {
        "ActorStarted": 1,
        "ActorExited": 3,
        "ActorRestarted": 2,
        "RestartDelayed": 1,
        "SupervisorEscalated": 1,
    }


def test_p25_reports_are_messages_for_those_who_subscribe(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    """P25."""
    engine = system(spec("observer", subscriptions=("supervision",)), "a")
    engine.put(A, CRASH)
    assert [type(heard) for heard in script.heard("observer")] == [
        ActorStarted,
        ActorStarted,
        ActorExited,
        ActorRestarted,
    ]


@pytest.mark.promise("p23-temporary-children-leave")
def test_p23_ten_thousand_temporary_children_leave_nothing(system: Make) -> None:
    """P23, P20, checklist 27."""
    script = Script()

    def run(count: int) -> None:
        for _ in range(count):
            engine.start_child(ROOT, ChildSpec(name="x", factory=player("x", script), restart=TEMPORARY))
            engine.put(Address("x"), Do((Exit(),)))
            script.log.clear()
            script.stamps.clear()

    engine = system("a", max_children=5)
    run(10_000)
    gc.collect()
    tracemalloc.start()
    run(1_000)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 200_000
    assert list(engine.dispatcher.cells) == [A]
    assert list(engine.lives.children) == [A]
    assert len(engine.dispatcher.timers) == 0
    assert script.lives == 11_000


def test_checklist_29_a_thousand_restarts_leave_nothing(system: Make) -> None:
    """Checklist 29: no thread, timer, topic or cell more than before."""
    engine = system("a", "b", restarts_max=10_000)
    threads = threading.active_count()
    for _ in range(1_000):
        engine.put(A, CRASH)
    assert threading.active_count() == threads
    assert len(engine.dispatcher.timers) == 0
    assert len(engine.dispatcher.topics) == 0
    assert sorted(engine.dispatcher.cells) == [A, B]
    assert engine.status_of(A).restarts == 1_000  # type: ignore[union-attr]


@pytest.mark.promise("p20-failed-first-start")
def test_p20_a_name_is_free_again_when_its_child_is_gone(system: Make, spec: MakeSpec) -> None:
    """P20, checklist 27: and its incarnations never come twice."""
    engine = system("a")
    incarnations = []
    for _ in range(3):
        assert engine.start_child(ROOT, spec("x"))
        assert not engine.start_child(ROOT, spec("x"))
        incarnations.append(engine.status_of(Address("x")).incarnation)  # type: ignore[union-attr]
        engine.stop_child(Address("x"))
    assert incarnations == [2, 3, 4]


def test_actors_start_and_stop_children_by_wishes(
    system: Make, tree: MakeTree, spec: MakeSpec, script: Script
) -> None:
    engine = system("a", tree(name="games"))
    games = Address("games")
    engine.put(A, Do((StartChild(games, spec("lal")), (games.child("lal"), "tip"))))
    assert script.heard("lal") == ["tip"]
    engine.put(A, Do((StartChild(Address("nowhere"), spec("x")), StopChild(games.child("lal")))))
    assert engine.status_of(games.child("lal")) is None
    assert engine.lives.reports["StartRefused"] == 1
    engine.put(A, Do((StartChild(games, tree("book", name="bos")),)))
    assert engine.status_of(Address("games/bos/book")) is not None


def engine_of(script: Script) -> VirtualSystem:
    return VirtualSystem(
        SupervisorSpec(name="x", children=(ChildSpec(name="a", factory=player("a", script)),))
    )


def test_checklist_28_two_engines_in_one_process_do_not_see_each_other() -> None:
    """Checklist 28."""
    mine, theirs = Script(), Script()
    first, second = engine_of(mine), engine_of(theirs)
    first.start()
    second.start()
    first.put(A, CRASH)
    second.put(A, 1)
    first.stop()
    second.put(A, 2)
    assert theirs.heard("a") == [1, 2]
    assert second.lives.restarts == 0


def test_checklist_33_the_same_seed_gives_the_same_jitter_and_another_does_not(tree: MakeTree) -> None:
    """Checklist 33."""

    def delays(seed: int) -> list[int]:
        backoff = Backoff(first_ns=1_000, minimum_ns=1_000, cap_ns=10**9, jitter=1.0, factor=1.0)
        engine = VirtualSystem(tree("a", backoff=backoff, restarts_max=50, period_ns=10**12), seed=seed)
        engine.start()
        found = []
        for _ in range(20):
            engine.put(A, CRASH)
            report = engine.lives.last_reports[-1]
            assert isinstance(report, RestartDelayed)
            found.append(report.due - engine.now)
            engine.advance(report.due)
        return found

    assert delays(1) == delays(1)
    assert delays(1) != delays(2)
    assert len(set(delays(1))) > 15
    assert all(1_000 <= delay < 2_000 for delay in delays(3))
