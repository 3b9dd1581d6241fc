"""JSON as types, and moments as its texts; used by everything that prints, answers or stores a document."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from engine.units import Nanos

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"


def utc_text(at: "Nanos") -> str:
    """A moment as ISO 8601 in UTC with microseconds."""
    second, rest = divmod(at, 1_000_000_000)
    return f"{_second_text(second)}.{rest // 1_000:06d}Z"


def utc_nanos(text: str) -> int:
    """The moment of an ISO 8601 text in nanoseconds since 1970, UTC unless it says otherwise.

    Raises ValueError.
    """
    read = datetime.fromisoformat(text)
    past = (read if read.tzinfo is not None else read.replace(tzinfo=UTC)) - _EPOCH
    return (past.days * 86_400 + past.seconds) * 1_000_000_000 + past.microseconds * 1_000


@lru_cache(maxsize=4_096)
def _second_text(second: int) -> str:
    # Rows that are told many times a second bear few different seconds.
    return datetime.fromtimestamp(second, tz=UTC).isoformat()[:19]
