"""The log of what befalls actors: who crashed over which kind of message, who began again, who gave up.

Given to the runtime by `LiveEngine`. A restart intensity bounds what one fault can write. Must not decide
anything.
"""

import logging
from collections.abc import Sequence
from typing import Final

from actors.runtime import (
    ActorExited,
    ActorQuarantined,
    ActorRestarted,
    DeadLetter,
    SupervisorEscalated,
    SupervisorReport,
)

log = logging.getLogger("tipoff.actors")

LETTERS_SEARCHED_MAX: Final = 20
"""The message that a life crashed over is among the newest dead letters."""


def log_report(report: SupervisorReport, letters: Sequence[DeadLetter]) -> None:
    """Log a report, if it is about a failure; `letters` are the newest dead letters, in order."""
    match report:
        case ActorExited() if report.reason.abnormal:
            over = _message_of(report, letters)
            log.error("actor %s crashed%s: %s", report.address, over, report.error or report.reason.value)
        case ActorRestarted():
            log.warning("actor %s began again, restart %d", report.address, report.restarts)
        case ActorQuarantined():
            log.error("actor %s is parked, it failed too often: %s", report.address, report.error)
        case SupervisorEscalated():
            log.error("supervisor %s gave up: %s", report.address or "root", report.error)
        case _:
            return


def _message_of(exited: ActorExited, letters: Sequence[DeadLetter]) -> str:
    """What it was working on, in words; empty if it failed outside of a message."""
    for back in range(1, min(len(letters), LETTERS_SEARCHED_MAX) + 1):
        letter = letters[-back]
        if (letter.address, letter.incarnation) == (exited.address, exited.incarnation) and letter.error:
            return f" over {letter.message_type}"
    return ""
