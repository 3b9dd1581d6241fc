"""What the daemon said last, kept once and handed to every browser that looks; pure.

Fed by `daemon_link` from one connection, read by `event_stream` for each browser. Rows stay the text that
they came as: nothing is decoded that only passes through. A browser that does not read costs
`WAITING_BYTES_MAX` at most: beyond that its events are thrown away, and when it reads again it gets the whole
anew.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import attrs
import msgspec

from tipoff.control.registry import METHODS

WAITING_BYTES_MAX: Final = 1_000_000
"""Events that wait for one browser."""

VIEWERS_MAX: Final = 64
"""Browsers at a time; another one is refused."""

FACTS_MAX: Final = 1_000
"""Facts in words that are kept for browsers that come later."""

TOPICS: Final = next(param.choices for param in METHODS["watch"].params if param.name == "topics")
"""What can be watched, as the daemon names it."""

JOURNAL: Final = "journal"


class Changed(msgspec.Struct):
    """The parameters of the daemon's `watch.snapshot` and `watch.diff`."""

    topic: str
    version: int
    rows: dict[str, msgspec.Raw]


class Facts(msgspec.Struct):
    """What is read of the parameters of `watch.facts`."""

    to: int
    facts: list[msgspec.Raw]


class TooManyViewers(Exception):
    """`VIEWERS_MAX` look already."""


def event(name: str, data: bytes) -> bytes:
    """One server-sent event; `data` is JSON on one line."""
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


@attrs.define
class _Topic:
    """The rows of a topic, as text, and the event that shows them all."""

    version: int = 0
    rows: dict[str, bytes] = attrs.field(factory=dict)
    snapshot: bytes | None = None


@attrs.define(eq=False)
class Viewer:
    """One browser: what waits for it. `wake` is called when something does."""

    topics: frozenset[str]
    wake: Callable[[], None]
    waiting: deque[bytes] = attrs.field(factory=deque)
    waiting_bytes: int = 0
    behind: bool = True
    """Whether it gets the whole next, and no change before that."""
    conflated: int = 0
    """How often its events were thrown away because it did not read."""

    def put(self, made: bytes) -> None:
        """Let an event wait, unless so many do already that the whole is cheaper."""
        if self.behind:
            return
        if self.waiting_bytes + len(made) > WAITING_BYTES_MAX:
            self.forget()
            self.conflated += 1
            return
        self.waiting.append(made)
        self.waiting_bytes += len(made)

    def forget(self) -> None:
        """Throw away what waits: the whole comes instead."""
        self.waiting.clear()
        self.waiting_bytes = 0
        self.behind = True


class Hub:
    """A copy of the daemon's tables, and whoever looks at it."""

    def __init__(self) -> None:
        """Nothing is known, and the daemon is not there yet."""
        self.viewers: list[Viewer] = []
        self.closed = False
        self.run: str | None = None
        self._topics: dict[str, _Topic] = {}
        self._facts: deque[bytes] = deque(maxlen=FACTS_MAX)
        self._last_fact = 0
        self._link = b'{"up":false,"why":"the daemon has not answered yet"}'

    # -- from the daemon

    def snapshot(self, params: msgspec.Raw) -> None:
        """The whole of a topic. Raises msgspec.DecodeError (as below) if it is none."""
        changed = msgspec.json.decode(params, type=Changed)
        kept = {key: bytes(row) for key, row in changed.rows.items()}
        self._topics[changed.topic] = _Topic(changed.version, kept)
        self._tell(changed.topic, event("snapshot", bytes(params)))

    def diff(self, params: msgspec.Raw) -> None:
        """Rows that changed; one that is null is gone."""
        changed = msgspec.json.decode(params, type=Changed)
        topic = self._topics.setdefault(changed.topic, _Topic())
        topic.version, topic.snapshot = changed.version, None
        for key, row in changed.rows.items():
            if bytes(row) == b"null":
                topic.rows.pop(key, None)
            else:
                topic.rows[key] = bytes(row)
        self._tell(changed.topic, event("diff", bytes(params)))

    def facts(self, params: msgspec.Raw) -> None:
        """Facts in words, in their order."""
        heard = msgspec.json.decode(params, type=Facts)
        self._facts.extend(map(bytes, heard.facts))
        self._last_fact = heard.to
        self._tell(JOURNAL, event("facts", bytes(params)))

    def link(self, *, up: bool, why: str) -> None:
        """The daemon came, or went for this reason."""
        self._link = msgspec.json.encode({"up": up, "why": why})
        self._tell(None, event("link", self._link))

    def begin(self, run: str | None) -> int:
        """The run that the daemon is at; returns the last fact that is known of it, 0 for none."""
        if run != self.run:
            self.run, self._last_fact = run, 0
            self._facts.clear()
            for viewer in self.viewers:
                viewer.forget()
        return self._last_fact

    def close(self, why: str) -> None:
        """Nothing more will come; every browser hears why, and is let go."""
        self.closed = True
        self._tell(None, event("bye", msgspec.json.encode({"reason": why})))

    def _tell(self, topic: str | None, made: bytes) -> None:
        for viewer in self.viewers:
            if topic is None or topic in viewer.topics:
                viewer.put(made)
            viewer.wake()

    # -- for browsers

    def join(self, topics: Iterable[str], wake: Callable[[], None]) -> Viewer:
        """Another browser. Raises TooManyViewers."""
        if len(self.viewers) >= VIEWERS_MAX:
            raise TooManyViewers
        viewer = Viewer(frozenset(topics), wake)
        self.viewers.append(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """It went."""
        self.viewers.remove(viewer)

    def take(self, viewer: Viewer) -> bytes:
        """All that waits for it; empty if nothing does."""
        if viewer.behind:
            viewer.behind = False
            return b"".join(self._whole(viewer.topics))
        made = b"".join(viewer.waiting)
        viewer.waiting.clear()
        viewer.waiting_bytes = 0
        return made

    def rows(self, topic: str) -> Mapping[str, bytes]:
        """The rows of a topic, as JSON."""
        return self._topics[topic].rows if topic in self._topics else {}

    def _whole(self, topics: frozenset[str]) -> Iterable[bytes]:
        yield event("link", self._link)
        for name in TOPICS:
            topic = self._topics.get(name)
            if topic is None or name not in topics:
                continue
            if topic.snapshot is None:
                topic.snapshot = event("snapshot", _document(name, topic))
            yield topic.snapshot
        if JOURNAL in topics and self._facts:
            yield event("facts", b'{"whole":true,"facts":[' + b",".join(self._facts) + b"]}")
        if self.closed:
            yield event("bye", b'{"reason":"the dashboard ends"}')


def _document(name: str, topic: _Topic) -> bytes:
    rows = b",".join(msgspec.json.encode(key) + b":" + row for key, row in topic.rows.items())
    head = f'{{"topic":"{name}","version":{topic.version},"rows":{{'
    return head.encode() + rows + b"}}"
