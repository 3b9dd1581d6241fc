"""JSON as types, and moments as its texts; used by everything that prints, answers or stores a document."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from engine.units import Nanos

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"


def utc_text(at: "Nanos") -> str:
    """A moment as ISO 8601 in UTC with microseconds."""
    # Every command loads this module, and the tables of units take longer to make than all else of it.
    from engine.units import NANOS_PER_SECOND

    moment = datetime.fromtimestamp(at // NANOS_PER_SECOND, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % NANOS_PER_SECOND // 1_000:06d}Z"
