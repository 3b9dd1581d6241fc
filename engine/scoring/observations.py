"""What one run has to say of its strategies: a fold of its facts, joined with the prices of its markets.

Three steps: the facts are folded, the wanted prices are looked up in the bars (`prices`), and `observed`
gives rows that stand for themselves, so that the rows of many runs can be put together.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from engine.events import BookSide
from engine.facts import (
    ASK_EVIDENCE,
    BID_EVIDENCE,
    BandMoved,
    BlindnessBegan,
    Fact,
    MarketResultKnown,
    OrderFilled,
    OrderSubmitted,
    PositionSettled,
    SignalAction,
    SignalRaised,
)
from engine.orders import Liquidity, PlaceOrder
from engine.outcome_range import OutcomeRange
from engine.reasons import LIMITS
from engine.scoring.equity import EquityCurve, EquityPoint
from engine.scoring.forecasts import Forecast
from engine.scoring.lots import Lot, Lots
from engine.scoring.markouts import HORIZONS, Gain, closing_line_value, markout
from engine.scoring.prices import PriceLookup
from engine.tally import Band, Tally, ValuationMark
from engine.tickers import parse_ticker
from engine.units import PRICE_ONE, Count, Money, Nanos, Price, UnitError, parse_price

LIMIT_CODES: Final = frozenset(reason.value for reason in LIMITS)


@attrs.frozen(kw_only=True)
class ForecastSeen:
    """A strategy's first forecast of a market, with the middle of the market's quote at the same moment."""

    strategy: str
    ticker: str
    forecast: Forecast


@attrs.frozen(kw_only=True)
class FillSeen:
    """A fill with all that is known of it afterwards.

    `period` is 0 before the tip, `to_tip` is negative after it; None is not known. `opened` and `closed` are
    contracts that opened a position, and how many of them are closed; `gain` is what these brought after all
    fees. `stated` is the gain a contract that the strategy expected, in dollars. `close` and `close_books`
    are the closing line values of fills before the tip; `markouts` has one of each of `markouts.MOMENTS`.
    """

    strategy: str
    game: str
    ticker: str
    kind: str
    side: BookSide
    price: Price
    count: Count
    fee: Money
    liquidity: Liquidity
    assumed: bool
    at: Nanos
    period: int | None
    to_tip: int | None
    opened: Count
    closed: Count
    gain: Money
    stated: float | None
    close: float | None
    close_books: float | None
    markouts: tuple[Gain, ...]


@attrs.frozen(kw_only=True)
class Wishes:
    """What became of a strategy's wishes to trade: how many passed, and why the others were refused."""

    passed: int
    refused: Mapping[str, int]

    @property
    def made(self) -> int:
        """All of them."""
        return self.passed + sum(self.refused.values())

    @property
    def by_limits(self) -> dict[str, int]:
        """Refusals by limits that a person chose."""
        return {code: count for code, count in self.refused.items() if code in LIMIT_CODES}


@attrs.frozen(kw_only=True)
class StrategySeen:
    """One strategy in one run; `games` has its result of every game in which any reading traded, `ranges`
    what those stood to bring in which it was filled.

    `rested` are orders that joined the book, `delayed` those that arrive differently in the readings.
    """

    strategy: str
    wishes: Wishes
    signals: int
    near_misses: int
    rested: int
    delayed: int
    fees: Money
    realized: Money
    unrealized: Money
    pnl: Band
    games: Mapping[str, Band]
    ranges: Mapping[str, OutcomeRange]
    curve: tuple[EquityPoint, ...]


@attrs.frozen(kw_only=True)
class RunSeen:
    """All that a run has to say; `at` is its first moment, `blind` how often a market was not followed."""

    strategies: tuple[StrategySeen, ...]
    fills: tuple[FillSeen, ...]
    forecasts: tuple[ForecastSeen, ...]
    blind: int
    at: Nanos


class Observations:
    """The fold of one run."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.tally = Tally()
        self.curve = EquityCurve()
        self._lots = Lots()
        self._fills: list[OrderFilled] = []
        self._orders: dict[str, PlaceOrder] = {}
        self._legs: dict[str, set[str]] = {}
        self._stated: dict[str, float] = {}
        self._first: dict[tuple[str, str], SignalRaised] = {}
        self._results: dict[str, Price] = {}
        self._kinds: dict[str, str] = {}
        self._blind = 0
        self._at: Nanos | None = None

    def apply(self, fact: Fact) -> None:
        """Fold one fact, in the order of the journal."""
        self.tally.apply(fact)
        if self._at is None:
            self._at = fact.at
        match fact:
            case SignalRaised():
                self._signal(fact)
            case OrderSubmitted():
                self._submitted(fact.order)
            case OrderFilled():
                self._fills.append(fact)
                self._lots.on_filled(fact)
            case BandMoved():
                order = self._orders.get(fact.order_id)
                if order is not None:
                    self.curve.on_band(fact, order.side)
            case PositionSettled():
                self._lots.on_settled(fact)
            case MarketResultKnown():
                self._results[fact.ticker] = fact.value
                self.curve.on_result(fact)
            case BlindnessBegan():
                self._blind += 1
            case _:
                pass

    def wanted(self) -> PriceLookup:
        """The moments whose prices `observed` needs."""
        lookup = PriceLookup()
        for fill in self._fills:
            lookup.want(fill.ticker, fill.at)
            for horizon in HORIZONS:
                lookup.want(fill.ticker, Nanos(fill.at + horizon))
        for signal in self._first.values():
            if quoted_middle(signal) is None:
                lookup.want(signal.ticker, signal.at)
        return lookup

    def observed(self, prices: PriceLookup, marks: Mapping[str, ValuationMark]) -> RunSeen:
        """Everything, once the bars are in; `marks` value what is open."""
        return RunSeen(
            strategies=tuple(self._strategy(name, marks) for name in sorted(self.tally.strategies)),
            fills=tuple(self._fill(fill, prices) for fill in self._fills),
            forecasts=tuple(self._forecasts(prices)),
            blind=self._blind,
            at=self._at or Nanos(0),
        )

    def _signal(self, signal: SignalRaised) -> None:
        if signal.p_edge is not None and signal.action is SignalAction.ENTER:
            self._stated[signal.signal_id] = signal.p_edge
        # A way out carries the opinion of the way in, which has been counted.
        if signal.p_fair is not None and signal.action is not SignalAction.EXIT:
            self._first.setdefault((signal.strategy, signal.ticker), signal)

    def _submitted(self, order: PlaceOrder) -> None:
        self._orders[order.order_id] = order
        if order.leg_of is not None:
            self._legs.setdefault(order.leg_of, set()).add(order.ticker)

    def _forecasts(self, prices: PriceLookup) -> Iterable[ForecastSeen]:
        for (strategy, ticker), signal in sorted(self._first.items()):
            value = self._results.get(ticker)
            if value is None or signal.p_fair is None:
                continue
            p_market = quoted_middle(signal)
            if p_market is None:
                p_market = prices.p_mid(ticker, signal.at)
            forecast = Forecast(signal.game, signal.p_fair, value / PRICE_ONE, p_market)
            yield ForecastSeen(strategy=strategy, ticker=ticker, forecast=forecast)

    def _fill(self, fill: OrderFilled, prices: PriceLookup) -> FillSeen:
        lot = self._lots.by_fill.get(fill.fill_id)
        tip_at = prices.tip_at(fill.game)
        to_tip = None if tip_at is None else tip_at - fill.at
        # Before the first score nobody says that it is before the tip.
        period = 0 if to_tip is not None and to_tip > 0 else prices.period(fill.ticker, fill.at)
        # In play there is no close: the price after a minute is not what the bet was about.
        close = prices.close(fill.ticker) if to_tip is not None and to_tip > 0 else None
        return FillSeen(
            strategy=fill.strategy,
            game=fill.game,
            ticker=fill.ticker,
            kind=self._kind(fill.ticker),
            side=fill.side,
            price=fill.price,
            count=fill.count,
            fee=fill.fee,
            liquidity=fill.liquidity,
            assumed=fill.evidence.pseudo,
            at=fill.at,
            period=period,
            to_tip=to_tip,
            opened=Count(0) if lot is None else lot.opened,
            closed=Count(0) if lot is None else lot.closed,
            gain=Money(0) if lot is None else lot.gain,
            stated=self._stated_of(fill, lot),
            close=_value(fill, close.p_market if close else None),
            close_books=_value(fill, close.p_books if close else None),
            markouts=tuple(self._markouts(fill, prices)),
        )

    def _kind(self, ticker: str) -> str:
        found = self._kinds.get(ticker)
        if found is None:
            found = self._kinds[ticker] = parse_ticker(ticker).kind.value
        return found

    def _markouts(self, fill: OrderFilled, prices: PriceLookup) -> Iterable[Gain]:
        for horizon in HORIZONS:
            yield markout(fill.side, fill.price, prices.p_mid(fill.ticker, Nanos(fill.at + horizon)))
        value = self._results.get(fill.ticker)
        yield markout(fill.side, fill.price, None if value is None else value / PRICE_ONE)

    def _stated_of(self, fill: OrderFilled, lot: Lot | None) -> float | None:
        order = self._orders.get(fill.order_id)
        if lot is None or order is None:
            return None
        stated = self._stated.get(order.signal_id)
        if stated is None:
            return None
        # Each leg of a group is given the edge of the whole group: taken for each, it would count twice.
        return stated / len(self._legs[order.leg_of]) if order.leg_of is not None else stated

    def _strategy(self, name: str, marks: Mapping[str, ValuationMark]) -> StrategySeen:
        row = self.tally.strategies[name]
        return StrategySeen(
            strategy=name,
            wishes=Wishes(passed=row.orders, refused=dict(row.denied)),
            signals=row.signals,
            near_misses=row.near_misses,
            rested=row.rested,
            delayed=row.delayed,
            fees=self.tally.fees(name),
            realized=self.tally.realized(name),
            unrealized=self.tally.unrealized(name, marks),
            pnl=self.tally.band(name, marks),
            games=self.tally.by_game(name, marks),
            ranges=self.tally.ranges(name),
            curve=self.curve.of(name),
        )


def quoted_middle(signal: SignalRaised) -> float | None:
    """The middle of the quote, in dollars, that a signal has on record; None where it has none."""
    named = dict(signal.evidence)
    try:
        return (parse_price(named[BID_EVIDENCE]) + parse_price(named[ASK_EVIDENCE])) / (2 * PRICE_ONE)
    except (KeyError, UnitError):
        # Strategies of others need not keep it, and an empty side is a word.
        return None


def _value(fill: OrderFilled, p_close: float | None) -> float | None:
    return None if p_close is None else closing_line_value(fill.side, fill.price, p_close)
