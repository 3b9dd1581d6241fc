"""Something that a person may want to know.

Made by the rules, handed to the outbox, worded for its service by the bodies.
"""

import time
from typing import Final, Literal

import attrs

Level = Literal["info", "warning", "error"]

NUMBERS: Final = {"info": 0, "warning": 1, "error": 2}


@attrs.frozen
class Notice:
    """Notices of one kind about one subject repeat each other."""

    kind: str
    """feed_lost, halted, quarantined, filled, daily_summary …"""
    level: Level
    text: str
    subject: str = ""
    at: float = attrs.field(factory=time.time)
    """Seconds since 1970."""
