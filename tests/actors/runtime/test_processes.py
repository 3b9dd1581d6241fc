"""Real processes: they end, with the right news, whatever hangs in them (checklist 9, 13, 14)."""

import subprocess
import sys
import textwrap

HEAD = """
    import threading, time, trio
    from actors.runtime import *
    from engine.restart_policy import NO_BACKOFF

    sticking = threading.Event()

    def stick():
        sticking.set()
        while True:
            time.sleep(60)

    class Quiet:
        def receive(self, message, now):
            return ()

    class Crashing:
        def receive(self, message, now):
            raise ValueError("air ball")

    def tree(*children, **settings):
        return SupervisorSpec(name="root", children=children, backoff=NO_BACKOFF, **settings)

    async def main():
        async with trio.open_nursery() as nursery:
            await nursery.start(system().run)
            await evening(nursery)
"""


def run(body: str) -> subprocess.CompletedProcess[str]:
    """Run a small engine in a process of its own."""
    program = textwrap.dedent(HEAD) + textwrap.dedent(body)
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_checklist_9_escalation_of_the_root_ends_the_process_with_its_error_and_a_last_report() -> None:
    done = run(
        """
        engine = None

        def system():
            global engine
            engine = LiveSystem(tree(ChildSpec(name="a", factory=Crashing), restarts_max=1))
            engine.lives.on_report = lambda report: print(type(report).__name__, report.address)
            return engine

        async def evening(nursery):
            engine.put(Address("a"), 1)
            engine.put(Address("a"), 2)

        try:
            trio.run(main)
        except* Escalated as group:
            print(group.exceptions[0])
            raise SystemExit(75)
        """
    )
    assert done.returncode == 75, done.stderr
    assert done.stdout.splitlines()[-3:] == [
        "ActorExited a",
        "SupervisorEscalated ",
        "root: too many failures, the last of a: ValueError: air ball",
    ]


def test_checklist_13_14_a_stuck_thread_keeps_no_process_alive() -> None:
    """A task may leave its thread behind: it ends when it is told to, and so does the process."""
    done = run(
        """
        engine = None

        async def stuck(edge):
            await trio.to_thread.run_sync(stick, abandon_on_cancel=True)

        def system():
            global engine
            spec = ChildSpec(name="w", kind=Kind.EDGE, factory=Quiet, task=stuck, shutdown_ns=1_000_000)
            engine = LiveSystem(tree(spec))
            return engine

        async def evening(nursery):
            await trio.to_thread.run_sync(sticking.wait)
            await engine.stop()
            print("stopped", engine.lives.zombies_ever)

        trio.run(main)
        """
    )
    assert (done.returncode, done.stdout.splitlines()) == (0, ["stopped 0"]), done.stderr
