"""Moments (UTC nanoseconds) in the spellings that the two services use.

For every writer of bodies and frames in the simulator; knows nothing else.
"""

from datetime import UTC, datetime
from functools import lru_cache

from venues.simulator.world.game import Game
from venues.simulator.world.settings import SECOND


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def kalshi_time(at: int) -> str:
    """Microseconds without trailing zeros, such as 2026-08-07T06:46:40.46991Z; none at a full second."""
    seconds, rest = divmod(at, SECOND)
    micros = rest // 1000
    if not micros:
        return f"{_second(seconds)}Z"
    return f"{_second(seconds)}.{micros:06d}".rstrip("0") + "Z"


def whole_second(at: int) -> str:
    """Seconds only, such as 2026-11-20T19:00:00Z."""
    return f"{_second(at // SECOND)}Z"


def bdl_time(at: int) -> str:
    """Always milliseconds, such as 2026-10-04T14:48:01.481Z."""
    seconds, rest = divmod(at, SECOND)
    return f"{_second(seconds)}.{rest // 1_000_000:03d}Z"


def status_text(game: Game) -> str:
    """An ISO time before the game, words afterwards."""
    if game.postponed:
        return "Postponed"
    return game.shown.status or whole_second(game.listing.tip_at)


def clock_text(game: Game) -> str | None:
    """The game clock; "Final" when it is over and null before it begins."""
    moment = game.shown
    if moment.status == "Final":
        return "Final"
    if moment.period == 0:
        return None
    return f"{moment.clock // 60}:{moment.clock % 60:02d}"
