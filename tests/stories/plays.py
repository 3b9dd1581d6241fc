"""Playing a small evening through the whole tree: what the stories of this folder are made of."""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator

import attrs

from actors.messages import Numbered
from engine.events import BookDelta, BookSnapshot, Side
from engine.facts import LedgerPosted
from engine.risk import RiskLimits
from engine.strategies.parameters import Plain
from engine.strategies.scripted import Scripted, ScriptedParameters
from engine.strategies.strategy import StrategyContext
from engine.units import (
    COUNT_ONE,
    MONEY_ONE,
    NANOS_PER_MILLISECOND,
    NANOS_PER_SECOND,
    Count,
    Money,
    Nanos,
    Price,
)
from persistence.codec import encode
from tipoff.commands.replay import run_started
from tipoff.replay.batch_store import RunStore
from tipoff.replay.session import VirtualSession
from tipoff.runs.settings import StrategyPlan, TradingSettings
from venues.recordings.recorder import Line
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings

SMALL = EveningSettings(
    seed=3, games=1, rungs=2, activity=0.2, box_players=0, postponed=False, cancelled=False
)
"""One game with both its markets and short ladders, discovery to settlement: about eight thousand lines."""

QUIET_NS_MIN = 200 * NANOS_PER_MILLISECOND
QUIET_NS_MAX = 5 * NANOS_PER_SECOND
"""More than the way to the venue, less than an order waits for the feed."""

TICK_NS = 2 * NANOS_PER_SECOND

Disturb = Callable[[VirtualSession, int], None]


@attrs.frozen
class Played:
    """A run of a story: its session, and every fact in order."""

    session: VirtualSession
    store: RunStore
    facts: tuple[Numbered, ...]

    def ledger(self, strategy: str) -> list[bytes]:
        """The strategy's ledger, entry by entry, as it would be stored."""
        return [
            encode(numbered.fact)
            for numbered in self.facts
            if isinstance(numbered.fact, LedgerPosted) and numbered.fact.strategy == strategy
        ]


def lines_of(settings: EveningSettings) -> list[Line]:
    """An evening as a recording would hold it."""
    return [
        Line(output.at, number, output.source, output.conn, output.what, output.body)
        for number, output in enumerate(generate(settings), start=1)
    ]


def unlimited(settings: TradingSettings) -> TradingSettings:
    """The same without risk limits."""
    return attrs.evolve(
        settings, limits=RiskLimits(**{field.name: None for field in attrs.fields(RiskLimits)})
    )


def scripted(
    settings: TradingSettings,
    lines: list[Line],
    orders: int,
    name: str = "scripted",
    bids: tuple[str, str] = ("0.4700", "0.5000"),
) -> TradingSettings:
    """One strategy whose orders do not depend on what it hears: they come at fixed moments of the lines,
    while the stream is lively, two kinds in turn. One takes what is displayed; the other joins a bid (`bids`
    are the prices in the two markets), and is taken back later.
    """
    tickers = sorted({_ticker(line) for line in lines if line.what == "orderbook_snapshot"})[:2]
    begin, end = lines[40].at, lines[-1].at
    # What is decided in a gap needs a minute more, so nothing comes in the last quarter but cancels.
    moments = [at for at in lively(lines) if at < end - (end - begin) // 4]
    wishes: list[dict[str, Plain | None]] = []
    for number in range(orders):
        at = moments[number * len(moments) // orders]
        wish: dict[str, Plain | None] = {"at": at, "do": "place", "id": str(number)}
        wish |= {"ticker": tickers[number // 2 % 2], "side": "bid", "count": "10.00"}
        if number % 2:
            wishes.append({**wish, "price": "0.9900", "tif": "ioc"})
        else:
            wishes.append({**wish, "price": bids[number // 2 % 2], "tif": "gtc"})
            wishes.append({"at": at + (end - begin) // 8, "do": "cancel", "id": str(number)})
    parameters = ScriptedParameters().with_lines(wishes)
    bankroll = Money(100_000 * MONEY_ONE)
    context = StrategyContext(seed=1, bankroll=bankroll)
    plan = StrategyPlan.of(Scripted, name, parameters, context)
    return attrs.evolve(unlimited(settings), strategies=(plan,))


def lively(lines: list[Line]) -> list[int]:
    """Moments at which the stream had told of everything before and soon told more.

    Of a stream that is quiet for long nobody knows what the venue had when an order arrived.
    """
    deltas = [line.at for line in lines if line.what == "orderbook_delta"]
    found = [at for at, after in itertools.pairwise(deltas) if QUIET_NS_MIN < after - at < QUIET_NS_MAX]
    return sorted(set(found))


def ticking(last: BookSnapshot, until: int) -> Iterator[BookDelta]:
    """What a stream tells that goes on behind its last book: a contract for one cent comes and goes there.

    An order is decided once the stream is past its arrival, so a story's stream must not fall silent.
    """
    moments = range(last.at + TICK_NS, until + 1, TICK_NS)
    for number, at in enumerate(moments, start=1):
        change = Count(COUNT_ONE if number % 2 else -COUNT_ONE)
        now, seq = Nanos(at), last.seq + number
        yield BookDelta(last.ticker, Side.YES, Price(100), change, last.conn, last.sid, seq, now, now)


def _ticker(line: Line) -> str:
    return str(json.loads(line.body)["msg"]["market_ticker"])


def play(lines: Iterable[Line], settings: TradingSettings, disturb: Disturb | None = None) -> Played:
    """Play lines through a fresh tree; `disturb(session, number)` is called before each line."""
    store = RunStore("story")
    facts: list[Numbered] = []

    def keep(numbered: tuple[Numbered, ...]) -> int:
        facts.extend(numbered)
        return store(numbered)

    session: VirtualSession | None = None
    for number, line in enumerate(lines):
        if session is None:
            session = VirtualSession(settings, run_started("story", settings, Nanos(line.at)), keep)
        if disturb is not None:
            disturb(session, number)
        session.on_line(line)
    assert session is not None
    session.end(Nanos(session.system.now), "end of story")
    return Played(session, store, tuple(facts))
