"""Replays a documented list of orders: to test the exchange, and to trade a recording without a game.

Given its orders as values, already parsed from a file by the configuration; a line of that file is

{"at": ns since 1970 UTC or "+SECONDS.FRACTION after the first news", "do": "place", "id": "a", "ticker": T,
"side": "bid"|"ask", "price": "0.4200", "count": "10.00", "tif": "gtc"|"ioc"|"fok", "post_only": false,
"reduce_only": false, "expires_after_seconds": null, "game": null}
{"at": …, "do": "cancel", "id": "a"}
{"at": …, "do": "amend", "id": "a", "price": "0.4100", "count": "5.00"}

An order whose time has come is wished for at the first news or timer at or after it. It forms no opinion: its
orders carry no fair value, and the risk gate asks it for none.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, TypeAlias

import attrs
from attrs import validators

from engine.events import BookSide, GameNews, MarketKnown, TopChanged
from engine.facts import ORDER_EVIDENCE, Fact, SignalAction, SignalRaised
from engine.message import changed
from engine.orders import AmendOrder, CancelOrder, OrderCommand, PlaceOrder, TimeInForce
from engine.step import NOTHING, Step, Timer
from engine.strategies.parameters import Parameters, Plain
from engine.strategies.portfolio import Portfolio
from engine.strategies.strategy import Strategy, StrategyContext
from engine.units import NANOS_PER_SECOND, Count, Nanos, Price, UnitError, parse_count, parse_price

TIMES_IN_FORCE = {"gtc": TimeInForce.GTC, "ioc": TimeInForce.IOC, "fok": TimeInForce.FOK}
SIDES = {"bid": BookSide.BID, "ask": BookSide.ASK}
WORDS = ("place", "cancel", "amend")
KEYS = frozenset(
    {
        "at",
        "do",
        "id",
        "ticker",
        "side",
        "price",
        "count",
        "tif",
        "post_only",
        "reduce_only",
        "expires_after_seconds",
        "game",
    }
)

Line: TypeAlias = Mapping[str, Plain | None]
"""One line of the file as plain values."""


@attrs.frozen
class ScriptedOrder:
    """One line: `at` is a moment, or (`relative`) a duration after the first news."""

    do: str
    name: str
    at: Nanos
    relative: bool
    ticker: str = ""
    game: str | None = None
    side: BookSide = BookSide.BID
    price: Price = Price(0)
    count: Count = Count(0)
    tif: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    expires_after: Nanos | None = None


def parse_line(line: Line) -> ScriptedOrder:
    """Read one line. Raises ValueError with what is wrong with it."""
    unknown = sorted(set(line) - KEYS)
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(unknown)}")
    do = str(line.get("do", "place"))
    if do not in WORDS:
        raise ValueError(f"'do' is {do!r}, not one of {', '.join(WORDS)}")
    name = line.get("id")
    if not isinstance(name, str) or not name:
        raise ValueError("'id' is missing")
    at, relative = _moment(line.get("at"))
    order = ScriptedOrder(do, name, at, relative)
    if do == "cancel":
        return order
    try:
        price, count = parse_price(str(line.get("price"))), parse_count(str(line.get("count")))
    except UnitError as error:
        raise ValueError(str(error)) from error
    order = attrs.evolve(order, price=price, count=count)
    if do == "amend":
        return order
    return _placed(order, line)


def _placed(order: ScriptedOrder, line: Line) -> ScriptedOrder:
    """The rest of a line that places an order."""
    ticker, side, tif = line.get("ticker"), str(line.get("side")), str(line.get("tif", "gtc"))
    if not isinstance(ticker, str) or not ticker:
        raise ValueError("'ticker' is missing")
    if side not in SIDES or tif not in TIMES_IN_FORCE:
        raise ValueError(f"'side' is {side!r} (bid, ask) and 'tif' {tif!r} (gtc, ioc, fok)")
    game, expires = line.get("game"), line.get("expires_after_seconds")
    return attrs.evolve(
        order,
        ticker=ticker,
        side=SIDES[side],
        tif=TIMES_IN_FORCE[tif],
        game=None if game is None else str(game),
        post_only=line.get("post_only") is True,
        reduce_only=line.get("reduce_only") is True,
        expires_after=None if expires is None else _seconds(expires),
    )


def _moment(value: Plain | None) -> tuple[Nanos, bool]:
    if isinstance(value, int) and not isinstance(value, bool):
        return Nanos(value), False
    if isinstance(value, str) and value.startswith("+"):
        return _seconds(value[1:]), True
    raise ValueError(f"'at' is {value!r}: nanoseconds since 1970, or \"+SECONDS\" after the first news")


def _seconds(value: Plain) -> Nanos:
    try:
        return Nanos(round(float(str(value)) * NANOS_PER_SECOND))
    except (ValueError, OverflowError):
        raise ValueError(f"{value!r} is no number of seconds") from None


@attrs.frozen
class ScriptedParameters(Parameters):
    """The orders are read from the file by the configuration and handed over as `orders`."""

    file: str = attrs.field(
        default="",
        validator=validators.instance_of(str),
        metadata={"help": "a file of JSON lines, one order a line", "unit": "path"},
    )
    orders: tuple[ScriptedOrder, ...] = attrs.field(
        default=(), metadata={"help": "the orders themselves, once read", "unit": "orders"}
    )

    def with_lines(self, lines: Sequence[Line]) -> "ScriptedParameters":
        """The same with the orders of these lines. Raises ValueError naming the first bad line."""
        orders: list[ScriptedOrder] = []
        for number, line in enumerate(lines, start=1):
            try:
                orders.append(parse_line(line))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
        return attrs.evolve(self, orders=tuple(orders))

    def plain(self) -> dict[str, Plain]:
        """The file's name only: the orders are the file's."""
        return {"file": self.file}


class Scripted(Strategy):
    """See the module. Orders run in the order of their time, those of one moment in the order of the file."""

    kind: ClassVar[str] = "scripted"
    listed: ClassVar[int] = 200
    parameters_class: ClassVar[type[Parameters]] = ScriptedParameters
    rests_on_odds: ClassVar[bool] = False
    has_opinion: ClassVar[bool] = False
    by_hand: ClassVar[bool] = True

    def __init__(self, name: str, parameters: Parameters, context: StrategyContext) -> None:
        """Begin before the first order."""
        super().__init__(name, parameters, context)
        assert isinstance(parameters, ScriptedParameters)  # noqa: S101 - parameters_class says so
        self.portfolio = Portfolio(name)
        self._waiting = [order for order in parameters.orders if not order.relative]
        self._relative = [order for order in parameters.orders if order.relative]
        self._waiting.sort(key=lambda order: order.at)
        self._ids: dict[str, str] = {}
        self._done: set[str] = set()
        self._game_of: dict[str, str] = {}

    def on_news(self, news: GameNews, now: Nanos) -> Step:
        """Any news brings the time."""
        if isinstance(news, TopChanged | MarketKnown):
            self._game_of[news.ticker] = news.game
        # Relative times count from the first news, so that one file fits recordings of any date.
        if self._relative:
            self._waiting += [changed_at(order, now) for order in self._relative]
            self._waiting.sort(key=lambda order: order.at)
            self._relative = []
            return self._due(now)
        if self._waiting and self._waiting[0].at <= now:
            return self._due(now)
        return NOTHING

    def on_fact(self, fact: Fact, now: Nanos) -> Step:
        """Fold own facts; nothing follows from them."""
        self.portfolio.apply(fact)
        return NOTHING

    def wake(self, key: str, now: Nanos) -> Step:
        """The next order's time has come."""
        return self._due(now)

    def memory(self) -> dict[str, object]:
        """The portfolio, and which lines were wished for."""
        return {"portfolio": self.portfolio, "done": self._done, "ids": self._ids}

    def remember(self, memory: Mapping[str, object]) -> None:
        """The portfolio, and which lines were wished for."""
        self.portfolio.take_over(memory["portfolio"])
        done, ids = memory["done"], memory["ids"]
        assert isinstance(done, set)  # noqa: S101 - that is what `memory` gives
        assert isinstance(ids, dict)  # noqa: S101
        self._done, self._ids = done, ids

    def restore(self, facts: Iterable[Fact]) -> None:
        """Skip what was wished for in an earlier life: each line leaves a signal with its id."""
        kept = list(facts)
        self.portfolio.restore(kept)
        for fact in kept:
            if isinstance(fact, SignalRaised) and fact.strategy == self.name:
                evidence = dict(fact.evidence)
                self._done.add(evidence.get("line", ""))
                self._ids[evidence.get("id", "")] = evidence.get(ORDER_EVIDENCE, "")

    def _due(self, now: Nanos) -> Step:
        facts: list[Fact] = []
        commands: list[OrderCommand] = []
        while self._waiting and self._waiting[0].at <= now:
            order = self._waiting.pop(0)
            line = f"{order.do} {order.name}"
            # A restart reads the file again from its beginning; what left a signal was wished for already.
            if line in self._done:
                continue
            self._done.add(line)
            signal, command = self._order_of(order, line, now)
            self.portfolio.apply(signal)
            if isinstance(command, PlaceOrder):
                self.portfolio.sent(command)
            facts.append(signal)
            commands.append(command)
        timers = (Timer("script", self._waiting[0].at),) if self._waiting else ()
        return Step(facts=tuple(facts), commands=tuple(commands), timers=timers)

    def _order_of(self, order: ScriptedOrder, line: str, now: Nanos) -> tuple[SignalRaised, OrderCommand]:
        command: OrderCommand
        signal_id = self.portfolio.next_signal()
        if order.do == "place":
            self._ids[order.name] = self.portfolio.next_order()
            command = self._place(order, self._ids[order.name], signal_id, now)
        elif order.do == "cancel":
            command = CancelOrder(self._ids.get(order.name, order.name), self.name, now)
        else:
            order_id = self._ids.get(order.name, order.name)
            command = AmendOrder(order_id, self.name, order.price, order.count, now)
        signal = SignalRaised(
            signal_id=signal_id,
            strategy=self.name,
            game=order.game or self._game_of.get(order.ticker, ""),
            ticker=order.ticker,
            side=order.side,
            action=SignalAction.ENTER,
            reason=f"scripted_{order.do}",
            p_fair=None,
            price=order.price,
            p_edge=None,
            evidence=(("line", line), ("id", order.name), (ORDER_EVIDENCE, command.order_id)),
            at=now,
        )
        return signal, command

    def _place(self, order: ScriptedOrder, order_id: str, signal_id: str, now: Nanos) -> PlaceOrder:
        placed = PlaceOrder(
            order_id=order_id,
            strategy=self.name,
            game=order.game or self._game_of.get(order.ticker, ""),
            ticker=order.ticker,
            side=order.side,
            price=order.price,
            count=order.count,
            tif=order.tif,
            decided_at=now,
            signal_id=signal_id,
        )
        return changed(
            placed,
            post_only=order.post_only,
            reduce_only=order.reduce_only,
            expires_at=None if order.expires_after is None else Nanos(now + order.expires_after),
            exit=order.reduce_only,
        )


def changed_at(order: ScriptedOrder, start: Nanos) -> ScriptedOrder:
    """A relative order as one of a moment."""
    return attrs.evolve(order, at=Nanos(start + order.at), relative=False)
