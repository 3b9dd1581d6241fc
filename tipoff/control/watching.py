"""The method `watch`: one sampler for all watchers, and a task for each that sends it what it does not know.

Used by the server. Nothing is sampled while nobody watches. What a watcher was told is a version of each
topic; one that does not read is told nothing, and when it reads again, everything that changed meanwhile at
once: there is no queue.
"""

import logging
from collections.abc import Mapping
from typing import Final

import attrs
import trio

from actors.addresses import OBSERVER
from actors.read_model.changed_rows import KEYS, Changes, ChangesWanted, TableChanges
from tipoff.control.context import Call, CallContext
from tipoff.control.endpoint import Endpoint, by_name
from tipoff.control.parameters import Params
from tipoff.control.protocol import ErrorCode, Fault, error_frame
from tipoff.control.queries import actor_tree, overview
from tipoff.control.queries.watch import HZ_MAX, JOURNAL, watching_of
from tipoff.control.watched import TOPICS, FactLog, Fresh, WatchedTable, bye

WATCHERS_MAX: Final = 24
"""So many connections may watch at a time; fewer than there are connections, so that one can still ask."""

UNREAD_SECONDS_MAX: Final = 600.0
"""A watcher that reads nothing for so long is dropped."""

SAMPLE_SECONDS: Final = 1 / HZ_MAX
OWN_SECONDS: Final = 1.0
"""Status and actors change with every input, so they are looked at as often as people read; at once where
something is halted or resumed.
"""

EVERY: Final[Mapping[str, int]] = {"games": 2, "positions": 2, "strategies": 5, "pnl": 5}
"""Tables without versions are made and compared whole, so only so many-th sample looks at them: a score is
told within a fifth of a second, money within a half.
"""

APART_SECONDS: Final = SAMPLE_SECONDS / 2 / WATCHERS_MAX
"""So much later each further watcher is told of a sample: the last one half a sample late."""

BYE_SECONDS: Final = 0.2
"""So long a watcher is given to hear that it is over."""

OWN: Final[Mapping[str, Endpoint]] = {
    name: endpoint
    for name, endpoint in by_name((*overview.ENDPOINTS, *actor_tree.ENDPOINTS)).items()
    if name in TOPICS
}
"""The topics that are no tables of the observer, and what answers them."""

ENDS: Final = (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError)
"""How a stream says that its peer is gone, or does not read."""

log = logging.getLogger("tipoff.control")


@attrs.define(eq=False)
class Watcher:
    """One connection that watches, and what it knows."""

    topics: tuple[str, ...]
    seconds: float
    """The shortest time between two times that it is told something."""
    told: dict[str, int]
    """The version of each topic that it knows; a topic of which it knows nothing is not there."""
    seq: int | None
    """The number of the last fact that it knows; None is the newest one when it is first told something."""
    place: int = 0
    """Its place among the watchers, from 0: they are told one after another and not all in one go."""
    told_at: float = float("-inf")
    in_frame: bool = False
    """Whether a frame was begun and has not ended."""
    spoke: bool = False
    """Whether the peer said something after it had asked to watch."""


class Hub:
    """All watchers of a server, and what they are told."""

    def __init__(self, context: CallContext) -> None:
        """Nobody watches yet."""
        self.samples = 0
        self._context = context
        self._watchers: dict[object, Watcher] = {}
        self._tables: dict[str, WatchedTable] = {}
        self._facts: FactLog | None = None
        self._own_at = float("-inf")
        self._own_halted: tuple[str, ...] = ()
        self._over = ""
        self._came = trio.Event()
        self._sampled = trio.Event()
        self._shared: dict[tuple[tuple[str, int | None], ...], bytes] = {}

    def __len__(self) -> int:
        return len(self._watchers)

    def admit(self, connection: object, params: Params) -> None:
        """Let a connection watch. Raises Fault if too many do."""
        if len(self._watchers) >= WATCHERS_MAX:
            raise Fault(ErrorCode.BUSY, f"{WATCHERS_MAX} connections watch already")
        wanted, since = watching_of(params), params.whole("since", -1)
        taken = {watcher.place for watcher in self._watchers.values()}
        self._watchers[connection] = Watcher(
            wanted.topics,
            1 / wanted.hz,
            told={},
            seq=None if since < 0 else since,
            place=next(place for place in range(WATCHERS_MAX) if place not in taken),
        )
        self._came.set()

    def leave(self, connection: object) -> None:
        """A connection has ended, whether it watched or not."""
        self._watchers.pop(connection, None)

    # -- the sampler

    async def run(self) -> None:
        """Sample for as long as somebody watches, for ever."""
        while True:
            if not self._watchers:
                self._forget()
                self._came = trio.Event()
                await self._came.wait()
            begun = trio.current_time()
            await self._sample_or_end()
            self._sampled.set()
            self._sampled = trio.Event()
            await trio.sleep_until(begun + SAMPLE_SECONDS)

    def _forget(self) -> None:
        """Nobody watches: keep nothing. The next watcher begins anew."""
        self._tables, self._facts = {}, None
        self._own_at, self._over = float("-inf"), ""
        self._shared.clear()

    async def _sample_or_end(self) -> None:
        phase = self._context.phase()
        if phase != "running":
            self._over = f"the daemon is {phase}"
            return
        try:
            await self._sample()
        except Fault as fault:
            # What is known stays; the next sample may succeed, for actors are restarted.
            log.debug("no sample for the watchers: %s", fault)
        except Exception as error:
            log.exception("sampling for the watchers failed")
            self._over = f"a fault of the daemon: {type(error).__name__}: {error}"

    async def _sample(self) -> None:
        wanted = {topic for watcher in self._watchers.values() for topic in watcher.topics}
        # A topic that nobody watches any more is forgotten, as is a journal.
        self._tables = {
            topic: self._tables.get(topic) or WatchedTable(topic) for topic in TOPICS if topic in wanted
        }
        if JOURNAL not in wanted:
            self._facts = None
        elif self._facts is None:
            self._facts = FactLog()
        facts = self._facts
        since = {
            topic: table.cursor
            for topic, table in self._tables.items()
            if topic in KEYS and (not table.known or self.samples % EVERY.get(topic, 1) == 0)
        }
        seen = await self._context.ask(
            OBSERVER, ChangesWanted(since, None if facts is None else facts.last or 0)
        )
        assert isinstance(seen, Changes)  # noqa: S101 - that is what it answers
        await trio.lowlevel.checkpoint()
        fresh = {topic: await self._tables[topic].fresh(changes) for topic, changes in seen.tables.items()}
        fresh.update(await self._own(seen.halted))
        # All at once and at the end, so that nobody is told of half a moment.
        for topic, rows in fresh.items():
            self._tables[topic].take(rows)
        if facts is not None:
            facts.take(seen.facts, seen.seq)
        self._shared.clear()
        self.samples += 1

    async def _own(self, halted: tuple[str, ...]) -> dict[str, Fresh]:
        now = trio.current_time()
        missing = any(topic in self._tables and not self._tables[topic].known for topic in OWN)
        if not missing and now - self._own_at < OWN_SECONDS and halted == self._own_halted:
            return {}
        self._own_at, self._own_halted = now, halted
        found: dict[str, Fresh] = {}
        for topic, endpoint in OWN.items():
            if topic in self._tables:
                call = Call(method=endpoint.method, params=Params({}), uid=-1, request_id="")
                answer = await endpoint.handler(self._context, call)
                lines = answer if isinstance(answer, tuple) else (answer,)
                rows = {TOPICS[topic].key(line): line for line in lines}
                found[topic] = await self._tables[topic].fresh(TableChanges(rows, whole=True))
                # These cost the most: the engine's inputs need not wait for both.
                await trio.lowlevel.checkpoint()
        return found

    # -- one watcher

    async def serve(self, connection: object, stream: trio.SocketStream) -> None:
        """Tell an admitted connection what it does not know, until it or the daemon ends."""
        watcher = self._watchers[connection]
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_hear, stream, watcher, nursery.cancel_scope)
                await self._tell(watcher, stream)
                nursery.cancel_scope.cancel()
        finally:
            await _say_last(stream, watcher, self._over or "the daemon stops")

    async def _tell(self, watcher: Watcher, stream: trio.SocketStream) -> None:
        while not self._over:
            told = self._news(watcher)
            if told:
                watcher.in_frame = True
                try:
                    with trio.fail_after(UNREAD_SECONDS_MAX):
                        await stream.send_all(told)
                except ENDS:
                    log.debug("a watcher went away, or did not read")
                    return
                watcher.in_frame = False
            if not self._is_behind(watcher):
                await self._turn(watcher)

    async def _turn(self, watcher: Watcher) -> None:
        """Wait for a sample of which the watcher may be told."""
        while True:
            await self._sampled.wait()
            now = trio.current_time()
            # Half a sample early is nearer to the wish than half a sample late.
            if self._over or now - watcher.told_at >= watcher.seconds - SAMPLE_SECONDS / 2:
                watcher.told_at = now
                # Twenty in one go would keep the engine's inputs waiting for all twenty.
                await trio.sleep(watcher.place * APART_SECONDS)
                return

    def _news(self, watcher: Watcher) -> bytes:
        """Everything that the watcher does not know yet; afterwards it knows it."""
        news: list[tuple[str, int | None]] = []
        for topic in watcher.topics:
            table = self._tables.get(topic)
            if table is None or not table.known:
                continue
            known = watcher.told.get(topic)
            if known != table.version:
                news.append((topic, known))
                watcher.told[topic] = table.version
        shared = tuple(news)
        frames = self._shared.get(shared)
        if frames is None:
            # Watchers that go in step, and nearly all do, share one text.
            frames = b"".join(self._tables[topic].frame(known) for topic, known in shared)
            self._shared[shared] = frames
        facts = self._facts_for(watcher)
        return frames + facts if facts else frames

    def _facts_for(self, watcher: Watcher) -> bytes:
        facts = self._facts
        if facts is None or facts.last is None or JOURNAL not in watcher.topics:
            return b""
        if watcher.seq is None:
            watcher.seq = facts.last
        elif watcher.seq > facts.last:
            # A number beyond the last one is of another run, and nothing of this one was told.
            watcher.seq = 0
        found = facts.after(watcher.seq) if watcher.seq < facts.last else None
        if found is None:
            return b""
        frame, watcher.seq = found
        return frame

    def _is_behind(self, watcher: Watcher) -> bool:
        """Whether more facts can be told at once than fit a frame."""
        facts = self._facts
        return (
            facts is not None
            and facts.last is not None
            and watcher.seq is not None
            and JOURNAL in watcher.topics
            and watcher.seq < facts.last_kept
        )


async def _hear(stream: trio.SocketStream, watcher: Watcher, scope: trio.CancelScope) -> None:
    """Wait until the peer closes, or says something, which is not for it to do."""
    try:
        watcher.spoke = bool(await stream.receive_some(1))
    except ENDS:
        log.debug("a watcher went away")
    scope.cancel()


async def _say_last(stream: trio.SocketStream, watcher: Watcher, reason: str) -> None:
    # Half a frame before it would make it no frame at all.
    if watcher.in_frame:
        return
    fault = Fault(ErrorCode.INVALID_REQUEST, "a connection that watches takes no further requests")
    with trio.CancelScope(shield=True), trio.move_on_after(BYE_SECONDS):
        try:
            await stream.send_all(error_frame(None, fault) if watcher.spoke else bye(reason))
        except ENDS:
            log.debug("a watcher did not hear the end")
