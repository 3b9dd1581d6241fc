"""Bounds, policies and order of mailboxes; topics and timers (P13, P15, P16; checklist 16, 18, 19).

Covers: actors.runtime.virtual.
"""

from collections.abc import Callable

import pytest

from actors.runtime import (
    CONFLATE,
    DISCARD,
    DROP_OLDEST,
    FAIL,
    REFUSE,
    RETAIN,
    Address,
    After,
    CancelTimer,
    ChildSpec,
    MailboxPolicy,
    Outgoing,
    Publish,
    Send,
    SpecError,
    StampBackwards,
    StopChild,
    Subscribe,
    SupervisorSpec,
    Unsubscribe,
    VirtualSystem,
    WhenFull,
    dispatcher,
)
from engine.restart_policy import Backoff
from tests.actors.runtime.fakes import START, STOP, Do, Fail, Script

A, B, C = Address("a"), Address("b"), Address("c")
Make = Callable[..., VirtualSystem]
MakeTree = Callable[..., SupervisorSpec]
MakeSpec = Callable[..., ChildSpec]
CRASH = Fail(ValueError("air ball"))
SLOW = Backoff(first_ns=100, minimum_ns=100, cap_ns=100, jitter=0.0)


def tens(message: object) -> object:
    return message // 10 if isinstance(message, int) else None


def flood(*messages: object) -> Do:
    wishes: tuple[Outgoing, ...] = tuple((A, message) for message in messages)
    return Do(wishes)


@pytest.mark.promise("p15-mailbox-bounded-full")
@pytest.mark.limit("actors.runtime.specs:MAILBOX_CAPACITY")
@pytest.mark.parametrize(
    ("when_full", "at_the_limit", "one_past_it", "refused", "dropped", "conflated"),
    [
        (REFUSE, [1, 2, 3], [1, 2, 3], 1, 0, 0),
        (DROP_OLDEST, [1, 2, 3], [2, 3, 14], 0, 1, 0),
        (FAIL, [1, 2, 3], [], 1, 3, 0),
        (CONFLATE, [1, 2, 3], [2, 3, 14], 0, 1, 0),
    ],
)
def test_p15_what_a_full_mailbox_does_with_one_more(  # noqa: PLR0917  pytest passes them by name
    system: Make,
    spec: MakeSpec,
    script: Script,
    when_full: WhenFull,
    at_the_limit: list[int],
    one_past_it: list[int],
    refused: int,
    dropped: int,
    conflated: int,
) -> None:
    """P15, checklist 18: at the limit, and one past it; nothing is silent."""
    key = tens if when_full is CONFLATE else None
    engine = system(spec("a", mailbox=MailboxPolicy(capacity=3, when_full=when_full, conflate_key=key)), "b")
    engine.put(B, flood(1, 2, 3))
    assert script.heard("a") == at_the_limit
    script.log.clear()
    engine.put(B, flood(1, 2, 3, 14))
    assert script.heard("a") == one_past_it
    status = engine.status_of(A)
    assert status is not None
    assert (status.refused, status.dropped, status.conflated) == (refused, dropped, conflated)
    assert (status.peak, status.depth, status.capacity) == (3, 0, 3)
    assert engine.dispatcher.dead_letters == refused


def test_p15_conflation_replaces_the_waiting_message_of_the_same_key(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    """P15: the newer book takes the place of the older one of its market."""
    engine = system(spec("a", mailbox=MailboxPolicy(capacity=3, when_full=CONFLATE, conflate_key=tens)), "b")
    engine.put(B, flood(10, 20, 30, 21, 11, 22))
    assert script.heard("a") == [11, 22, 30]
    assert engine.status_of(A).conflated == 3  # type: ignore[union-attr]


def test_a_policy_without_keys_cannot_conflate() -> None:
    with pytest.raises(SpecError):
        MailboxPolicy(when_full=CONFLATE)
    with pytest.raises(SpecError):
        MailboxPolicy(conflate_key=tens)


@pytest.mark.promise("p13-waits-mailbox-dropped")
@pytest.mark.parametrize(("policy", "second_life"), [(DISCARD, []), (RETAIN, [1, 2, 3])])
def test_p13_what_waited_is_discarded_or_retained(
    system: Make, spec: MakeSpec, script: Script, policy: object, second_life: list[int]
) -> None:
    """P13: what waited in the queue, and what came while the restart waited for its backoff."""
    engine = system(spec("a", mailbox=MailboxPolicy(on_restart=policy)), "b", backoff=SLOW)  # type: ignore[arg-type]
    engine.put(B, flood(CRASH, 1, 2))
    engine.put(A, 3)
    assert script.heard("a") == [CRASH]
    engine.advance(100)
    assert script.heard("a")[1:] == second_life
    status = engine.status_of(A)
    assert status is not None
    assert status.dropped == 3 - len(second_life)
    assert status.depth == 0


def test_p13_messages_kept_for_the_next_life_are_bounded_too(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    """P13, P15."""
    policy = MailboxPolicy(capacity=3, when_full=DROP_OLDEST, on_restart=RETAIN)
    engine = system(spec("a", mailbox=policy), backoff=SLOW)
    engine.put(A, CRASH)
    for number in range(5):
        engine.put(A, number)
    assert engine.status_of(A).depth == 3  # type: ignore[union-attr]
    engine.advance(100)
    assert script.heard("a")[1:] == [2, 3, 4]


def test_p13_publications_kept_for_the_next_life_are_bounded_too(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    """P13, P15: a topic asks nobody's mailbox, so the bound is kept where the message is."""
    keeps = MailboxPolicy(capacity=3, on_restart=RETAIN)
    rolls = MailboxPolicy(capacity=3, when_full=DROP_OLDEST, on_restart=RETAIN)
    hears = {"subscriptions": ("t",)}
    engine = system(spec("a", mailbox=keeps, **hears), spec("c", mailbox=rolls, **hears), "b", backoff=SLOW)
    engine.put(A, CRASH)
    engine.put(C, CRASH)
    engine.put(B, Do(tuple(Publish("t", number) for number in range(5))))
    engine.advance(100)
    assert (script.heard("a")[1:], script.heard("c")[1:]) == ([0, 1, 2], [2, 3, 4])
    assert engine.status_of(A).refused == 2  # type: ignore[union-attr]
    assert engine.status_of(C).dropped == 2  # type: ignore[union-attr]


@pytest.mark.limit("actors.runtime.dispatcher:URGENT_MAX")
def test_urgent_messages_are_bounded_too(system: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """P15, P16."""
    monkeypatch.setattr(dispatcher, "URGENT_MAX", 3)
    engine = system("a", "b")
    engine.put(B, Do(tuple(Send(A, number, urgent=True) for number in range(4))))
    assert engine.status_of(A).handled == 3  # type: ignore[union-attr]
    assert [letter.why for letter in engine.dispatcher.last_dead_letters] == ["too many urgent messages"]


def test_p13_what_was_kept_for_a_child_that_is_stopped_becomes_dead_letters(
    system: Make, spec: MakeSpec
) -> None:
    """P13: nothing is silent."""
    engine = system(spec("a", mailbox=MailboxPolicy(on_restart=RETAIN)), backoff=SLOW)
    engine.put(A, CRASH)
    engine.put(A, 1)
    engine.stop_child(A)
    engine.put(A, 2)
    assert [letter.message for letter in engine.dispatcher.last_dead_letters] == [CRASH, 1, 2]


def test_p13_a_publication_that_waited_is_discarded_with_the_rest(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    """P13: a subscriber's new life does not hear what was published before it began; the others do."""
    engine = system(spec("a", subscriptions=("t",)), spec("c", subscriptions=("t",)), "b")
    engine.put(B, Do(((A, CRASH), Publish("t", 1))))
    engine.put(B, Do((Publish("t", 2),)))
    assert script.heard("a") == [CRASH, 2]
    assert script.heard("c") == [1, 2]
    assert engine.status_of(A).dropped == 1  # type: ignore[union-attr]


@pytest.mark.promise("p16-stop-control-messages")
def test_p16_urgent_messages_overtake_a_hundred_thousand(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    """P16, checklist 19."""
    roomy = MailboxPolicy(capacity=200_000)
    engine = system(spec("a", mailbox=roomy), "b")
    wishes: tuple[Outgoing, ...] = tuple((A, number) for number in range(100_000))
    engine.put(B, Do((*wishes, Send(A, "halt", urgent=True))))
    heard = script.heard("a")
    assert heard[0] == "halt"
    assert len(heard) == 100_001


@pytest.mark.promise("p16-stop-control-messages")
def test_p16_a_stop_overtakes_a_hundred_thousand(system: Make, spec: MakeSpec, script: Script) -> None:
    """P16, checklist 19: Pykka's stop waits at the end of the queue."""
    engine = system(spec("a", mailbox=MailboxPolicy(capacity=200_000)), "b")
    wishes: tuple[Outgoing, ...] = tuple((A, number) for number in range(100_000))
    engine.put(B, Do((*wishes, StopChild(A))))
    assert [what for who, what in script.log if who == "a"] == [START, STOP]
    assert engine.dispatcher.dead_letters == 100_000
    assert len(engine.dispatcher.last_dead_letters) == 100


def test_the_global_queue_is_first_in_first_out_over_all_actors(system: Make, script: Script) -> None:
    engine = system("a", "b", "c")
    engine.put(A, Do(((B, Do(((C, "third"),))), (C, "first"), (B, "second"))))
    assert [what for who, what in script.log if who in "bc" and isinstance(what, str)] == [
        "first",
        "second",
        "third",
    ]


def test_a_topic_calls_its_subscribers_in_turn_and_in_order(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    hears = {"subscriptions": ("t",)}
    engine = system(spec("a", **hears), spec("b", **hears), "c")
    engine.put(C, Do((Subscribe("t"), Publish("t", 1))))
    engine.put(C, Do((Unsubscribe("t"), Publish("t", 2), Publish("nobody", 3))))
    told = [(who, what) for who, what in script.log if isinstance(what, int)]
    assert told == [("a", 1), ("b", 1), ("c", 1), ("a", 2), ("b", 2)]


def test_a_subscriber_that_fails_does_not_keep_the_message_from_the_others(
    system: Make, spec: MakeSpec, script: Script
) -> None:
    engine = system(*(spec(name, subscriptions=("t",)) for name in "abc"))
    engine.crash_next(B)
    engine.put(A, Do((Publish("t", 1), Publish("t", 2))))
    assert [(who, what) for who, what in script.log if isinstance(what, int)] == [
        ("a", 1),
        ("c", 1),
        ("a", 2),
        ("c", 2),
    ]


def test_timers_fire_in_order_of_due_time_and_creation_each_at_its_own_time(
    system: Make, script: Script
) -> None:
    engine = system("a", "b")
    engine.put(A, Do((After(30, "z"), After(10, "x"), After(10, "y"))), at=100)
    engine.put(B, "input", at=130)
    assert script.log[3:] == [("a", "x"), ("a", "y"), ("a", "z"), ("b", "input")]
    assert script.stamps[1:] == [110, 110, 130, 130]


def test_a_timer_with_the_same_key_replaces_and_can_be_cancelled(system: Make, script: Script) -> None:
    engine = system("a")
    engine.put(A, Do((After(10, 1, "k"), After(20, 2, "k"), After(30, 3, "other"), CancelTimer("other"))))
    engine.put(A, Do((CancelTimer("never set"),)))
    engine.advance(100)
    assert [heard for heard in script.heard("a") if isinstance(heard, int)] == [2]
    assert len(engine.dispatcher.timers) == 0


def test_forgotten_timers_do_not_pile_up(system: Make) -> None:
    engine = system("a")
    for number in range(10_000):
        engine.put(A, Do((After(1_000_000, number, "k"),)))
    assert len(engine.dispatcher.timers) == 1
    assert len(engine.dispatcher.timers._heap) < 300


def test_an_input_may_not_go_back_in_time(system: Make) -> None:
    engine = system("a")
    engine.put(A, 1, at=10)
    with pytest.raises(StampBackwards):
        engine.put(A, 2, at=9)
    engine.put(A, 3, at=10)
    assert engine.inputs == 2


def test_a_message_for_nobody_is_a_dead_letter(system: Make) -> None:
    engine = system("a")
    engine.put(A, Do(((Address("no/body"), "x"), Send(Address("no/body"), "y", urgent=True))))
    engine.put(Address("no/body"), "z")
    assert [letter.message for letter in engine.dispatcher.last_dead_letters] == ["x", "y", "z"]
    assert [letter.sender for letter in engine.dispatcher.last_dead_letters] == ["a", "a", ""]


def test_a_handler_may_not_drive_the_engine_it_runs_in(system: Make) -> None:
    engines: list[VirtualSystem] = []

    class Meddler:
        def receive(self, message: object, now: int, /) -> tuple[Outgoing, ...]:
            engines[0].put(B, "x")
            return ()

    engine = system(ChildSpec(name="a", factory=Meddler), "b")
    engines.append(engine)
    engine.put(A, "go")
    assert engine.running
    assert engine.status_of(A).last_error.startswith("RuntimeError")  # type: ignore[union-attr]


def test_every_input_is_numbered_and_tapped_in_order(system: Make) -> None:
    engine = system("a", "b")
    heard: list[tuple[int, int, Address, object]] = []
    engine.input_tap = lambda *line: heard.append(line)
    engine.put(A, "x", at=5)
    engine.put(B, "y", at=5)
    engine.put(A, "z", at=7)
    assert heard == [(1, 5, A, "x"), (2, 5, B, "y"), (3, 7, A, "z")]
