"""A season through the whole tree into a database, of two strategies of which one is told something.

Both see the same books of the simulated venue and trade alike: once in a market, at the displayed price, as
soon as what they hear of it is worth more than price and fee. The one hears a noisy signal of how the market
will end and knows how noisy it is; the other hears the same kind of signal of a coin, and believes it as
firmly. The report of all evenings is what `tipoff report --runs all` prints.
"""

import datetime as dt
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import ClassVar, Final

import attrs

from engine.events import BookSide
from engine.facts import ASK_EVIDENCE, BID_EVIDENCE, SignalAction, SignalRaised
from engine.orders import PlaceOrder, TimeInForce
from engine.step import NOTHING, Step
from engine.strategies.controls import Control
from engine.strategies.strategy import StrategyContext
from engine.units import MONEY_ONE, PRICE_ONE, Money, Nanos, Price, contracts, format_price
from engine.view import MarketView
from persistence.connect import Durability, Settings
from persistence.queries import Reader
from persistence.schema_upgrade import upgrade
from persistence.writer import JournalWriter, Mode, Options
from tests.stories.plays import lines_of, unlimited
from tipoff.commands.replay import replay
from tipoff.json_types import Json
from tipoff.reports.numbers import as_object
from tipoff.reports.of_stored_runs import runs_document
from tipoff.runs.settings import StrategyPlan, TradingSettings
from venues.recordings.recorder import Line
from venues.simulator.world.settings import EveningSettings

TOLD, UNTOLD = "told", "untold"
GAMES_LONG: Final = 120
FIRST: Final = dt.date(2026, 11, 20)
STRENGTH: Final = 1.0
"""Of a signal: its two means lie so many deviations on either side of nothing."""

GAIN_MIN: Final = 0.02
LOT: Final = contracts(10)


def played(base: TradingSettings, file: Path, games: int) -> Mapping[str, Json]:
    """The evidence's strategies after so many evenings of one game each."""
    url = f"sqlite:///{file}"
    upgrade(url)
    for number in range(games):
        lines = lines_of(
            EveningSettings(
                seed=number + 1,
                games=1,
                date=(FIRST + dt.timedelta(days=number)).isoformat(),
                rungs=2,
                activity=0.05,
                sportsbooks=5,
                box_players=0,
                postponed=False,
                cancelled=False,
                box_poll_seconds=60,
                odds_poll_seconds=300,
                games_poll_seconds=600,
            )
        )
        name = f"evening-{number:03}"
        writer = JournalWriter(
            url, name, Options(Mode.REPLAY, settings=Settings(durability=Durability.RELAXED))
        )
        plans = tuple(_plans(Random(f"told {number}"), dict(_results(lines))))
        replay([lines], attrs.evolve(unlimited(base), strategies=plans), name, writer)
        writer.close()
    with Reader.open(url) as reader:
        names = [run.run for run in reader.runs()]
        return as_object(as_object(runs_document(reader, names)["evidence"])["strategies"])


def _results(lines: Iterable[Line]) -> Iterator[tuple[str, bool]]:
    """How a winner market and a total of the game end, read ahead; the two are nearly independent."""
    seen: set[str] = set()
    for line in lines:
        if line.what == "market_lifecycle_v2" and '"determined"' in line.body:
            message = json.loads(line.body)["msg"]
            ticker = message["market_ticker"]
            kind = ticker.partition("-")[0]
            if kind in ("KXNBAGAME", "KXNBATOTAL") and kind not in seen:
                seen.add(kind)
                yield ticker, message["result"] == "yes"


def _plans(rng: Random, results: Mapping[str, bool]) -> Iterator[StrategyPlan]:
    for name in (TOLD, UNTOLD):
        heard = {}
        for ticker, came in results.items():
            about = came if name == TOLD else rng.random() < 0.5
            signal = rng.gauss(STRENGTH if about else -STRENGTH, 1.0)
            # The logarithm of how much likelier the signal is if YES comes: what a believer adds to the odds.
            heard[ticker] = 2.0 * STRENGTH * signal
        hearer = type(name, (Hearer,), {"kind": name, "heard": heard})
        parameters = Hearer.parameters_class.parse(
            {"interval_seconds": 300, "market_types": ["moneyline", "total"]}
        )
        yield StrategyPlan.of(hearer, name, parameters, StrategyContext(bankroll=Money(10_000 * MONEY_ONE)))


class Hearer(Control):
    """See the module."""

    kind: ClassVar[str] = "hearer"
    has_opinion: ClassVar[bool] = True
    heard: ClassVar[Mapping[str, float]] = {}

    def act(self, market: MarketView, now: Nanos) -> Step:
        """Take the side on which what was heard is worth more than price and fee; never twice."""
        top, ticker = market.top, market.ticker
        held = self.portfolio.held(ticker) or self.portfolio.open_in(ticker)
        if held or ticker not in self.heard or top is None or top.yes_bid is None or top.yes_ask is None:
            return NOTHING
        p_middle = (top.yes_bid + top.yes_ask) / (2 * PRICE_ONE)
        p_fair = 1.0 / (1.0 + (1.0 - p_middle) / p_middle * math.exp(-self.heard[ticker]))
        side = BookSide.BID if p_fair > p_middle else BookSide.ASK
        price = top.yes_ask if side is BookSide.BID else top.yes_bid
        p_price = price / PRICE_ONE
        gain = abs(p_fair - p_middle) - abs(p_price - p_middle) - 0.07 * p_price * (1 - p_price)
        quote = ((BID_EVIDENCE, format_price(top.yes_bid)), (ASK_EVIDENCE, format_price(top.yes_ask)))
        return NOTHING if gain < GAIN_MIN else self._taken(market, (side, price, p_fair, gain), quote, now)

    def _taken(
        self,
        market: MarketView,
        bet: tuple[BookSide, Price, float, float],
        quote: tuple[tuple[str, str], ...],
        now: Nanos,
    ) -> Step:
        side, price, p_fair, gain = bet
        signal = SignalRaised(
            signal_id=self.portfolio.next_signal(),
            strategy=self.name,
            game=market.game.game,
            ticker=market.ticker,
            side=side,
            action=SignalAction.ENTER,
            reason="heard",
            p_fair=p_fair,
            price=price,
            p_edge=gain,
            evidence=quote,
            at=now,
        )
        order = PlaceOrder(
            order_id=self.portfolio.next_order(),
            strategy=self.name,
            game=market.game.game,
            ticker=market.ticker,
            side=side,
            price=price,
            count=LOT,
            tif=TimeInForce.IOC,
            decided_at=now,
            signal_id=signal.signal_id,
            p_fair=p_fair,
        )
        self.portfolio.apply(signal)
        self.portfolio.sent(order)
        return Step(facts=(signal,), commands=(order,))
