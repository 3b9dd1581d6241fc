"""Running tests in forked children: each begins with the libraries loaded and leaves nothing behind.

Used by both halves of `make mutate`. A child leads a process group of its own, so that ending it ends the
processes that its tests have started.
"""

import contextlib
import ctypes
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import NoReturn

PASSED, FAILED, SKIPPED, UNTRIED = 0, 1, 5, 6
POLL_S = 0.02
PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None, use_errno=True).prctl


class Outcome(Enum):
    """What became of a break or a mutant. LATE is killed, too: what no longer ends is noticed."""

    KILLED = "killed"
    LATE = "killed by its time limit"
    SURVIVED = "survived"
    SKIPPED = "not run: its tests were skipped"
    UNTRIED = "not tried: its tests could not even be collected"

    @property
    def killed(self) -> bool:
        """Whether it was noticed."""
        return self in (Outcome.KILLED, Outcome.LATE)


OUTCOMES = {PASSED: Outcome.SURVIVED, SKIPPED: Outcome.SKIPPED, UNTRIED: Outcome.UNTRIED}
"""By the code with which a child ends; any other, a signal's too, is a test that failed."""


def say(line: str) -> None:
    """A line for whoever waits."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def outcome_of(
    run: Callable[[], int], seconds_max: float, log: Path, work_s_max: float | None = None
) -> Outcome:
    """What `run`, which returns PASSED, FAILED or SKIPPED, comes to in a child whose words go to `log`.

    `work_s_max` bounds its share of a processor, in which waiting for other programs does not count.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        _be_child(run, log, work_s_max)
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            _end_group(child)
            code = os.waitstatus_to_exitcode(status)
            if code == -signal.SIGXCPU:
                return Outcome.LATE
            return OUTCOMES.get(code, Outcome.KILLED)
        _pause()
    _end_group(child)
    os.waitpid(child, 0)
    return Outcome.LATE


def _be_child(run: Callable[[], int], log: Path, work_s_max: float | None) -> NoReturn:
    code = FAILED
    try:
        os.setsid()
        if work_s_max is not None:
            # Without a core file, and once more a second later if somebody listens to the signal.
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            soft = math.ceil(work_s_max)
            resource.setrlimit(resource.RLIMIT_CPU, (soft, soft + 1))
        # A run that is ended from outside takes its child along; it would go on with the whole suite.
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        code = run()
    except BaseException as error:  # noqa: BLE001 - whatever it was, the child must not go on as its parent
        os.write(2, repr(error).encode())
    finally:
        sys.stdout.flush()
        os._exit(code)


def _end_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _pause() -> None:
    signal.sigtimedwait([signal.SIGCHLD], POLL_S)
