"""A replica of what is watched, folded from the notifications of `watch`: for whoever shows tables."""

from collections.abc import Mapping
from typing import Any, Final

from tipoff.json_types import Json

FACTS_MAX: Final = 1_000
"""So many of the newest facts are kept."""


class Replica:
    """The tables by topic and key, the newest facts, and why it is over."""

    def __init__(self) -> None:
        """Nothing has been told yet."""
        self.tables: dict[str, dict[str, Json]] = {}
        self.facts: list[Mapping[str, Any]] = []
        self.seq = 0
        """The number of the last fact: what to name as `since` when asking again."""
        self.missed = 0
        """So many facts were never told."""
        self.over: str | None = None

    def apply(self, notification: Mapping[str, Any]) -> None:
        """Take in one notification; one of a kind that is not known is passed over."""
        params = notification.get("params", {})
        match notification.get("method"):
            case "watch.snapshot":
                self.tables[params["topic"]] = dict(params["rows"])
            case "watch.diff":
                table = self.tables[params["topic"]]
                for key, row in params["rows"].items():
                    if row is None:
                        table.pop(key, None)
                    else:
                        table[key] = row
            case "watch.facts":
                self.facts = [*self.facts, *params["facts"]][-FACTS_MAX:]
                self.seq, self.missed = params["to"], self.missed + params.get("missed", 0)
            case "watch.bye":
                self.over = str(params["reason"])
            case _:
                pass
