"""What each signal asks for, before, during and after a run, and who ends a process whose loop hangs."""

import os
import signal
import threading
from collections.abc import Callable

import attrs
import pytest
import trio

from tipoff.exit_codes import Exit
from tipoff.process.signals import ENDS, HANDLED, Loop, SignalHandler, SignalRequest, request_of

SECONDS = {SignalRequest.END.value: 60.0, SignalRequest.CUT.value: 60.0}


@attrs.define
class Heard:
    """What a loop was told."""

    words: list[str] = attrs.field(factory=list)
    more: trio.Event = attrs.field(factory=trio.Event)

    def note(self, word: str) -> None:
        self.words.append(word)
        self.more.set()

    async def until(self, *words: str) -> None:
        with trio.fail_after(10):
            while self.words != list(words):
                self.more = trio.Event()
                await self.more.wait()


def loop_of(heard: Heard, stuck: Callable[[], str] = lambda: "nothing") -> Loop:
    return Loop(
        token=trio.lowlevel.current_trio_token(),
        stop=heard.note,
        cut=lambda: heard.note("cut"),
        reload=lambda: heard.note("reload"),
        dump=lambda: heard.note("dump"),
        stuck=stuck,
    )


@pytest.mark.fault("I3", "I4", "I8")
@pytest.mark.parametrize("ending", [False, True])
def test_every_signal_has_one_meaning(ending: bool) -> None:  # noqa: FBT001
    ends = SignalRequest.CUT if ending else SignalRequest.END
    asked = {signal.Signals(number).name: request_of(number, ending=ending) for number in HANDLED}
    assert asked == {
        "SIGTERM": ends,
        "SIGINT": ends,
        "SIGHUP": SignalRequest.RELOAD,
        "SIGUSR1": SignalRequest.DUMP,
    }


@pytest.mark.fault("I2")
@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("second", ENDS)
async def test_the_first_ends_in_good_order_and_the_second_does_not_wait(first: int, second: int) -> None:
    handler, heard = SignalHandler(seconds=SECONDS), Heard()
    with handler.listening(), handler.serving(loop_of(heard)):
        os.kill(os.getpid(), signal.SIGHUP)
        await heard.until("reload")
        os.kill(os.getpid(), first)
        reason = f"stopped by {signal.Signals(first).name}"
        await heard.until("reload", reason)
        os.kill(os.getpid(), signal.SIGUSR1)
        await heard.until("reload", reason, "dump")
        os.kill(os.getpid(), second)
        await heard.until("reload", reason, "dump", "cut")
    assert handler.reason == reason


@pytest.mark.fault("I10")
async def test_a_signal_that_comes_before_the_run_is_passed_on_when_it_begins(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """An end is; of a reload, and of a look at the state, is said that they come too early."""
    handler, heard = SignalHandler(seconds=SECONDS), Heard()
    with handler.listening():
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM):
            os.kill(os.getpid(), number)
        with handler.serving(loop_of(heard)):
            await heard.until("stopped by SIGTERM")
    said = capfd.readouterr().err
    for name in ("SIGHUP", "SIGUSR1"):
        assert f"{name}: heard; there is no run yet" in said


def test_outside_of_listening_signals_do_what_they_did_before() -> None:
    before = [signal.getsignal(number) for number in HANDLED]
    with SignalHandler(seconds=SECONDS).listening():
        assert all(signal.getsignal(number) not in before for number in HANDLED)
    assert [signal.getsignal(number) for number in HANDLED] == before


@pytest.mark.fault("I2")
@pytest.mark.parametrize("times", [1, 2])
async def test_a_loop_that_hangs_is_ended_from_outside_and_what_it_hangs_in_is_named(
    capfd: pytest.CaptureFixture[str], times: int
) -> None:
    left: list[int] = []
    gone = threading.Event()

    def leave(code: int) -> None:
        left.append(code)
        gone.set()

    late, soon = 3_600.0, 0.05
    seconds = {SignalRequest.END.value: soon if times == 1 else late, SignalRequest.CUT.value: soon}
    handler = SignalHandler(leave, seconds)
    with handler.listening(), handler.serving(loop_of(Heard(), lambda: "exchange/risk_gate is at work")):
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGTERM)
        # The loop does nothing of it: it waits here, without trio.
        assert gone.wait(30)
    assert left == [Exit.CUT_SHORT]
    said = capfd.readouterr().err
    assert "ended by force: exchange/risk_gate is at work; what was durable is whole" in said


async def test_a_stop_that_comes_to_its_end_is_left_alone() -> None:
    left: list[int] = []
    handler, heard = SignalHandler(left.append, SECONDS), Heard()
    with handler.listening(), handler.serving(loop_of(heard)):
        os.kill(os.getpid(), signal.SIGTERM)
        await heard.until("stopped by SIGTERM")
    assert left == []
    assert not any(thread.name == "signals" for thread in threading.enumerate())
