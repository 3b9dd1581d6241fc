"""What stands in the place of the engine for a client of a venue: keeps bodies, says what they mean."""

from collections.abc import Callable

from engine.events import VenueEvent
from tipoff.sources.registry import translator
from venues.recordings.segments import Line

OnBody = Callable[[str, str], tuple[VenueEvent, ...]]


def keeping(heard: list[tuple[str, str]], source: str, wall: Callable[[], int]) -> OnBody:
    """Keep what a client passes on, and parse it as the engine does, once."""
    translate = translator().translate

    def on_body(what: str, body: str) -> tuple[VenueEvent, ...]:
        heard.append((what, body))
        return translate(Line(wall(), len(heard), source, 0, what, body))

    return on_body
