"""The exit codes of the program: what scripts and systemd may rely on.

Used by every command; the manual's table is made from it.
"""

from enum import IntEnum
from typing import Self


class Exit(IntEnum):
    """How a command ended."""

    explanation: str

    def __new__(cls, code: int, explanation: str) -> Self:
        """A code with what it means."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.explanation = explanation
        return member

    OK = 0, "done"
    FAILED = 1, "failed; the message says why"
    USAGE = 2, "the command line was not understood"
    NOT_RUNNING_STATUS = 3, "no daemon is running (`status`)"
    NOT_PERMITTED = 4, "the daemon does not allow it"
    NOT_READY = 5, "the daemon is running but not ready"
    TIMEOUT = 6, "no answer in time"
    NOT_RUNNING = 7, "no daemon is running (all other commands)"
    INVARIANT_BROKEN = 70, "the engine found itself in a state that must not be, and stopped"
    CUT_SHORT = (
        71,
        "ended before all was put away: by a second signal, or a step of the stop took too long",
    )
    ESCALATED = 75, "restarts did not help; start me again"
    CONFIG = 78, "the configuration cannot be used; all its problems were printed"
    INTERRUPTED = 130, "stopped by Ctrl-C"
