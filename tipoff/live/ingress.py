"""The only way into the live engine: every input is stamped, recorded, translated and put in, in that order.

Used by `tipoff.live.engine` and by the edges that it gives to venues' clients. What a line of the recording
says is what the actors heard, and at which moment, so a replay of the lines is a replay of the run. Runs on
trio's thread only.
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import attrs

from actors.addresses import JOURNAL, MARKET_FEED
from actors.messages import CommittedUpTo, StorageFailed, venue_input
from engine.events import VenueEvent
from tipoff.live.latency import Latency
from tipoff.live.stamped_system import StampedSystem
from tipoff.runs.recorded_inputs import COMMAND, COMMITTED, FAILED, JOURNAL_SOURCE, TICK, TIMER
from tipoff.sources.registry import translator
from venues.errors import RecordingError
from venues.recordings.line_kinds import KALSHI_STREAM
from venues.recordings.recorder import Line, Recorder

OnInput = Callable[[str, tuple[VenueEvent, ...]], None]
"""Is shown the body of every input and what it meant, to keep what is worth keeping."""

MEGABYTE = 1_048_576


@attrs.define
class IngressStatus:
    """What can be seen of the inputs: for `status` and the metrics. Moments are UTC nanoseconds."""

    lines: int = 0
    events: int = 0
    by_source: Counter[str] = attrs.field(factory=Counter)
    last_at: dict[str, int] = attrs.field(factory=dict)
    """When the last input of each source came."""
    not_recorded: str = ""
    """Why the recording has stopped; empty while it goes on."""


class Ingress:
    """Stamps, records, translates, puts in."""

    def __init__(self, recorder: Recorder | None, on_input: OnInput) -> None:
        """Without a recorder inputs are only numbered. No input may come before `attach`."""
        self.status = IngressStatus()
        self.latency = Latency()
        self.closed = False
        """Whether venues are not listened to any more."""
        self._system: StampedSystem
        self._recorder = recorder
        self._on_input = on_input
        self.listeners: list[Callable[[tuple[VenueEvent, ...]], None]] = []
        """Hear what every input meant, before the actors do; they decide nothing and must not raise."""
        self._translate = translator().translate
        self._seq = 0
        if recorder is None:
            self.status.not_recorded = "recording is switched off"

    def attach(self, system: StampedSystem) -> None:
        """Set the system that the inputs go to."""
        self._system = system

    @property
    def seq(self) -> int:
        """The number of the line that is being worked on: the cause of what is decided now."""
        return self._seq

    @property
    def busy_since(self) -> int | None:
        """When the work on the present input began, by the latency's clock."""
        return self._system.busy_since

    # Venues

    def stream(self, conn: int, what: str, text: str) -> tuple[int, tuple[VenueEvent, ...]]:
        """A frame of the stream, or that a connection came up or was lost."""
        return self._venue(KALSHI_STREAM, conn, what, text)

    def body_of(self, source: str) -> Callable[[str, str], tuple[VenueEvent, ...]]:
        """The callback for a REST client of `source`: takes a body, returns its events."""
        return lambda what, body: self._venue(source, 0, what, body)[1]

    def _venue(self, source: str, conn: int, what: str, body: str) -> tuple[int, tuple[VenueEvent, ...]]:
        if self.closed:
            return self._system.stamp(), ()
        self.latency.input_began()
        try:
            # Recorded before anybody parses it, so that a body on which the parser fails is there to
            # reproduce it.
            line = self._line(source, conn, what, body)
            events = self._translate(line)
            self.status.events += len(events)
            if events:
                self._on_input(body, events)
                for listener in self.listeners:
                    listener(events)
                # Run to completion before the next frame: with frames in batches of 64 an order met a book
                # that had moved on, and of 1,000 equal IOC orders 549 filled (measured; here all 1,000).
                self._system.put_at(line.at, MARKET_FEED, venue_input(events))
        finally:
            self.latency.input_done()
        return line.at, events

    # Ourselves

    def committed(self, seq: int) -> None:
        """The journal is durable up to `seq`."""
        # When a commit is heard depends on the disk; as a recorded input it is heard at the same place in a
        # replay.
        line = self._line(JOURNAL_SOURCE, 0, COMMITTED, str(seq))
        self._system.put_at(line.at, JOURNAL, CommittedUpTo(seq))

    def storage_failed(self, kind: str, detail: str, forget: Callable[[], None]) -> None:
        """The journal cannot be made durable. `forget` is called when the timers due by now have fired, so
        that what they decided is forgotten with the rest; a replay does the same.
        """
        line = self._line(JOURNAL_SOURCE, 0, FAILED, json.dumps({"kind": kind, "detail": detail}))
        # An empty operation at this stamp fires the timers due by it first, as `advance` does in a replay.
        with self._system.at(line.at), self._system.operation():
            pass
        forget()
        self._system.put_at(line.at, JOURNAL, StorageFailed(kind, detail))

    def command(self, what: str, body: str) -> int:
        """Write down that something is done by us or by an operator, before it is done; returns its stamp."""
        return self._line(COMMAND, 0, what, body).at

    def tick(self) -> None:
        """Write down that time has come so far, so that timers due by now fire in a replay too."""
        with self._system.at(self._line(TIMER, 0, TICK, "").at), self._system.operation():
            pass

    # The recording

    def flush(self) -> None:
        """Hand the lines so far to the system, so that no fact outlives the inputs that it follows from."""
        if self._recorder is not None:
            try:
                self._recorder.flush()
            except RecordingError as error:
                self._give_up(str(error))

    def require_space(self, megabytes_min: int) -> None:
        """Stop recording (not trading) when the disk has less free space than that."""
        recorder = self._recorder
        if recorder is not None and shutil.disk_usage(recorder.folder).free < megabytes_min * MEGABYTE:
            self._give_up(f"less than {megabytes_min} MB are free on the disk")

    def close(self) -> Path | None:
        """End the recording in good order; returns its folder if it is whole."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return None
        recorder.close()
        return recorder.folder

    def _line(self, source: str, conn: int, what: str, body: str) -> Line:
        at = self._system.stamp()
        self._seq += 1
        if self._recorder is not None:
            try:
                # A recorder that goes on with a folder goes on with its numbers, so its number is the
                # line's.
                self._seq = self._recorder.write(at, source, conn, what, body)
            except RecordingError as error:
                self._give_up(str(error))
        status = self.status
        status.lines += 1
        status.by_source[source] += 1
        status.last_at[source] = at
        return Line(at, self._seq, source, conn, what, body)

    def _give_up(self, why: str) -> None:
        """Trading goes on without a recording; what is there stays readable."""
        recorder, self._recorder = self._recorder, None
        self.status.not_recorded = why
        if recorder is not None:
            try:
                recorder.close()
            except RecordingError as error:
                self.status.not_recorded = f"{why}; {error}"
