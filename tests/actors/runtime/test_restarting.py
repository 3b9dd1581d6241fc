"""Strategies, restart types, intensity and backoff (P4-P7, P9, P24; checklist 4-7, 10, 11).

Covers: actors.runtime.supervisor.
"""

from collections.abc import Callable

import pytest

from actors.runtime import (
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    PERMANENT,
    REST_FOR_ONE,
    TEMPORARY,
    TRANSIENT,
    Address,
    ChildSpec,
    Escalated,
    Exit,
    ExitReason,
    Kind,
    Restart,
    SpecError,
    Strategy,
    SupervisorSpec,
    SystemEnded,
    VirtualSystem,
)
from engine.restart_policy import Backoff
from tests.actors.runtime.fakes import START, STOP, Do, Fail, HeldHost, Script, idle, player

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


@pytest.mark.promise("p5-permanent-transient-temporary")
@pytest.mark.parametrize(
    ("restart", "message", "expected"),
    [
        (PERMANENT, NORMAL, "running"),
        (PERMANENT, SHUTDOWN, "running"),
        (PERMANENT, CRASH, "running"),
        (TRANSIENT, NORMAL, "down"),
        (TRANSIENT, SHUTDOWN, "down"),
        (TRANSIENT, CRASH, "running"),
        (TEMPORARY, NORMAL, "gone"),
        (TEMPORARY, SHUTDOWN, "gone"),
        (TEMPORARY, CRASH, "gone"),
    ],
)
def test_p5_the_three_by_three_table(  # noqa: PLR0917  pytest passes them by name
    system: Make, spec: MakeSpec, script: Script, restart: Restart, message: object, expected: str
) -> None:
    """P5, checklist 4: restart type x exit reason."""
    engine = system(spec("a", restart=restart), "b")
    engine.put(A, message)
    assert state(engine, A) == expected
    assert state(engine, B) == "running"
    assert script.lives == (3 if expected == "running" else 2)
    if message is not CRASH:
        assert ("a", STOP) in script.log


def test_p5_a_temporary_bystander_of_a_group_restart_is_not_started_again(
    system: Make, spec: MakeSpec
) -> None:
    """P5, checklist 4: temporary_bystander."""
    engine = system("a", spec("b", restart=TEMPORARY), "c", strategy=ONE_FOR_ALL)
    engine.put(A, CRASH)
    assert [status.address for status in engine.status()] == ["a", "c"]


@pytest.mark.promise("p4-falls-failed-child")
@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (ONE_FOR_ONE, [("b", START)]),
        (REST_FOR_ONE, [("c", STOP), ("b", START), ("c", START)]),
        (ONE_FOR_ALL, [("c", STOP), ("a", STOP), ("a", START), ("b", START), ("c", START)]),
    ],
)
def test_p4_who_falls_with_a_failed_child(
    system: Make, script: Script, strategy: Strategy, expected: list[tuple[str, object]]
) -> None:
    """P4, checklist 5."""
    engine = system("a", "b", "c", strategy=strategy)
    engine.put(B, CRASH)
    assert script.log[4:] == expected
    assert [status.state for status in engine.status()] == ["running"] * 3


def test_p4_rest_for_one_a_later_sibling_that_fails_to_restart_is_tried_again(
    system: Make, script: Script
) -> None:
    """P4, checklist 5: c fails once on its way up; as in OTP only c is tried again."""
    engine = system("a", "b", "c", strategy=REST_FOR_ONE)
    script.fail_start = []
    before = len(script.log)

    def fail_c() -> None:
        script.fail_start.append(ValueError("b starts, c does not"))

    engine.lives.on_report = lambda report: (
        fail_c() if type(report).__name__ == "ActorRestarted" and report.address == "b" else None
    )
    engine.put(B, CRASH)
    assert script.log[before + 1 :] == [("c", STOP), ("b", START), ("c", START), ("c", START)]
    assert state(engine, C) == "running"


def test_p4_one_for_all_a_child_already_restarted_is_taken_down_again(system: Make, script: Script) -> None:
    """P4, checklist 5: when a later sibling fails to restart, all start again."""
    engine = system("a", "b", strategy=ONE_FOR_ALL)
    before = len(script.log)
    armed = [ValueError("b does not start")]

    def arm(report: object) -> None:
        if type(report).__name__ == "ActorRestarted" and armed:
            script.fail_start.append(armed.pop())

    engine.lives.on_report = arm
    engine.put(B, CRASH)
    assert script.log[before + 1 :] == [
        ("a", STOP),
        ("a", START),
        ("b", START),
        ("a", STOP),
        ("a", START),
        ("b", START),
    ]


@pytest.mark.promise("p6-exactly-many-restarts")
@pytest.mark.limit("actors.runtime.behaviour:SupervisorSpec.restarts_max")
def test_p6_exactly_the_intensity_is_allowed_and_one_more_escalates(system: Make) -> None:
    """P6, checklist 6."""
    engine = system("a", "b", restarts_max=3, period_ns=1_000)
    for _ in range(3):
        engine.put(A, CRASH)
    assert engine.running
    engine.put(A, CRASH)
    assert engine.ended is not None
    reason, error = engine.ended
    assert reason is ExitReason.ESCALATED
    assert isinstance(error, Escalated)
    assert str(error) == "root: too many failures, the last of a: ValueError: air ball"
    with pytest.raises(SystemEnded):
        engine.put(A, "x")


@pytest.mark.promise("p6-exactly-many-restarts")
@pytest.mark.limit("actors.runtime.behaviour:SupervisorSpec.period_ns")
def test_p6_the_window_slides(system: Make) -> None:
    """P6, checklist 6: failures a period apart never add up."""
    engine = system("a", restarts_max=1, period_ns=100)
    for number in range(1, 50):
        engine.put(A, CRASH, at=number * 100)
    assert engine.running
    engine.put(A, CRASH, at=4_999)
    assert engine.ended is not None


def test_p6_failures_of_all_children_are_counted_together(system: Make) -> None:
    """P6."""
    engine = system("a", "b", restarts_max=1)
    engine.put(A, CRASH)
    engine.put(B, CRASH)
    assert engine.ended is not None


@pytest.mark.promise("p6-exactly-many-restarts")
def test_p6_failed_attempts_count(system: Make, script: Script) -> None:
    """P6, checklist 6: one crash and three failed starts are four failures."""
    engine = system("a", restarts_max=3)
    script.fail_start = [ValueError("1"), ValueError("2")]
    engine.put(A, CRASH)
    assert engine.running
    script.fail_start = [ValueError("3")]
    engine.put(A, CRASH)
    assert engine.ended is not None


def test_p6_escalation_goes_up_one_level_and_the_subtree_is_restarted(
    system: Make, tree: MakeTree, script: Script
) -> None:
    """P6: the next level decides; restarts multiply over the levels."""
    engine = system("a", tree("x", "y", name="deep", restarts_max=1), restarts_max=1)
    engine.put(Address("deep/x"), CRASH)
    engine.put(Address("deep/x"), CRASH)
    assert state(engine, Address("deep/x")) == "running"
    assert script.log[-3:] == [("y", STOP), ("x", START), ("y", START)]
    engine.put(Address("deep/x"), CRASH)
    engine.put(Address("deep/x"), CRASH)
    assert engine.ended is not None
    assert script.log[-2:] == [("y", STOP), ("a", STOP)]


@pytest.mark.promise("p7-restarts-wait-longer")
def test_p7_backoff_delays_the_restart(system: Make) -> None:
    """P7: first at once, then minimum, doubled, capped."""
    backoff = Backoff(first_ns=0, minimum_ns=100, cap_ns=350, jitter=0.0, reset_ns=10_000)
    engine = system("a", restarts_max=10, period_ns=1_000_000, backoff=backoff)
    waited = []
    for _ in range(5):
        engine.put(A, CRASH)
        crashed = engine.now
        while state(engine, A) == "backoff":
            engine.advance(engine.now + 10)
        waited.append(engine.now - crashed)
    assert waited == [0, 100, 200, 350, 350]


def test_p7_the_backoff_starts_anew_after_a_stable_life_and_not_before(system: Make) -> None:
    """P7, checklist 8."""
    backoff = Backoff(first_ns=0, minimum_ns=100, cap_ns=1_000, jitter=0.0, reset_ns=500)
    engine = system("a", restarts_max=100, period_ns=1_000_000, backoff=backoff)
    engine.put(A, CRASH)
    engine.put(A, CRASH, at=499)
    assert state(engine, A) == "backoff"
    engine.advance(600)
    assert state(engine, A) == "running"
    engine.put(A, CRASH, at=599 + 500)
    assert state(engine, A) == "running"


@pytest.mark.promise("p7-restarts-wait-longer")
def test_p7_a_backoff_that_makes_the_limit_unreachable_is_refused() -> None:
    """P7, checklist 7."""
    with pytest.raises(SpecError, match=r"slow: 6 failures take up to .* the limit would never fire"):
        SupervisorSpec(
            name="slow",
            restarts_max=5,
            period_ns=5_000_000_000,
            backoff=Backoff(minimum_ns=1_000_000_000, cap_ns=30_000_000_000),
        )
    # Three failures take the 100 ns before the third: in a period of 100 the first is forgotten by then.
    backoff = Backoff(minimum_ns=100, cap_ns=100, jitter=0.0)
    with pytest.raises(SpecError, match="the limit would never fire"):
        SupervisorSpec(name="just", restarts_max=2, period_ns=100, backoff=backoff)
    SupervisorSpec(name="fits", restarts_max=2, period_ns=101, backoff=backoff)


@pytest.mark.promise("p9-after-stop-begun")
def test_p9_stop_during_backoff_starts_nobody_any_more(system: Make, script: Script) -> None:
    """P9, checklist 10: nothing in the next ten times the longest backoff."""
    backoff = Backoff(first_ns=100, minimum_ns=100, cap_ns=100, jitter=0.0)
    engine = system("a", "b", backoff=backoff)
    engine.put(A, CRASH)
    assert state(engine, A) == "backoff"
    lives = script.lives
    engine.stop()
    assert script.lives == lives
    engine.advance(1_000)
    assert script.lives == lives
    assert len(engine.dispatcher.timers) == 0


def test_p9_stopping_one_child_cancels_its_restart(system: Make, script: Script) -> None:
    """P9: and its siblings live on."""
    backoff = Backoff(first_ns=100, minimum_ns=100, cap_ns=100, jitter=0.0)
    engine = system("a", "b", backoff=backoff)
    engine.put(A, CRASH)
    engine.stop_child(A)
    engine.advance(1_000)
    assert (state(engine, A), state(engine, B)) == ("down", "running")
    assert script.lives == 2


def test_p9_the_group_restart_waits_for_its_backoff(system: Make, script: Script) -> None:
    """P7, P9: with one_for_all nobody starts before the delay has passed."""
    backoff = Backoff(first_ns=100, minimum_ns=100, cap_ns=100, jitter=0.0)
    engine = system("a", "b", strategy=ONE_FOR_ALL, backoff=backoff)
    engine.put(B, CRASH, at=50)
    assert [status.state for status in engine.status()] == ["waiting", "waiting"]
    engine.advance(149)
    assert script.lives == 2
    engine.advance(150)
    assert [status.state for status in engine.status()] == ["running", "running"]
    engine.put(A, CRASH)
    engine.stop()
    assert script.lives == 4


@pytest.mark.parametrize("restart", [PERMANENT, TRANSIENT, TEMPORARY])
@pytest.mark.parametrize("leave", ["normal", "shutdown", "crash", "killed"])
def test_checklist_11_children_that_quit_while_the_supervisor_stops(
    tree: MakeTree, spec: MakeSpec, script: Script, restart: Restart, leave: str
) -> None:
    """Checklist 11, P9, OTP's sup_stop_race: nothing hangs, nothing is restarted."""
    host = HeldHost(stop=True)
    engine = VirtualSystem(
        tree("a", spec("b", kind=Kind.EDGE, task=idle, restart=restart), "c"), hosts={Kind.EDGE: host}
    )
    host.system = engine
    engine.start()
    engine.root.stop(ExitReason.SHUTDOWN)
    engine.lives.settle()
    if leave == "killed":
        engine.kill(B)
    else:
        engine.put(B, {"normal": NORMAL, "shutdown": SHUTDOWN, "crash": CRASH}[leave])
    engine.stop()
    assert engine.ended == (ExitReason.SHUTDOWN, None)
    assert script.lives == 3


def test_a_child_yet_to_be_born_behind_a_held_restart_hears_what_it_was_told_before() -> None:
    scripts = {name: Script() for name in "ac"}
    backoff = Backoff(first_ns=10, minimum_ns=10, cap_ns=10, factor=1.0, jitter=0.0)
    specs = {name: ChildSpec(name=name, factory=player(name, scripts[name])) for name in "ac"}
    engine = VirtualSystem(
        SupervisorSpec(name="root", children=(specs["a"],), strategy=REST_FOR_ONE, backoff=backoff)
    )
    engine.start()
    engine.put(A, CRASH)
    assert engine.start_child(Address(""), specs["c"])
    engine.put(C, 1)
    assert engine.restart(C)
    assert scripts["c"].heard("c") == []
    engine.advance(engine.now + 10)
    assert scripts["c"].heard("c") == [1]
