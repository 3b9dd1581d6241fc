"""Replaying the recording of a live run: its own inputs (journal, commands) are played as they came.

Used by `tipoff.commands.replay` when the first line is the start of a live process. Facts count as durable
when the recording says so, as in the live engine; what was not durable when a process died is discarded, and
the next process resumes from what was. Runs on a virtual clock, with the same actors.
"""

from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from actors.addresses import JOURNAL, OPERATOR, RISK_GATE
from actors.messages import Commit, CommittedUpTo, Numbered, RunEnds, StorageFailed
from actors.runtime import Address
from engine.facts import Fact, RunEnded, RunStarted
from engine.quarantine import UnreadFact
from engine.units import Nanos
from tipoff.replay.batch_store import RunStore
from tipoff.replay.session import Past, VirtualSession
from tipoff.runs.market_records import MarketRecords
from tipoff.runs.recorded_inputs import (
    COMMAND,
    COMMITTED,
    ENDED,
    FAILED,
    JOURNAL_SOURCE,
    OPERATE,
    OPERATION_DONE,
    RESTART,
    STARTED,
    Started,
    read_operate,
    read_operation_done,
)
from tipoff.runs.settings import TradingSettings
from venues.errors import RecordingError
from venues.recordings.recorder import Line

SettingsOf = Callable[[str], TradingSettings]
"""The settings of the process that began with this digest of them."""

MakeRun = Callable[[TradingSettings, Nanos], RunStarted]


def is_live(line: Line) -> bool:
    """Whether this is the first line of a live recording (or of another process in it)."""
    return line.source == COMMAND and line.what == STARTED


class LiveReplay:
    """All processes of one recorded run, one after the other."""

    def __init__(
        self, settings_of: SettingsOf, store: RunStore, run: MakeRun, market_records: MarketRecords | None
    ) -> None:
        """`run` makes a process's first fact as of a moment; `store` gets what became durable."""
        self.session: VirtualSession
        self._settings_of = settings_of
        self._store = store
        self._run = run
        self._market_records = market_records
        self._held: deque[Numbered] = deque()
        self._durable: list[Fact] = []
        self._settled = 0

    def on_lines(self, lines: Iterable[Line]) -> None:
        """Work on lines one after the other."""
        for line in lines:
            self.on_line(line)

    def on_line(self, line: Line) -> None:
        """Work on one line."""
        if line.source == JOURNAL_SOURCE:
            self.session.frames += 1
            self._journal(line)
        elif line.source == COMMAND:
            self._command(line)
        else:
            self.session.on_line(line)

    def end(self, at: Nanos) -> None:
        """Let due timers fire; how the run ended is in the recording, if it ended."""
        self.session.system.advance(at)

    def _hold(self, facts: tuple[Numbered, ...]) -> int:
        self._held += facts
        return facts[-1].seq

    def _settle(self, seq: int) -> None:
        """Facts up to `seq` are durable."""
        facts: list[Numbered] = []
        while self._held and self._held[0].seq <= seq:
            numbered = self._held.popleft()
            if numbered.seq <= self._settled:
                # The journal had offered it again before it heard that it was durable.
                continue
            self._settled = numbered.seq
            facts.append(numbered)
            self._durable.append(numbered.fact)
        if facts:
            self._store(tuple(facts))

    def _journal(self, line: Line) -> None:
        put = self.session.system.put
        # What timers due by now decide had been decided before this was heard.
        self.session.system.advance(line.at)
        if line.what == FAILED:
            words = _words(line)
            # The journal will offer again what it had handed over: nothing of it is held twice.
            self._held.clear()
            put(JOURNAL, StorageFailed(words["kind"], words["detail"]), line.at)
            return
        if line.what not in (COMMITTED, ""):
            raise RecordingError(f"line {line.seq}: the journal says {line.what!r}, which we do not know")
        seq = int(line.body)
        self._settle(seq)
        put(JOURNAL, CommittedUpTo(seq), line.at)

    def _command(self, line: Line) -> None:
        if line.what == STARTED:
            self._start(line)
            return
        self.session.frames += 1
        system = self.session.system
        if line.what == ENDED:
            ended = RunEnded(self.session.run.run, line.body, Nanos(line.at))
            system.put(RISK_GATE, RunEnds(), line.at)
            system.put(JOURNAL, Commit("run", (ended,)), line.at)
            return
        system.advance(line.at)
        if line.what == OPERATE:
            system.post(OPERATOR, read_operate(line.body))
        elif line.what == OPERATION_DONE:
            system.post(OPERATOR, read_operation_done(line.body))
        elif line.what == RESTART:
            system.restart(Address(line.body))
        else:
            raise RecordingError(f"line {line.seq}: the command {line.what!r} is not known")

    def _start(self, line: Line) -> None:
        """A process began; its state is made of what was durable, as it was in the live run."""
        try:
            started = Started.read(line.body)
        except ValueError as error:
            raise RecordingError(f"line {line.seq}: not the beginning of a run ({error})") from error
        before = started.next_seq - 1
        # A kill can fall between a commit and the line that reports it: what the next process found stored
        # counts.
        self._settle(before)
        self._held.clear()
        if len(self._durable) != before:
            found = len(self._durable)
            raise RecordingError(
                f"line {line.seq}: the run goes on after entry {before}, but the recording gives {found}: "
                "it is not whole, or the configuration is another one"
            )
        frames, events = (self.session.frames, self.session.events) if self._durable else (0, 0)
        facts: list[Fact | UnreadFact] = [*self._durable]
        # What the live process could not read it did not live on, whatever it was.
        for unread in started.unread:
            facts[unread.seq - 1] = UnreadFact(unread.kind, unread.body, unread.subject, unread.why)
        past = Past(facts=tuple(facts), next_seq=started.next_seq, told=True)
        settings = self._settings_of(started.settings_digest)
        run = self._run(settings, Nanos(line.at))
        self.session = VirtualSession(settings, run, self._hold, self._market_records, past)
        self.session.frames, self.session.events = frames + 1, events


def _words(line: Line) -> dict[str, str]:
    try:
        return msgspec.json.decode(line.body, type=dict[str, str])
    except ValueError as error:
        raise RecordingError(f"line {line.seq}: {error}") from error
