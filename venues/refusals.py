"""What cannot be understood is refused: what may be raised by it, what it is counted under, where it stood.

Every translator reads with these, so that a refusal says the same whichever service it is about. A refusal
concerns the smallest thing that makes no sense: a field that can be missed, an item of a list, a market. Only
where the place is "" is the whole frame or body refused.
"""

from collections.abc import Iterable

import attrs
import msgspec

from engine.events import FeedRefused
from engine.units import Nanos, UnitError
from venues import timestamps

DETAIL_MAX = 200
"""Characters of a refused message that are kept for people."""

REFUSABLE = (msgspec.DecodeError, UnicodeError, RecursionError, ValueError)
"""Everything that the words of a stranger can raise while they are read (deep nesting is a RecursionError).
"""


class NotUnderstood(ValueError):
    """A decoded message that makes no sense; `kind` is what it is counted under."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


class OddShape(msgspec.ValidationError):
    """A piece of a body that has not the shape it should have; `place` is where it stands."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(why)
        self.place = place


@attrs.frozen
class Refused:
    """A piece of a body that was left out, such as `events[3].title`, and what was wrong with it."""

    place: str
    why: str
    kind: str = "wrong_shape"


def refusal_kind(error: Exception) -> str:
    """What a message that raised `error` is counted under."""
    match error:
        case NotUnderstood():
            return error.kind
        case UnitError():
            return "wrong_number"
        case timestamps.MomentError():
            return "wrong_moment"
        case msgspec.ValidationError():
            return "wrong_shape"
        case UnicodeError():
            return "wrong_encoding"
        case RecursionError():
            return "too_deep"
        case _:
            return "malformed"


def refusal(source: str, about: str, error: Exception, at: Nanos, place: str = "") -> FeedRefused:
    """The event that counts `error`; `about` is the endpoint or frame type it was met in."""
    odd = error.place if isinstance(error, OddShape) else ""
    words = ": ".join(word for word in (about, place, odd, str(error)) if word)
    return FeedRefused(source, refusal_kind(error), words[:DETAIL_MAX], at, place)


def pieces_refused(source: str, about: str, pieces: Iterable[Refused], at: Nanos) -> list[FeedRefused]:
    """The events that count what was left out of a body that was taken for the rest."""
    return [
        FeedRefused(source, each.kind, f"{about}: {each.place}: {each.why}"[:DETAIL_MAX], at, each.place)
        for each in pieces
    ]
