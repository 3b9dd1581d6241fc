"""When the lines of imported recordings could be known, and the same lines with another delay of scores.

Used by `tipoff replay`. Lines that were heard live are what they are; only plays with the scorer's moment can
be heard at another time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from pathlib import Path

import msgspec

from venues.errors import RecordingError
from venues.importers.evening import known_word
from venues.importers.score_delay import STAMPED, known_at, parse_delay
from venues.recordings.recorder import Line, read_manifest

PREFIX = "recording.known."
"""What stands before a kind of row in a run's configuration."""


def known_of(recordings: Iterable[Path], score_delay: str | None) -> dict[str, str]:
    """By kind of row: whether its moments are real, delayed or assumed. Empty for what was heard live.

    Raises RecordingError where there is no recording, or a delay is asked for and no row can have one.
    """
    found: dict[str, list[str]] = {}
    for folder in recordings:
        for kind, word in read_manifest(folder).known.items():
            found.setdefault(kind, []).append(word)
    known = {kind: " and ".join(dict.fromkeys(words)) for kind, words in sorted(found.items())}
    if score_delay is None:
        return known
    if STAMPED not in known:
        raise RecordingError(
            f"no scores with the scorer's clock ({STAMPED}) in this recording: what was polled was heard "
            "when it was polled; leave --score-delay out"
        )
    return known | {STAMPED: known_word(STAMPED, score_delay)}


def as_keys(known: Mapping[str, str]) -> dict[str, str]:
    """The same by the keys of a run's configuration, so that a comparison of runs names the difference."""
    return {f"{PREFIX}{kind}": word for kind, word in known.items()}


def known_in(configuration: str | None) -> dict[str, str]:
    """What `as_keys` put into a run's configuration; nothing where a run has none on record."""
    keys: dict[str, object] = json.loads(configuration or "{}")
    return {key.removeprefix(PREFIX): str(word) for key, word in keys.items() if key.startswith(PREFIX)}


def heard_later(batches: Iterable[list[Line]], score_delay: str, seed: int) -> Iterator[list[Line]]:
    """All lines in the order in which they are heard with another delay, numbered anew, as one batch.

    Raises ImportFailed for a delay that is none.
    """
    lines = (line for batch in batches for line in batch)
    moved = [
        msgspec.structs.replace(line, at=at) for line, at in known_at(lines, parse_delay(score_delay), seed)
    ]
    moved.sort(key=attrgetter("at"))
    yield [msgspec.structs.replace(line, seq=number) for number, line in enumerate(moved, start=1)]
