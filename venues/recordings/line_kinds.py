"""The vocabulary of recorded lines: names of sources, and values of `what`.

Used by whoever writes lines (the live connections, the importers) and by the translator, which reads them.
"""

KALSHI_STREAM = "kalshi.ws"
KALSHI_REST = "kalshi.rest"
BALLDONTLIE = "balldontlie"
IMPORT = "import"

CONNECTED = "connected"
"""`what` of the line that says that a connection to the stream is up; its body is empty."""

LOST = "lost"
"""`what` of the line that says that a connection ended; its body is `{"reason": …}`."""

CONNECTION = frozenset({CONNECTED, LOST})

OURS = frozenset({"timer", "command", "journal"})
"""Sources whose lines are the engine's own inputs, not a venue's."""


OLDER = "older"
"""Stands before the target of a body that is older than one we have had."""


def what_of(status: int, target: str) -> str:
    """The `what` of a recorded body: what was asked, and the status in front of it where it was not 200."""
    return target if status == 200 else f"{status} {target}"


def split_what(what: str) -> tuple[str | None, str]:
    """The other way round: what was asked, and why the body is no news (`http_503`, `older`), None if it
    is.
    """
    word, blank, target = what.partition(" ")
    if blank and len(word) == 3 and word.isdecimal():
        return f"http_{word}", target
    return (OLDER, target) if blank and word == OLDER else (None, what)
