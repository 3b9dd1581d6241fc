"""What stops working and works again, as lines for whoever watches the daemon in a terminal.

Pure: looks at what does not work in, the lines that are new out; `tipoff.services.terminal` gives it the
looks. Polls of one service fail together and for one reason, so they are one line.
"""

import re
from collections.abc import Iterable, Mapping

import attrs

from tipoff.sources.health import HealthIssue, IssueKind

_ADDRESS = re.compile(r"https?://([^/\s:]+)\S*?(?=:?(?:\s|$))")
_COUNTED = re.compile(r"; not asked now.*")


@attrs.define
class HealthLines:
    """What was told already, so that a reason is told once."""

    _told: Mapping[str, HealthIssue]

    @classmethod
    def after(cls, said: Iterable[HealthIssue]) -> "HealthLines":
        """These were said by somebody else."""
        return cls({issue.subject: issue for issue in said})

    def look(self, issues: Iterable[HealthIssue]) -> list[tuple[str, str]]:
        """The lines of a look, each with its level; what was told and did not change has none."""
        now = {issue.subject: issue for issue in issues}
        new = [issue for subject, issue in now.items() if subject not in self._told]
        gone = [issue for subject, issue in self._told.items() if subject not in now]
        failing = {reason_of(issue) for subject, issue in self._told.items() if issue.poll and subject in now}
        self._told = now
        found = [(issue.text, "warning") for issue in new if not issue.poll]
        found += [(words, "warning") for words in _failing(new, failing)]
        found += [(f"no longer: {it.text}", "info") for it in gone if not it.poll and it.kind is not LOST]
        again = ", ".join(issue.poll for issue in gone if issue.poll)
        return [*found, *([(f"answers again: {again}", "info")] if again else [])]


LOST = IssueKind.FEED_LOST
"""The stream says itself that it is back."""


def reason_of(issue: HealthIssue) -> str:
    """Why a poll fails, without what is of this poll alone: the same for all of a service that is down."""
    return _COUNTED.sub("", _ADDRESS.sub(r"\1", issue.cause))


def _failing(new: Iterable[HealthIssue], failing: set[str]) -> Iterable[str]:
    by_reason: dict[str, list[str]] = {}
    for issue in new:
        if issue.poll:
            by_reason.setdefault(reason_of(issue), []).append(issue.poll)
    for reason, polls in by_reason.items():
        names = ", ".join(polls)
        yield f"does not answer either: {names}" if reason in failing else f"no answer for {names}: {reason}"
