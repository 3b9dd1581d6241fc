"""What trading without knowing anything costs on simulated evenings: the measuring behind `make honesty`.

Each evening is played through the whole tree with the control strategies. A taker should lose what it pays
to cross, and the fees; who joins the bid should gain nothing against the prices of later; who buys and
crosses back should lose exactly spread and fees wherever the book stood still. Money is in dollars for one
contract.
"""

import json
import statistics
from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise
from operator import itemgetter

import attrs

from actors.addresses import PAPER_EXCHANGE
from actors.messages import Numbered
from actors.paper_exchange import PaperExchangeActor
from engine.events import BookSide
from engine.facts import OrderFilled
from engine.orders import Liquidity
from engine.strategies.strategy import StrategyContext
from engine.units import MONEY_ONE, NANOS_PER_MILLISECOND, NANOS_PER_SECOND, PRICE_ONE, Money, Nanos
from tests.stories.plays import lines_of, unlimited
from tipoff.commands.replay import run_started
from tipoff.replay.batch_store import RunStore
from tipoff.replay.session import VirtualSession
from tipoff.runs.plugins import installed
from tipoff.runs.settings import StrategyPlan, TradingSettings
from venues.recordings.recorder import Line
from venues.simulator.world.settings import EveningSettings

TAKER, JOINER, ROUND_TRIPPER = "random_taker", "join_the_bid", "buy_and_cross_back"
INTERVAL_S = 30.0
MARKOUT_NS = 60 * NANOS_PER_SECOND
BANKROLL = Money(10_000 * MONEY_ONE)
COUNT_ONE = 100


@attrs.frozen
class Filled:
    """A fill and the best prices in dollars that were displayed: to who takes, those as the order arrived."""

    fact: OrderFilled
    bid: float
    ask: float

    @property
    def contracts(self) -> float:
        return self.fact.count / COUNT_ONE

    @property
    def price(self) -> float:
        return self.fact.price / PRICE_ONE

    @property
    def fee(self) -> float:
        return self.fact.fee / MONEY_ONE


@attrs.define
class Evening:
    """One evening of one or two controls: their fills, and what the joined bids were worth a minute later."""

    fills: dict[str, list[Filled]] = attrs.field(factory=dict)
    pnl: dict[str, float] = attrs.field(factory=dict)
    markouts_mid: list[float] = attrs.field(factory=list)
    markouts_bid: list[float] = attrs.field(factory=list)


class Measuring:
    """A session whose fills are looked at as they are decided."""

    def __init__(self, settings: TradingSettings, at: Nanos) -> None:
        self.evening = Evening()
        self._store = RunStore("honesty")
        self._later: list[tuple[int, Filled]] = []
        self._shown: dict[str, list[tuple[int, tuple[float, float] | None]]] = {}
        self.session: VirtualSession | None = None
        self.session = VirtualSession(settings, run_started("honesty", settings, at), self._keep)

    def _keep(self, facts: tuple[Numbered, ...]) -> int:
        for each in facts:
            if isinstance(each.fact, OrderFilled):
                top = self._met(each.fact)
                if top is not None:
                    filled = Filled(each.fact, *top)
                    self.evening.fills.setdefault(each.fact.strategy, []).append(filled)
                    self._later.append((each.fact.at + MARKOUT_NS, filled))
        return self._store(facts)

    def _met(self, fill: OrderFilled) -> tuple[float, float] | None:
        """What the venue displayed as this happened; a taker's order is decided later than it arrived."""
        if fill.liquidity is Liquidity.MAKER:
            return self._top(fill.ticker)
        shown = self._shown.get(fill.ticker, [])
        number = bisect_left(shown, fill.evidence.arrived_at, key=itemgetter(0))
        return shown[number - 1][1] if number else None

    def _show(self, line: Line) -> None:
        """Remember what a change of the book led to, by the venue's time."""
        message = json.loads(line.body)["msg"]
        at = message["ts_ms"] * NANOS_PER_MILLISECOND if "ts_ms" in message else line.at
        ticker = message["market_ticker"]
        self._shown.setdefault(ticker, []).append((at, self._top(ticker)))

    def _top(self, ticker: str) -> tuple[float, float] | None:
        assert self.session is not None
        life = self.session.system.dispatcher.cells[PAPER_EXCHANGE].life
        assert life is not None
        assert isinstance(life.behaviour, PaperExchangeActor)
        book = life.behaviour.exchange.book(ticker)
        if book.yes_bid is None or book.yes_ask is None:
            return None
        return book.yes_bid / PRICE_ONE, book.yes_ask / PRICE_ONE

    def play(self, lines: Iterable[Line]) -> Evening:
        """The whole evening, to the settlement."""
        assert self.session is not None
        at = 0
        for line in lines:
            while self._later and self._later[0][0] <= line.at:
                self._mark(self._later.pop(0)[1])
            self.session.on_line(line)
            if line.what in ("orderbook_snapshot", "orderbook_delta"):
                self._show(line)
            at = line.at
        self.session.end(Nanos(at), "end of evening")
        tally = self._store.tally
        for name in tally.strategies:
            self.evening.pnl[name] = tally.realized(name) / MONEY_ONE
        return self.evening

    def _mark(self, filled: Filled) -> None:
        top = self._top(filled.fact.ticker)
        if top is not None and filled.fact.liquidity is Liquidity.MAKER:
            self.evening.markouts_mid.append((top[0] + top[1]) / 2 - filled.price)
            self.evening.markouts_bid.append(top[0] - filled.price)


def played(base: TradingSettings, seed: int, kinds: tuple[str, ...]) -> Evening:
    """One evening with controls of these kinds."""
    lines = lines_of(
        EveningSettings(
            seed=seed, games=1, rungs=2, activity=0.5, box_players=0, postponed=False, cancelled=False
        )
    )
    plans = tuple(_plan(kind, seed) for kind in kinds)
    settings = attrs.evolve(unlimited(base), strategies=plans, seed=seed)
    return Measuring(settings, Nanos(lines[0].at)).play(lines)


def _plan(kind: str, seed: int) -> StrategyPlan:
    strategy = installed().strategies[kind]
    parameters = strategy.parameters_class.parse({"interval_seconds": INTERVAL_S})
    return StrategyPlan.of(strategy, kind, parameters, StrategyContext(seed=seed, bankroll=BANKROLL))


@attrs.frozen
class Estimate:
    """A mean with its standard error, from one number an evening."""

    mean: float
    error: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:+.4f} ± {self.error:.4f}"


def estimate(numbers: list[float]) -> Estimate:
    """Mean and standard error; evenings are independent of each other, the fills of one are not."""
    error = statistics.stdev(numbers) / len(numbers) ** 0.5 if len(numbers) > 1 else 0.0
    return Estimate(statistics.mean(numbers), error, len(numbers))


def paid(fills: list[Filled]) -> float:
    """What crossing half the spread costs, and the fees, by the books as they were displayed."""
    return sum(fill.contracts * (fill.ask - fill.bid) / 2 + fill.fee for fill in fills)


def contracts(fills: list[Filled]) -> float:
    """Contracts of all fills."""
    return sum(fill.contracts for fill in fills)


def still_trips(fills: list[Filled]) -> list[tuple[Filled, Filled]]:
    """A buy and the sale after it, where the book showed the same best prices both times."""
    pairs = pairwise(fills)
    return [
        (buy, sale)
        for buy, sale in pairs
        if (buy.fact.side, sale.fact.side) == (BookSide.BID, BookSide.ASK)
        and buy.fact.ticker == sale.fact.ticker
        and buy.fact.count == sale.fact.count
        and (buy.bid, buy.ask) == (sale.bid, sale.ask)
    ]
