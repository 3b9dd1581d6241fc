"""Health issues of a live engine and its sources: a sentence, and what it is about."""

from enum import Enum

import attrs


class IssueKind(Enum):
    """The category of a health issue in notifications."""

    FEED_LOST = "feed_lost"
    DEGRADED = "degraded"


@attrs.frozen
class HealthIssue:
    """One thing that does not work."""

    subject: str
    """What it is about; stays the same while the words change."""
    text: str
    kind: IssueKind = IssueKind.DEGRADED
    poll: str = ""
    """The poll that fails, if it is one."""
    cause: str = ""
    """Why it fails; stands in the text too."""
