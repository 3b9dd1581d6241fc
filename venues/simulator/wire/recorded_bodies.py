"""The REST bodies of a recording, found again by what was asked and when.

Used by both simulated REST services when they serve a recording instead of an evening.
"""

from bisect import bisect_right
from collections.abc import Iterable
from urllib.parse import parse_qsl

import attrs

from venues.recordings.line_kinds import OLDER, split_what
from venues.recordings.segments import Line
from venues.simulator.wire.http import Answer, Request

Question = tuple[str, str, tuple[tuple[str, str], ...]]
"""Source, path below the interface's root, and the query in alphabetical order."""


@attrs.define
class RecordedBodies:
    """What was answered to each question, oldest first."""

    answers: dict[Question, list[tuple[int, Answer]]] = attrs.field(factory=dict)

    @classmethod
    def of(cls, lines: Iterable[Line]) -> "RecordedBodies":
        """Collect the bodies among the lines of a recording."""
        bodies = cls()
        for line in lines:
            if line.source in {"kalshi.rest", "balldontlie"}:
                bodies.add(line)
        return bodies

    def add(self, line: Line) -> None:
        """One more body."""
        why, target = split_what(line.what)
        status = int(why.removeprefix("http_")) if why not in {None, OLDER} and why else 200
        path, _, query = target.partition("?")
        question = line.source, path, tuple(sorted(parse_qsl(query, keep_blank_values=True)))
        answer = Answer(status, line.body.encode())
        self.answers.setdefault(question, []).append((line.at, answer))

    def answer(self, source: str, path: str, request: Request, now: int) -> Answer | None:
        """The newest answer by `now` (UTC ns), the first if all are later, None if it was never asked."""
        known = self.answers.get((source, path, tuple(sorted(request.query))))
        if known is None:
            return None
        place = bisect_right([at for at, _ in known], now)
        return known[max(0, place - 1)][1]
