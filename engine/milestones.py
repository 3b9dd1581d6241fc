"""The venue's own record of a game: which of its events hang on it, and under which name its scores come.

Part of `engine.events.VenueEvent`, which is where everybody finds it.
"""

from engine.message import message
from engine.units import Nanos

KALSHI = "kalshi"
"""The source of the scores that such a record brings."""


def reference_of(milestone: str) -> str:
    """The reference of a record's scores."""
    return f"{KALSHI}:{milestone}"


@message
class MilestoneSeen:
    """A record and the tickers of its events; `reference` is that of its scores."""

    reference: str
    events: tuple[str, ...]
    at: Nanos
