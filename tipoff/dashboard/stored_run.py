"""A run that is over, for the same pages: its tables as they stood at any moment, its charts, its chains.

Read once from the database when it is opened; moments are folded from the facts by the observer's own model,
so that the rows are those that the daemon showed. What is blocking runs in a thread; one at a time.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, Self

import attrs
import msgspec

from actors.messages import Numbered
from actors.read_model.changed_rows import KEYS
from actors.read_model.lines import TABLES, at_risk, halts
from actors.read_model.model import ReadModel
from actors.read_model.views import FeedLine, Query
from engine.events import GameKnown, Trust
from engine.readings import POINTS_MAX
from engine.tickers import parse_ticker
from engine.units import NANOS_PER_SECOND, PRICE_ONE, Money, Nanos
from persistence.bars import bars_of
from persistence.errors import StorageError
from persistence.queries import Reader, Recorded
from tipoff.control.queries.overview import Status
from tipoff.control.watched import TOPICS
from tipoff.dashboard.hub import Hub
from tipoff.exit_codes import Exit
from tipoff.explain.chain import JournalLine, journal_line
from tipoff.explain.from_database import why_in
from tipoff.explain.stored_tables import apply_markets
from tipoff.json_schema import converter, plain
from tipoff.json_types import Json, utc_nanos
from tipoff.output import Failure

FACTS_SHOWN: Final = 500
"""Facts in words before a moment."""

_encoded = msgspec.json.Encoder().encode


@attrs.define(eq=False)
class StoredRun:
    """One run of a database."""

    url: str
    run: str
    facts: Sequence[Recorded]
    read_only: bool = True
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)

    @classmethod
    def open(cls, url: str, run: str | None) -> Self:
        """Read the run of this name, or the latest. Raises Failure."""
        try:
            with Reader.open(url, run) as reader:
                found = cls(url, reader.run.run, tuple(reader.facts()))
        except StorageError as error:
            raise Failure("storage", str(error)) from error
        if not found.facts:
            raise Failure("empty", f"the run {found.run} holds no fact; `tipoff runs` lists others")
        return found

    def about(self) -> dict[str, Json]:
        """Which run, and from when to when."""
        first, last = (plain(self.facts[place].at, Nanos) for place in (0, -1))
        return {"run": self.run, "from": first, "to": last}

    async def feed(self, hub: Hub) -> None:
        """Show the end of the run, for ever."""
        await self._fill(hub, None)
        await asyncio.Event().wait()

    async def at(self, moment: str) -> Hub:
        """The run as it stood at a moment (ISO 8601). Raises Failure."""
        try:
            until = utc_nanos(moment)
        except ValueError:
            raise Failure("invalid_params", "a moment is written as 2026-01-14T03:12:00Z") from None
        hub = Hub()
        await self._fill(hub, until)
        return hub

    async def ask(self, method: str, params: Mapping[str, Json]) -> Json:
        """A chain of causes, or a chart. Raises Failure."""
        async with self._turn:
            match method:
                case "why":
                    return await asyncio.to_thread(self._why, str(params.get("id", "")))
                case "history":
                    return await asyncio.to_thread(self._history, params)
                case _:
                    pass
        message = f"{method} is asked of a daemon that runs; this run is over"
        raise Failure("not_available", message, exit_code=Exit.NOT_READY)

    # -- the tables of a moment

    async def _fill(self, hub: Hub, until: int | None) -> None:
        async with self._turn:
            events = await asyncio.to_thread(self._tables, until)
        for topic, rows in events.items():
            document = {"topic": topic, "version": 1, "rows": rows}
            hub.snapshot(msgspec.Raw(_encoded(document)))
        told = [each for each in self.facts if until is None or each.at <= until][-FACTS_SHOWN:]
        line = converter(JournalLine)
        facts = [line(journal_line(each)) for each in told]
        hub.facts(msgspec.Raw(_encoded({"to": told[-1].seq if told else 0, "facts": facts})))
        hub.link(up=True, why="")

    def _tables(self, until: int | None) -> dict[str, dict[str, Json]]:
        model = ReadModel(tail_max=None)
        at = self.facts[0].at
        for each in self.facts:
            if until is not None and each.at > until:
                break
            model.committed(Numbered(each.seq, each.cause, each.owner, each.fact))
            at = each.at
        with Reader.open(self.url, self.run) as reader:
            apply_markets(model, reader, until)
        _games(model, at)
        found: dict[str, dict[str, Json]] = {}
        for topic, key in KEYS.items():
            row = converter(TOPICS[topic].row)
            found[topic] = {key(line): row(line) for line in TABLES[topic](model, Query(topic, limit=1_000))}
        found["status"] = {"status": plain(_status(model, at), Status)}
        return found

    # -- charts and chains

    def _why(self, name: str) -> Json:
        return why_in(self.url, self.run, name)

    def _history(self, params: Mapping[str, Json]) -> Json:
        match params.get("kind"), params.get("ticker"):
            case "bars", str() as ticker:
                return self._bars(ticker)
            case "pnl", _:
                return self._pnl(str(params.get("strategy", "all")))
            case _:
                return {"columns": {"at": []}}

    def _bars(self, ticker: str) -> Json:
        """Best prices every ten seconds; as fair value the sportsbooks', which is what was stored of it."""
        with Reader.open(self.url, self.run) as reader:
            bars = [found[place] for _, found in bars_of(reader, [ticker]) for place in range(len(found))]
        bars = bars[:: max(1, -(-len(bars) // POINTS_MAX))]
        return {
            "columns": {
                "at": [bar.at / NANOS_PER_SECOND for bar in bars],
                "yes_bid": [_dollars(bar.yes_bid) for bar in bars],
                "yes_ask": [_dollars(bar.yes_ask) for bar in bars],
                "fair": [bar.p_books for bar in bars],
            }
        }

    def _pnl(self, strategy: str) -> Json:
        """What was realized, at every fact that changed it."""
        model = ReadModel(tail_max=1)
        at: list[float] = []
        base: list[float] = []
        for each in self.facts:
            model.fact(each.fact)
            if type(each.fact).__name__ not in MONEY:
                continue
            for line in TABLES["pnl"](model, Query("pnl", limit=1_000)):
                if getattr(line, "strategy", "") == strategy:
                    at.append(each.at / NANOS_PER_SECOND)
                    base.append(getattr(line, "realized", 0) / 1_000_000)
        step = max(1, -(-len(at) // POINTS_MAX))
        return {"columns": {"at": list(at[::step]), "base": list(base[::step])}}


MONEY: Final = frozenset({"OrderFilled", "PositionSettled", "PositionPaid"})
"""Facts after which the profit may be another."""


def _dollars(price: int | None) -> float | None:
    return None if price is None else price / PRICE_ONE


def _games(model: ReadModel, at: Nanos) -> None:
    """Who plays, as the markets' tickers say."""
    for market in model.markets.values():
        ticker = parse_ticker(market.ticker)
        if market.game not in model.games and ticker.away and ticker.home:
            model.known_game(
                GameKnown(
                    game=market.game, away=ticker.away, home=ticker.home, tip_at=None, matched=True, at=at
                )
            )


def _status(model: ReadModel, at: Nanos) -> Status:
    """What a person asks first, of a run that is over."""
    *_, everything = TABLES["pnl"](model, Query("pnl"))
    tally = model.tally
    held = sum(1 for line in tally.strategies.values() for count in line.positions.values() if count)
    return Status(
        state="over",
        trading=False,
        why_not=(),
        degraded=(),
        tipoff=model.run.version if model.run else "",
        run=model.run.run if model.run else None,
        at=at,
        uptime_seconds=None if model.run is None else (at - model.run.at) // NANOS_PER_SECOND,
        at_risk=Money(sum(at_risk(model, name) for name in tally.strategies)),
        at_risk_max=None,
        positions=held,
        open_orders=len(model.orders),
        still_open=(),
        pnl=everything.band,  # type: ignore[attr-defined]
        strategies=(),
        results=(),
        resting=(),
        halts=tuple(halts(model, Query("halts"))),
        set_aside=(),
        feed=FeedLine(
            connected=True,
            conn=None,
            gaps=0,
            losses=0,
            refused=0,
            last_book_at=max((top.at for top in model.tops.values()), default=None),
            lag_ms=0,
            venue_trading=True,
            trusted_books=sum(1 for top in model.tops.values() if top.trust is Trust.TRUSTED),
            books=len(model.tops),
        ),
        actors=0,
        actors_running=0,
        restarts=0,
        dead_letters=0,
        journal_seq=model.seq,
        last_failure=None,
    )
