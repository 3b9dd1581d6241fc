"""Moments (UTC nanoseconds) in the spellings that the two services use.

For every writer of bodies and frames in the simulator; knows nothing else.
"""

from datetime import UTC, datetime
from functools import lru_cache

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
