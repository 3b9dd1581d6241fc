"""When a score could be known: the scorer writes a play down, and whoever polls a service hears of it later.

Used by `tipoff import` for files that carry the scorer's clock, and by `tipoff replay` where such rows are to
be heard at another time. A delay is drawn from a seed and the row itself, so the same seed gives the same
moments; a service tells the plays of a game in their order, so none is known before the one before it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, Protocol, TypeVar

import msgspec

from engine.latency import Delay
from engine.units import NANOS_PER_SECOND, Nanos
from venues import timestamps
from venues.errors import ImportFailed

STAMPED: Final = "nba-states"
"""The kind of rows that say when the scorer entered a play, and not when anybody could hear of it."""

SECONDS_MAX: Final = 600
"""A score that comes later than after ten minutes is another question than how late scores come."""

AS_ENTERED: Final = "0"
"""Nobody hears of a play sooner; to trade on it is to sit beside the scorer."""

ASSUMED: Final = "10:20:40"
"""What is assumed where nobody measured it, in seconds: the fast end, the median and the slow end.

A box score that is polled every ten seconds is five old on the average, before the service's own delay. No
body of a running game could be had to measure that, so it is an assumption and is called one.
"""

_SHARES: Final = (50, 500, 950)
_SECONDS: Final = re.compile(r"\d{1,3}(\.\d{1,3})?")


class Timed(Protocol):
    """A line of a recording, written or to be written."""

    @property
    def at(self) -> int:
        """When it is heard (UTC ns)."""

    @property
    def what(self) -> str:
        """The kind of its row."""

    @property
    def body(self) -> str:
        """The row and its game."""


class StampedRow(msgspec.Struct, frozen=True):
    """The scorer's moment, as the file wrote it."""

    timestamp: str


class StampedBody(msgspec.Struct, frozen=True):
    """The part of a row of plays that a delay is drawn for."""

    game: str
    row: StampedRow


AnyTimed = TypeVar("AnyTimed", bound=Timed)
_BODY: Final = msgspec.json.Decoder(StampedBody)


def parse_delay(text: str) -> Delay:
    """Read seconds: `30` is a constant, `10:20:40` the fast end (5 of 100), the median and the slow end.

    Raises ImportFailed.
    """
    parts = text.split(":")
    if len(parts) not in (1, 3) or not all(_SECONDS.fullmatch(part) for part in parts):
        raise ImportFailed(f"{text!r} is no delay of scores: give seconds, or FAST:MEDIAN:SLOW in seconds")
    seconds = [float(part) for part in parts]
    if max(seconds) > SECONDS_MAX or seconds != sorted(seconds):
        raise ImportFailed(f"{text!r} is no delay of scores: it rises, to {SECONDS_MAX} seconds at most")
    times = [Nanos(round(each * NANOS_PER_SECOND)) for each in seconds]
    return Delay(((0, times[0]),) if len(times) == 1 else tuple(zip(_SHARES, times, strict=True)))


def known_at(lines: Iterable[AnyTimed], delay: Delay, seed: int) -> Iterator[tuple[AnyTimed, int]]:
    """Every line with the moment at which it could be known; only rows of the scorer's clock get another.

    The plays of each game come in the scorer's order.
    """
    before: dict[str, int] = {}
    for line in lines:
        if line.what != STAMPED:
            yield line, line.at
            continue
        body = _BODY.decode(line.body)
        entered_at = timestamps.from_text(body.row.timestamp)
        at = entered_at + delay.draw(seed, "score", line.body)
        before[body.game] = max(before.get(body.game, 0), at)
        yield line, before[body.game]
