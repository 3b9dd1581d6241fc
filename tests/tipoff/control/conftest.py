"""What the tests of the control socket share: a small engine with one game, a server, and a raw peer."""

import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from actors.addresses import JOURNAL, MARKET_FEED
from actors.fact_history import FactHistory
from actors.messages import Commit, Numbered, VenueInput
from actors.runtime import ActorStatus, Address, VirtualSystem
from engine.events import (
    BookDelta,
    BookSide,
    BookSnapshot,
    FeedConnected,
    GameSeen,
    MarketListed,
    MarketStatus,
    PriceRange,
    ScoreSeen,
    Side,
    TradePrinted,
    VenueEvent,
)
from engine.events import GamePhase as Phase
from engine.facts import RunStarted
from engine.message import changed
from engine.units import NANOS_PER_HOUR, NANOS_PER_SECOND, Count, Nanos, Price
from tipoff.config.load import Config, template
from tipoff.control.permissions import Level
from tipoff.control.ports import Hooks
from tipoff.control.server import ControlServer, serve_control
from tipoff.control.socket_settings import ControlSettings, Levels
from tipoff.explain.chain import JournaledFact
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import openings
from tipoff.wiring import Parts, tree

START = Nanos(1_795_217_400_000_000_000)
TICKER = "KXNBAGAME-26NOV20MEMPOR-POR"
GAME = "26NOV20MEMPOR"
FEED_SECONDS = 0.2
"""How long before the end of a wait the feed is heard again, so that its answers have come by then."""

ANSWER_SECONDS = 5
NAME = "mean_reversion"
ORDER: dict[str, object] = {
    "strategy": NAME,
    "ticker": TICKER,
    "side": "bid",
    "price": "0.52",
    "count": "10",
    "p_fair": 0.6,
}
"""An order by hand that the risk gate lets through."""


class Bench:
    """The whole tree on a virtual clock, with one game, `matched` or not, and a trusted book: an `Engine`."""

    def __init__(self, config: Config | None = None, *, charts: bool = False, matched: bool = True) -> None:
        self.settings = trading_settings(config or at_its_word(template(schema())), seed=1)
        self.memory = FactHistory()
        self.facts: list[Numbered] = []
        self.durable = True
        self.asked = 0
        self.open = True
        self.frames = 0
        parts = Parts(
            strategies=tuple((plan.name, plan.make) for plan in self.settings.strategies),
            limits=self.settings.limits,
            strategy_limits={},
            rules=self.settings.rules,
            seed=1,
            every_market=False,
            history=self.memory,
            cause=lambda: self.system.inputs,
            store=self.store,
            watched=True,
            keep_bars=(lambda _: None) if charts else None,
        )
        self.system = VirtualSystem(tree(parts), start_at=START, seed=1)
        self.system.start()
        self.put(JOURNAL, Commit("run", (RunStarted("bench", "0", "d", 1, START),)))
        for address, message in openings(self.settings):
            self.put(address, message)
        events = [event for event in opening() if matched or isinstance(event, MarketListed)]
        self.hand_in(FeedConnected(1, START), *events)
        self.hand_in(snapshot())

    def store(self, facts: tuple[Numbered, ...]) -> int:
        self.facts += facts
        return facts[-1].seq if self.durable else 0

    def put(self, address: Address, message: object) -> None:
        self.system.put(address, message)

    def hand_in(self, *events: VenueEvent) -> None:
        """Have events heard; the frames of the stream are numbered here, ours and those between."""
        self.put(MARKET_FEED, VenueInput(tuple(self._numbered(event) for event in events)))

    def _numbered(self, event: VenueEvent) -> VenueEvent:
        if not isinstance(event, BookSnapshot | BookDelta) or event.conn != 1:
            return event
        self.frames += 1
        return changed(event, seq=self.frames)

    def later(self, seconds: float) -> None:
        """Let virtual time pass, and the feed go on shortly before its end."""
        ends = self.system.now + round(seconds * NANOS_PER_SECOND)
        if seconds > FEED_SECONDS:
            self.system.advance(ends - round(FEED_SECONDS * NANOS_PER_SECOND))
            self.pass_feed()
        self.system.advance(ends)

    def pass_feed(self) -> None:
        """What the venue sends anyway: what came to it before is decided now.

        Far behind the best price a contract more is bid for, and a block is traded; while the venue stands
        still a hundredth is taken back, and nothing is traded.
        """
        now = Nanos(self.now)
        change = Count(100) if self.open else Count(-1)
        self.hand_in(BookDelta(TICKER, Side.YES, Price(1_000), change, 1, 1, 0, now, now))
        if self.open:
            self.hand_in(
                TradePrinted(
                    ticker=TICKER,
                    trade_id=f"block-{now}",
                    price=Price(5_000),
                    count=Count(100),
                    taker=BookSide.BID,
                    block=True,
                    at_venue=now,
                    at=now,
                )
            )

    def chain(self, name: str) -> list[JournaledFact]:
        """The facts whose text names an id: a stand-in for the journal's own look-up."""
        return [
            JournaledFact(seq=each.seq, at=each.fact.at, cause=each.cause, owner=each.owner, fact=each.fact)
            for each in self.facts
            if repr(name)[1:-1] in repr(each.fact)
        ]

    # What the server needs of an engine

    @property
    def now(self) -> int:
        return self.system.now

    @property
    def running(self) -> bool:
        return self.system.running

    @property
    def starting(self) -> bool:
        return self.system.starting

    async def ask(self, address: Address, message: object, timeout_ns: int, /) -> object:
        await trio.lowlevel.checkpoint()
        self.asked += 1
        return self.system.ask(address, message, timeout_ns)

    def status(self) -> tuple[ActorStatus, ...]:
        return self.system.status()

    def restart(self, address: Address, /) -> bool:
        return self.system.restart(address)

    def revive(self, address: Address, /) -> bool:
        return self.system.revive(address)


def opening() -> tuple[VenueEvent, ...]:
    """What the venues say of the game before anything happens."""
    tip = Nanos(START + NANOS_PER_HOUR)
    return (
        GameSeen("bdl:1", "2026-11-20", "MEM", "POR", tip, postponed=False, at=START),
        MarketListed(
            ticker=TICKER,
            event_ticker="KXNBAGAME-26NOV20MEMPOR",
            series="KXNBAGAME",
            title="Memphis at Portland",
            status=MarketStatus.ACTIVE,
            price_ranges=(PriceRange(Price(100), Price(9_900), Price(100)),),
            fee_type="quadratic",
            fee_multiplier="1",
            floor_strike=None,
            strike_type=None,
            open_at=START,
            close_at=Nanos(tip + 24 * NANOS_PER_HOUR),
            expected_expiration_at=Nanos(tip + 3 * NANOS_PER_HOUR),
            exchange_index=None,
            binary=True,
            at=START,
        ),
        ScoreSeen("bdl:1", "bdl", Phase.SCHEDULED, 0, None, 0, 0, START, START),
    )


def snapshot(bid: int = 5_000, ask: int = 5_200, seq: int = 1) -> BookSnapshot:
    """A book of 500 contracts on each side, prices in 1/10,000 dollar."""
    size = Count(50_000)
    return BookSnapshot(
        TICKER, ((Price(bid), size),), ((Price(10_000 - ask), size),), 1, 1, seq, START, START
    )


@attrs.define
class Wire:
    """A raw peer: sends bytes, reads frames."""

    stream: trio.SocketStream
    buffer: bytearray = attrs.field(factory=bytearray)
    ids: int = 0

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def drip(self, data: bytes, times: int, pause: float = 0.0) -> bool:
        """Send the same again and again; True if the other side closed the connection meanwhile."""
        try:
            for _ in range(times):
                await self.send(data)
                await trio.sleep(pause)
        except trio.BrokenResourceError:
            return True
        return False

    async def frame(self) -> dict[str, object] | None:
        """The next frame; None at the end."""
        with trio.fail_after(ANSWER_SECONDS * 1_000):
            while b"\n" not in self.buffer:
                try:
                    received = await self.stream.receive_some(65_536)
                except trio.BrokenResourceError:
                    return None
                if not received:
                    return None
                self.buffer += received
        line, _, rest = bytes(self.buffer).partition(b"\n")
        self.buffer[:] = rest
        read = json.loads(line)
        assert isinstance(read, dict)
        return read

    async def call(self, method: str, **params: object) -> dict[str, object]:
        """A request, and the whole frame that answers it."""
        self.ids += 1
        request = {"jsonrpc": "2.0", "id": self.ids, "method": method, "params": params}
        await self.send(json.dumps(request).encode() + b"\n")
        answer = await self.frame()
        assert answer is not None
        assert answer["id"] == self.ids
        return answer

    async def result(self, method: str, **params: object) -> object:
        """The result of a request that succeeds, which may come in parts."""
        answer = await self.call(method, **params)
        if "part" not in answer:
            assert "result" in answer, answer
            return answer["result"]
        texts = [str(answer["text"])]
        while len(texts) < int(str(answer["parts"])):
            part = await self.frame()
            assert part is not None
            assert (part["id"], part["part"]) == (self.ids, len(texts) + 1)
            texts.append(str(part["text"]))
        return json.loads("".join(texts))

    async def error(self, method: str, **params: object) -> str:
        """The word of the error of a request that fails."""
        return word_of(await self.call(method, **params))


def word_of(answer: dict[str, object] | None) -> str:
    """The word of an error frame."""
    assert answer is not None
    error = answer["error"]
    assert isinstance(error, dict)
    return str(error["data"]["name"])


@pytest.fixture
def word() -> Callable[[dict[str, object] | None], str]:
    return word_of


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name that other users can enter: a socket's path has little room."""
    made = Path(tempfile.mkdtemp(prefix="tp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "s"


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Bench:
    """As it usually is, or with what a test's parameters say."""
    return Bench(**getattr(request, "param", {}))


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    return Bench


@attrs.define
class Served:
    """A server, the engine behind it, and a way to connect."""

    server: ControlServer
    bench: Bench
    path: Path
    wires: list[Wire] = attrs.field(factory=list)

    async def connect(self) -> Wire:
        """Connect without waiting for the hello."""
        wire = Wire(await trio.open_unix_socket(str(self.path)))
        self.wires.append(wire)
        return wire

    def hang_up(self) -> None:
        """Close all peers."""
        for wire in self.wires:
            wire.stream.socket.close()

    async def greeted(self) -> Wire:
        """Connect and read the hello."""
        wire = await self.connect()
        hello = await wire.frame()
        assert hello is not None
        assert hello["method"] == "hello"
        return wire


Serve = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def serve(path: Path, bench: Bench) -> Serve:
    """Serve the bench; keyword arguments are settings, `hooks` what the daemon can do."""

    @asynccontextmanager
    async def serving(
        hooks: Hooks | None = None,
        **changes: Any,  # noqa: ANN401 - settings of several types
    ) -> AsyncIterator[Served]:
        own = Levels(of={os.geteuid(): Level.ADMIN})
        settings = attrs.evolve(ControlSettings(path=path, levels=own), **changes)
        async with trio.open_nursery() as nursery:

            async def run(task_status: trio.TaskStatus[ControlServer]) -> None:
                await serve_control(settings, bench, hooks, task_status=task_status)

            server = await nursery.start(run)
            at = Served(server, bench, path)
            try:
                yield at
            finally:
                at.hang_up()
                nursery.cancel_scope.cancel()

    return serving
