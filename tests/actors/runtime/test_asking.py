"""Asks always end, by an answer or by a named error (P17; checklist 20-23); death watch (P18; 24).

Covers: actors.runtime.asks, actors.runtime.loop_actor.
"""

import random
import threading
from collections.abc import Callable

import pykka
import pytest

from actors.runtime import (
    ROOT,
    TEMPORARY,
    ActorDead,
    Address,
    After,
    Answer,
    AskFromHandler,
    AskRefused,
    AskTimeout,
    ChildSpec,
    Defer,
    Exit,
    ExitReason,
    MailboxPolicy,
    NotAnswered,
    Outgoing,
    StopChild,
    Terminated,
    VirtualSystem,
    Watch,
)
from actors.runtime.loop_actor import LoopActor, LoopFuture, LoopRef, WouldDeadlock
from engine.restart_policy import Backoff
from tests.actors.runtime.fakes import Do, Fail, Reply, Script

A, B = Address("a"), Address("b")
Make = Callable[..., VirtualSystem]
MakeSpec = Callable[..., ChildSpec]
CRASH = Fail(ValueError("air ball"))
SLOW = Backoff(first_ns=100, minimum_ns=100, cap_ns=100, jitter=0.0)


def test_p17_an_answer_comes_at_once(system: Make) -> None:
    engine = system("a")
    assert engine.ask(A, Reply(42)) == 42
    assert not engine.asks
    assert len(engine.dispatcher.timers) == 0


def test_p17_the_timeout_is_finite_and_the_late_answer_is_dropped(system: Make) -> None:
    """P17, checklist 20, 21."""
    engine = system("a")
    with pytest.raises(AskTimeout, match="no answer within 1e-08 s"):
        engine.ask(A, Do((Defer("later"),)), timeout_ns=10)
    assert engine.now == 10
    second = engine.post(A, Do((Defer("second"),)))
    engine.put(A, Do((Answer("too late", "later"),)))
    assert not second.done
    assert engine.answers_unheard == 1
    engine.put(A, Do((Answer("in time", "second"),)))
    assert second.result() == "in time"
    assert not engine.asks


@pytest.mark.promise("p17-question-waits-ever")
@pytest.mark.parametrize("timeout_ns", [0, -1])
def test_p17_there_is_no_way_to_wait_for_ever(system: Make, timeout_ns: int) -> None:
    engine = system("a")
    with pytest.raises(ValueError, match="finite"):
        engine.ask(A, Reply(1), timeout_ns=timeout_ns)


@pytest.mark.limit("actors.runtime.asks:ASK_TIMEOUT_NS")
def test_p17_the_default_timeout_is_five_seconds(system: Make) -> None:
    engine = system("a")
    with pytest.raises(AskTimeout):
        engine.ask(A, Do((Defer("never"),)))
    assert engine.now == 5_000_000_000


def test_p17_unknown_dead_restarting_and_parked_fail_at_once(system: Make) -> None:
    """P17, checklist 20."""
    engine = system("a", "b", backoff=SLOW)
    with pytest.raises(ActorDead, match="no such actor"):
        engine.ask(Address("nobody"), 1)
    engine.put(A, CRASH)
    with pytest.raises(ActorDead, match="restarting"):
        engine.ask(A, 1)
    engine.stop_child(B)
    with pytest.raises(ActorDead, match="ended"):
        engine.ask(B, 1)
    assert engine.now == 0


@pytest.mark.promise("p17-question-waits-ever")
def test_p17_death_while_waiting_fails_at_once(system: Make) -> None:
    """P17, checklist 20: in the handler, deferred, and waiting in the mailbox."""
    engine = system("a", "b")
    with pytest.raises(ActorDead, match="crashed"):
        engine.ask(A, CRASH)
    waiting = engine.post(A, Do((Defer("later"),)))
    engine.kill(A)
    with pytest.raises(ActorDead, match="killed"):
        waiting.result()
    assert engine.now == 0


def test_p17_an_actor_that_does_not_answer_is_an_error_at_once(system: Make) -> None:
    engine = system("a")
    with pytest.raises(NotAnswered):
        engine.ask(A, "what?")
    assert engine.now == 0


def test_p17_a_full_mailbox_refuses_an_ask(system: Make, spec: MakeSpec) -> None:
    engine = system(spec("a", mailbox=MailboxPolicy(capacity=1)))
    engine.dispatcher.put(engine.dispatcher.cells[A], "waits")
    with pytest.raises(AskRefused, match="full"):
        engine.ask(A, Reply(1))


def test_p17_a_handler_may_not_ask_so_no_cycle_can_arise(system: Make, script: Script) -> None:
    """P17, checklist 22: neither itself nor anybody; the error has a name."""
    engines: list[VirtualSystem] = []

    class Asker:
        def receive(self, message: object, now: int, /) -> tuple[Outgoing, ...]:
            engines[0].ask(Address(str(message)), "x")
            return ()

    engine = system(ChildSpec(name="a", factory=Asker), "b")
    engines.append(engine)
    for target in ("a", "b"):
        engine.put(A, target)
        assert engine.status_of(A).last_error.startswith(AskFromHandler.__name__)  # type: ignore[union-attr]
    assert script.heard("b") == []


def test_p17_an_answer_to_a_tell_goes_nowhere(system: Make) -> None:
    engine = system("a")
    engine.put(A, Reply(1))
    assert engine.answers_unheard == 1


def test_p17_random_races_all_end(system: Make, spec: MakeSpec) -> None:
    """P17, checklist 20, 21: answers, deferrals, crashes, kills and timeouts in every mixture; nothing is
    left over.
    """
    engine = system("a", spec("b"), restarts_max=1_000_000)
    draw = random.Random(20)
    replies = []
    for number in range(5_000):
        target = draw.choice((A, B))
        what = draw.randrange(6)
        handle = f"h{number}"
        message = [
            Reply(number),
            Do((Defer(handle),)),
            CRASH,
            "?",
            Do((Defer(handle), After(5, Do((Answer(1, handle),))))),
        ]
        if what == 5:
            engine.kill(target)
        else:
            replies.append(engine.post(target, message[what], timeout_ns=draw.randrange(1, 20)))
        if not draw.randrange(3):
            engine.advance(engine.now + draw.randrange(10))
    engine.advance(engine.now + 100)
    assert all(reply.done for reply in replies)
    assert not engine.asks
    assert not engine.dispatcher.cells[A].asks
    assert len(engine.dispatcher.timers) == 0


def test_pending_asks_end_with_the_engine(system: Make) -> None:
    engine = system("a")
    waiting = engine.post(A, Do((Defer("later"),)))
    engine.stop()
    with pytest.raises(ActorDead):
        waiting.result()


# -- Pykka's shape


def actor_of(engine: VirtualSystem, address: Address) -> LoopActor:
    life = engine.dispatcher.cells[address].life
    assert life is not None
    assert isinstance(life.vessel, LoopActor)
    return life.vessel


def test_a_loop_actor_is_a_pykka_actor_outside_pykkas_registry(system: Make, script: Script) -> None:
    """Checklist 28: two engines in one process do not see each other, and Pykka sees neither."""
    threads = threading.active_count()
    engine, other = system("a"), system("a")
    actor = actor_of(engine, A)
    assert isinstance(actor, pykka.Actor)
    assert isinstance(actor.actor_ref, LoopRef)
    assert isinstance(actor.actor_ref, pykka.ActorRef)
    assert actor.actor_urn == "a#1"
    assert pykka.ActorRegistry.get_all() == []
    pykka.ActorRegistry.stop_all()
    actor.actor_ref.tell("x")
    assert script.heard("a") == ["x"]
    assert actor.actor_inbox.empty()
    assert other.status_of(A).handled == 0  # type: ignore[union-attr]
    assert threading.active_count() == threads


def test_pykkas_reference_asks_and_dies_with_its_life(system: Make) -> None:
    engine = system("a")
    ref = actor_of(engine, A).actor_ref
    assert ref.ask(Reply(7)) == 7
    assert isinstance(ref.ask("?", block=False), LoopFuture)
    with pytest.raises(NotAnswered):
        ref.ask("?")
    engine.put(A, CRASH)
    assert not ref.is_alive()
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("x")
    again = actor_of(engine, A).actor_ref
    assert again.stop()
    assert engine.status_of(A).state == "down"  # type: ignore[union-attr]
    with pytest.raises(NotImplementedError):
        again.proxy()
    with pytest.raises(NotImplementedError):
        LoopActor.start()


def test_checklist_23_a_blocking_get_on_the_loops_thread_raises(system: Make) -> None:
    """Checklist 23."""
    engine = system("a")
    future = actor_of(engine, A).actor_ref.ask(Do((Defer("later"),)), block=False)
    with pytest.raises(WouldDeadlock):
        future.get()
    got: list[object] = []
    thread = threading.Thread(target=lambda: got.append(future.get(timeout=5)))
    thread.start()
    engine.put(A, Do((Answer("now", "later"),)))
    thread.join()
    assert got == ["now"]
    assert future.get() == "now"


# -- death watch


@pytest.mark.promise("p18-watches-actor-hears")
def test_p18_a_watcher_hears_of_an_end_exactly_once_and_not_of_a_restart(
    system: Make, script: Script
) -> None:
    """P18, checklist 24."""
    engine = system("a", "b")
    engine.put(A, Do((Watch(B), Watch(B))))
    engine.put(B, CRASH)
    assert not [heard for heard in script.heard("a") if isinstance(heard, Terminated)]
    engine.stop_child(B)
    engine.stop_child(B)
    assert [heard for heard in script.heard("a") if isinstance(heard, Terminated)] == [
        Terminated(B, ExitReason.SHUTDOWN)
    ]


def test_p18_also_of_one_that_is_dead_already_or_never_was(system: Make, script: Script) -> None:
    """P18, checklist 24."""
    engine = system("a", "b")
    engine.stop_child(B)
    engine.put(A, Do((Watch(B), Watch(Address("nobody")))))
    assert script.heard("a")[1:] == [
        Terminated(B, ExitReason.SHUTDOWN),
        Terminated(Address("nobody"), ExitReason.SHUTDOWN),
    ]


def test_p18_a_child_of_that_name_after_the_old_one_died_is_watched_anew(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    """P18, Akka's 'be able to watch a child with the same name after the old died'."""
    engine = system("a")
    x = Address("x")
    for _ in range(2):
        engine.start_child(ROOT, spec("x", restart=TEMPORARY))
        engine.put(A, Do((Watch(x),)))
        engine.put(x, Do((Exit(),)))
    assert [heard for heard in script.heard("a") if isinstance(heard, Terminated)] == [
        Terminated(x, ExitReason.NORMAL)
    ] * 2


def test_p18_a_watch_ends_with_the_life_of_the_watcher(system: Make, script: Script) -> None:
    engine = system("a", "b")
    engine.put(A, Do((Watch(B),)))
    engine.put(A, CRASH)
    engine.stop_child(B)
    assert not [heard for heard in script.heard("a") if isinstance(heard, Terminated)]


def test_p18_a_full_mailbox_does_not_keep_the_notice_away(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    """P18, P15."""
    engine = system(spec("a", mailbox=MailboxPolicy(capacity=1)), "b", "c")
    engine.put(A, Do((Watch(B),)))
    engine.put(Address("c"), Do(((A, 1), StopChild(B))))
    assert script.heard("a")[1:] == [1, Terminated(B, ExitReason.SHUTDOWN)]
