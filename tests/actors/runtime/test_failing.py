"""What a failure touches and what it does not (P10-P14, P19, P21, P22, P26; checklist 13-17, 25, 26).

Covers: actors.runtime.faults.
"""

from collections.abc import Callable, Iterable
from contextlib import nullcontext

import pytest
import trio

from actors.runtime import (
    RETAIN,
    ActorExited,
    Address,
    After,
    ChildSpec,
    DeadLetter,
    EngineBroken,
    ExitReason,
    MailboxPolicy,
    Outgoing,
    Publish,
    Subscribe,
    SupervisorSpec,
    SystemEnded,
    VirtualSystem,
)
from actors.runtime.dispatcher import Livelock, WrongOutgoing
from engine.invariant import InvariantBroken
from tests.actors.runtime.fakes import STOP, Do, Fail, Script

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


@pytest.mark.promise("p14-message-crashed-actor")
def test_p14_the_message_that_crashed_an_actor_is_never_run_again(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    """P14, checklist 17: it is a dead letter with type, sender, digest, error and traceback."""
    engine = system(spec("a", mailbox=KEEP), "b")
    engine.put(B, Do(((A, 1), (A, CRASH), (A, 2))), at=7)
    assert script.heard("a") == [1, CRASH, 2]
    (letter,) = letters(engine)
    assert (letter.address, letter.sender, letter.message_type, letter.at) == (A, "b", "Fail", 7)
    assert letter.error == "ValueError: air ball"
    assert letter.traceback.endswith("ValueError: air ball\n")
    assert letter.incarnation == 1
    assert len(letter.digest) == 16
    assert letter.message is CRASH
    assert engine.dispatcher.dead_letters == 1


def test_p14_dead_letters_are_published_and_one_about_a_dead_letter_is_only_counted(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    """P14: a reader of dead letters that fails on them does not feed itself."""
    engine = system("a", spec("reader", subscriptions=("dead_letters",)), restarts_max=10)
    engine.put(A, CRASH)
    assert [type(heard) for heard in script.heard("reader")] == [DeadLetter]
    engine.crash_next(Address("reader"))
    engine.put(Address("nobody"), "x")
    assert engine.dispatcher.dead_letters == 3
    assert engine.dispatcher.dead_letters_unpublished == 1


def test_a_handler_that_fails_half_way_has_sent_nothing(system: Make) -> None:
    """DESIGN 2: what a handler returns is sent only if no exception left it, also when it is a generator."""

    class HalfWay:
        def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
            yield (B, "first half")
            raise ValueError("second half")

    engine = system(ChildSpec(name="a", factory=HalfWay), "b")
    engine.put(A, "go")
    assert engine.status_of(B).handled == 0  # type: ignore[union-attr]


@pytest.mark.parametrize("wrong", ["text", ("only one",), (1, 2), None, 7])
def test_a_handler_that_returns_no_wish_has_sent_nothing_and_failed(
    system: Make, script: Script, wrong: object
) -> None:
    engine = system("a", "b")
    engine.put(A, Do(((B, 1), Publish("t", 1), (B, 2), wrong)))  # type: ignore[arg-type]
    assert script.heard("b") == []
    assert engine.status_of(A).restarts == 1  # type: ignore[union-attr]
    assert WrongOutgoing.__name__ in letters(engine)[0].error


def test_a_handler_that_returns_no_wishes_at_all_has_failed(system: Make) -> None:
    engine = system("a")
    engine.put(A, Do(None))  # type: ignore[arg-type]
    assert engine.status_of(A).restarts == 1  # type: ignore[union-attr]


@pytest.mark.promise("p19-failure-touches-sibling")
def test_p19_a_failure_touches_no_sibling(system: Make, script: Script) -> None:
    """P19."""
    engine = system("a", "b", "c")
    engine.put(B, Do(((A, 1), (C, 2), (B, CRASH), (A, 3), (C, 4))))
    assert (script.heard("a"), script.heard("c")) == ([1, 3], [2, 4])
    assert engine.status_of(A).incarnation == 1  # type: ignore[union-attr]
    assert engine.status_of(C).incarnation == 3  # type: ignore[union-attr]


@pytest.mark.promise("p21-failures-hooks-handled")
def test_p21_a_failure_in_a_start_hook_is_a_failed_attempt(system: Make, script: Script) -> None:
    """P21, checklist 25."""
    engine = system("a", "b", restarts_max=2)
    script.fail_start = [ValueError("no start")]
    engine.put(A, CRASH)
    assert state(engine, A) == "running"
    exits = [report.reason for report in engine.lives.last_reports if isinstance(report, ActorExited)]
    assert exits == [ExitReason.CRASHED, ExitReason.START_FAILED]


@pytest.mark.promise("p21-failures-hooks-handled")
def test_p21_a_failure_in_a_stop_hook_stops_all_the_same(system: Make, script: Script) -> None:
    """P21, checklist 25."""
    engine = system("a", "b")
    script.fail_stop = [ValueError("no stop")]
    engine.stop()
    assert engine.ended == (ExitReason.SHUTDOWN, None)
    assert script.log[-2:] == [("b", STOP), ("a", STOP)]
    assert "ValueError: no stop" in [getattr(report, "error", "") for report in engine.lives.last_reports]


def test_p21_a_failure_in_a_listener_of_reports_is_its_own(system: Make) -> None:
    """P21, checklist 25: the supervision hook."""
    engine = system("a")

    def listen(_report: object) -> None:
        raise ValueError("deaf")

    engine.lives.on_report = listen
    engine.put(A, CRASH)
    assert state(engine, A) == "running"
    assert engine.lives.reports["listener_failed"] == 1


def test_p21_a_failure_of_the_supervisor_itself_ends_the_engine(
    system: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P21, checklist 25: its books can no longer be trusted, so nobody is asked."""
    engine = system("a")

    def broken(*_: object) -> None:
        raise KeyError("books")

    monkeypatch.setattr(type(engine.root), "child_ended", broken)
    with pytest.raises(KeyError):
        engine.put(A, CRASH)
    assert engine.ended is not None
    assert isinstance(engine.ended[1], EngineBroken)


@pytest.mark.promise("p22-running-out-memory")
@pytest.mark.parametrize(
    "error",
    [
        SystemExit(3),
        MemoryError(),
        RecursionError(),
        GeneratorExit(),
        BaseExceptionGroup("several", [ValueError("a"), SystemExit(1)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_p22_base_exceptions_are_crashes_of_the_one_actor(
    system: Make, script: Script, error: BaseException
) -> None:
    """P22, checklist 26: siblings are alive, nobody stops the others (Pykka stops all actors of the
    process).
    """
    engine = system("a", "b")
    engine.put(B, Do(((A, Fail(error)), (A, 1))))
    assert engine.status_of(A).restarts == 1  # type: ignore[union-attr]
    assert engine.status_of(B).incarnation == 2  # type: ignore[union-attr]
    assert engine.running
    assert script.lives == 3


def deep(depth: int) -> int:
    return deep(depth + 1) + 1


def test_p22_a_real_recursion_is_a_crash_of_the_one_actor(system: Make) -> None:
    """P22, checklist 26."""

    class Deep:
        def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
            deep(0)
            return ()

    engine = system(ChildSpec(name="a", factory=Deep), "b")
    engine.put(A, "go")
    assert engine.status_of(A).last_error.startswith("RecursionError")  # type: ignore[union-attr]


@pytest.mark.promise("p22-running-out-memory")
def test_p22_a_keyboard_interrupt_passes_on_after_the_life_has_ended(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    """P22, checklist 26: the actor is restarted, whoever drives the engine hears of it, what waits is not
    lost.
    """
    engine = system("a", spec("b", mailbox=KEEP))
    with pytest.raises(KeyboardInterrupt):
        engine.put(B, Do(((B, Fail(KeyboardInterrupt())), (B, 1), (A, 2))))
    assert engine.running
    assert engine.status_of(B).restarts == 1  # type: ignore[union-attr]
    engine.put(A, 3)
    assert (script.heard("a"), script.heard("b")[-1]) == ([2, 3], 1)


def test_p22_an_interrupt_within_a_group_passes_on_and_the_rest_is_the_actors(system: Make) -> None:
    """P22."""
    engine = system("a")
    group = BaseExceptionGroup("both", [KeyboardInterrupt(), ValueError("mine")])
    with pytest.raises(BaseExceptionGroup) as raised:
        engine.put(A, Fail(group))
    assert [type(error) for error in raised.value.exceptions] == [KeyboardInterrupt]
    assert engine.status_of(A).restarts == 1  # type: ignore[union-attr]


@pytest.mark.promise("p22-running-out-memory")
async def test_p22_trio_cancelled_in_a_handler_is_never_swallowed(system: Make) -> None:
    """P22, checklist 26."""
    engine = system("a", "b")
    engine.dispatcher.interrupts = (KeyboardInterrupt, trio.Cancelled)
    with trio.CancelScope() as scope:
        scope.cancel()
        try:
            await trio.lowlevel.checkpoint()
        except trio.Cancelled as cancelled:
            with pytest.raises(trio.Cancelled):
                engine.put(A, Fail(cancelled))
    assert engine.status_of(A).restarts == 1  # type: ignore[union-attr]
    assert state(engine, B) == "running"


@pytest.mark.limit("actors.runtime.dispatcher:STEPS_PER_INPUT_MAX")
def test_actors_that_talk_in_a_circle_end_the_engine_instead_of_hanging_it(system: Make) -> None:
    class Echo:
        def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
            return ((A, message),)

    engine = system(ChildSpec(name="a", factory=Echo))
    engine.dispatcher.steps_max = 1_000
    with pytest.raises(Livelock):
        engine.put(A, "round")
    assert engine.ended is not None


@pytest.mark.parametrize("fails_at", [7, 700], ids=["early", "late"])
@pytest.mark.parametrize("too_many", [0, 1], ids=["the most", "one more"])
def test_an_input_may_cause_as_many_messages_as_the_bound_says_one_that_fails_among_them(
    system: Make, too_many: int, fails_at: int
) -> None:
    class Counting:
        def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
            number = int(str(message))
            if number == fails_at:
                yield B, "fail"
            if number < 999 + too_many:
                yield A, number + 1

    class Failing:
        def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
            raise ValueError(message)

    engine = system(ChildSpec(name="a", factory=Counting), ChildSpec(name="b", factory=Failing))
    engine.dispatcher.steps_max = 1_000
    with pytest.raises(Livelock) if too_many else nullcontext():
        engine.put(A, 1)
    assert engine.dispatcher.dead_letters == 1


@pytest.mark.promise("p26-new-life-shares")
def test_p26_a_new_life_is_made_by_the_factory_and_shares_nothing_with_the_dead_one(system: Make) -> None:
    """P26: what a life knows comes from the factory (which reads the journal), not from the object that
    failed.
    """
    journal = [1, 2, 3]

    class Folding:
        def __init__(self) -> None:
            self.total = sum(journal)

        def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
            self.total = -1_000
            raise ValueError

    lives: list[Folding] = []

    def make() -> Folding:
        lives.append(Folding())
        return lives[-1]

    engine = system(ChildSpec(name="a", factory=make))
    journal.append(4)
    engine.put(A, "go")
    assert [life.total for life in lives] == [-1_000, 10]
    engine.put(A, "go on")
    assert [life.total for life in lives] == [-1_000, -1_000, 10], (
        "the second message went to the second life"
    )


@pytest.mark.promise("p11-older-life-sends")
def test_p11_timers_of_an_older_life_never_fire(system: Make, script: Script) -> None:
    """P11: nor do its own subscriptions hear anything."""
    engine = system("a", "b")
    engine.put(A, Do((After(10, "tick"), After(20, "tock", "key"), Subscribe("news"))))
    engine.put(A, CRASH)
    engine.put(B, Do((Publish("news", 1),)), at=50)
    assert script.heard("a")[-1] is CRASH
    assert len(engine.dispatcher.timers) == 0


def test_a_broken_invariant_ends_the_engine_at_once(system: Make, script: Script) -> None:
    """DESIGN 6: whoever drives the engine hears of it, and nothing is traded any more."""
    engine = system("a", "b")
    with pytest.raises(InvariantBroken):
        engine.put(B, Do(((A, Fail(InvariantBroken("ledger"))), (B, "after"))))
    assert engine.ended is not None
    assert isinstance(engine.ended[1], InvariantBroken)
    assert "after" not in script.heard("b")
    with pytest.raises(SystemEnded):
        engine.put(B, 1)
