"""The totals of a run: the fold of its facts that reports, the command line and the read model show.

Fed with committed facts in the order of the journal. Money comes from the ledger and from nowhere else; open
positions are valued at what they would fetch at once (YES at the bid, NO at one dollar minus the ask), never
at the middle.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from engine import ledger
from engine.events import BookSide
from engine.facts import (
    BandMoved,
    Fact,
    FactsSetAside,
    LedgerPosted,
    MarketResultKnown,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderRested,
    OrderSubmitted,
    PositionSettled,
    SignalAction,
    SignalRaised,
    StrategyOpened,
    TradingHalted,
    TradingResumed,
)
from engine.ledger import Ledger
from engine.order_stages import OrderStages
from engine.outcome_range import OutcomeRange, OutcomeRanges
from engine.positions import liquidation_value
from engine.units import COUNT_ZERO, MONEY_ZERO, PRICE_ONE, Count, Money, Price


@attrs.frozen
class ValuationMark:
    """The last best prices of a market while it had any; None is an empty side."""

    yes_bid: Price | None
    yes_ask: Price | None


NO_MARK = ValuationMark(None, None)


READINGS: Final = ("pessimistic", "base", "optimistic")
"""The three readings by name, as they stand in `Band` and in the facts."""


@attrs.define
class BandPosition:
    """Contracts and cash of a market under one reading of the fills, in YES terms: a sale brings cash."""

    count: Count = COUNT_ZERO
    cash: Money = MONEY_ZERO


@attrs.frozen
class Band:
    """The same number under the three readings of the market data."""

    pessimistic: Money
    base: Money
    optimistic: Money


@attrs.define
class StrategyTally:
    """One strategy's evening in numbers; `contracts` counts 1/100 contract on either side."""

    name: str
    kind: str = ""
    bankroll: Money = MONEY_ZERO
    signals: int = 0
    near_misses: int = 0
    missed: dict[str, int] = attrs.field(factory=dict)
    """Near misses by the limit that stopped them."""
    orders: int = 0
    fills: int = 0
    rejected: dict[str, int] = attrs.field(factory=dict)
    denied: dict[str, int] = attrs.field(factory=dict)
    cancelled: dict[str, int] = attrs.field(factory=dict)
    contracts: Count = COUNT_ZERO
    assumed: int = 0
    """Fills on quotes whose depth is an assumption."""
    rested: int = 0
    """Orders that joined the book."""
    delayed: int = 0
    """Orders whose arrival differs between the readings."""
    positions: dict[str, Count] = attrs.field(factory=dict)


class Tally:
    """Counts by strategy, the ledger, and the bands."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.strategies: dict[str, StrategyTally] = {}
        self.ledger = Ledger()
        self.halted: dict[str, TradingHalted] = {}
        self.set_aside: dict[str, FactsSetAside] = {}
        """What starts could not apply and nobody has released, by scope."""
        self.settled: dict[str, Price] = {}
        self.games: dict[str, str] = {}
        self.facts = 0
        self.stages = OrderStages()
        self._ranges = OutcomeRanges()
        self._orders: dict[str, tuple[str, str, BookSide]] = {}
        self._games: dict[str, str] = {}
        self._bands: dict[str, dict[str, BandMoved]] = {}
        """The latest of every order, by strategy."""

    def apply(self, fact: Fact) -> None:
        """Take one fact in. Raises InvariantBroken when a ledger entry does not sum to zero."""
        self.facts += 1
        self.stages.apply(fact)
        match fact:
            case StrategyOpened():
                tally = self.strategy(fact.strategy)
                tally.kind, tally.bankroll = fact.kind, fact.bankroll
            case SignalRaised():
                self._signal(fact)
            case OrderDenied():
                _count(self.strategy(fact.strategy).denied, fact.reason.value)
            case OrderSubmitted():
                order = fact.order
                self._orders[order.order_id] = (order.strategy, order.ticker, order.side)
                self._games[order.ticker] = order.game
                tally = self.strategy(order.strategy)
                tally.orders += 1
                tally.delayed += fact.arrives_pessimistic_at not in (None, fact.arrives_at)
            case OrderRested():
                self.strategy(fact.strategy).rested += 1
            case OrderRejected():
                _count(self.strategy(fact.strategy).rejected, fact.code.value)
            case OrderCancelled():
                _count(self.strategy(fact.strategy).cancelled, fact.reason.value)
            case OrderFilled():
                self._filled(fact)
            case BandMoved():
                self._bands.setdefault(fact.strategy, {})[fact.order_id] = fact
            case LedgerPosted():
                self.ledger.post(fact)
            case PositionSettled():
                self._settled(fact)
            case MarketResultKnown():
                # A reading may hold what the base one does not, and then no position is settled.
                self.settled[fact.ticker] = fact.value
            case TradingHalted():
                self.halted[fact.scope] = fact
            case TradingResumed():
                self.halted.pop(fact.scope, None)
                self.set_aside.pop(fact.scope, None)
            case FactsSetAside():
                self.set_aside[fact.scope] = fact
            case _:
                pass

    def strategy(self, name: str) -> StrategyTally:
        """The numbers of one strategy, made at its first mention."""
        tally = self.strategies.get(name)
        if tally is None:
            tally = self.strategies[name] = StrategyTally(name)
        return tally

    def fees(self, name: str) -> Money:
        """Fees paid so far."""
        return self.ledger.balance(ledger.fees(name))

    def realized(self, name: str) -> Money:
        """Result of closed and settled positions, after fees."""
        return Money(-self.ledger.balance(ledger.result(name)) - self.fees(name))

    def unrealized(self, name: str, marks: Mapping[str, ValuationMark]) -> Money:
        """What the open positions would fetch at once, less what they cost."""
        total = 0
        for ticker, count in self.strategy(name).positions.items():
            mark = marks.get(ticker, NO_MARK)
            value = liquidation_value(count, mark.yes_bid, mark.yes_ask)
            total += value - self.ledger.balance(ledger.collateral(name, ticker))
        return Money(total)

    def band(self, name: str, marks: Mapping[str, ValuationMark]) -> Band:
        """Profit and loss under the three readings; `base` is realized plus unrealized to the last digit."""
        # From the ledger and not from band facts: the base band is what was booked, to the last digit.
        base = Money(self.realized(name) + self.unrealized(name, marks))
        return Band(self._banded(name, "pessimistic", marks), base, self._banded(name, "optimistic", marks))

    def by_game(self, name: str, marks: Mapping[str, ValuationMark]) -> dict[str, Band]:
        """Profit and loss by game under the three readings, of every game in which one of them traded.

        What the venue's rounding takes from a payout belongs to no order and is left out here.
        """
        totals: dict[str, dict[str, int]] = {}
        for reading in READINGS:
            for ticker, position in self._positions_of(name, reading).items():
                game = self._games.get(ticker, ticker)
                total = totals.setdefault(game, dict.fromkeys(READINGS, 0))
                total[reading] += self._band_value(ticker, position, marks)
        return {
            game: Band(**{reading: Money(amount) for reading, amount in totals[game].items()})
            for game in sorted(totals)
        }

    def ranges(self, name: str) -> Mapping[str, OutcomeRange]:
        """What every game stood to bring, by the base reading's fills; `by_game` has what it brought."""
        return self._ranges.of(name)

    def _banded(self, name: str, band: str, marks: Mapping[str, ValuationMark]) -> Money:
        positions = self._positions_of(name, band)
        return Money(sum(self._band_value(ticker, position, marks) for ticker, position in positions.items()))

    def _positions_of(self, name: str, band: str) -> dict[str, BandPosition]:
        """What a strategy holds by market under one reading; markets that no reading filled are not there."""
        positions: dict[str, BandPosition] = {}
        for order_id, moved in self._bands.get(name, {}).items():
            if not (moved.pessimistic or moved.base or moved.optimistic):
                continue
            # A band fact carries amounts without a direction; the direction is its order's.
            side = self._orders[order_id][2]
            sign = 1 if side is BookSide.BID else -1
            position = positions.setdefault(moved.ticker, BandPosition())
            position.count = Count(position.count + sign * getattr(moved, band))
            position.cash = Money(position.cash + getattr(moved, f"{band}_cash"))
        return positions

    def _band_value(self, ticker: str, position: BandPosition, marks: Mapping[str, ValuationMark]) -> int:
        value = self.settled.get(ticker)
        if value is not None:
            return position.cash + position.count * value
        mark = marks.get(ticker, NO_MARK)
        worth = liquidation_value(position.count, mark.yes_bid, mark.yes_ask)
        # In YES terms a short contract owes a whole dollar, and its NO side is worth what liquidation brings.
        return position.cash + worth + min(position.count, 0) * PRICE_ONE

    def _signal(self, fact: SignalRaised) -> None:
        tally = self.strategy(fact.strategy)
        if fact.action is SignalAction.NO_TRADE:
            tally.near_misses += 1
            tally.missed[fact.reason] = tally.missed.get(fact.reason, 0) + 1
        else:
            tally.signals += 1

    def _filled(self, fact: OrderFilled) -> None:
        tally = self.strategy(fact.strategy)
        tally.fills += 1
        tally.assumed += fact.evidence.pseudo
        tally.contracts = Count(tally.contracts + fact.count)
        sign = 1 if fact.side is BookSide.BID else -1
        before = tally.positions.get(fact.ticker, 0)
        tally.positions[fact.ticker] = Count(before + sign * fact.count)
        self.games[fact.ticker] = fact.game
        self._ranges.on_filled(fact)

    def _settled(self, fact: PositionSettled) -> None:
        positions = self.strategy(fact.strategy).positions
        # A corrected result: the position stands again until the venue settles it anew.
        if fact.reversal:
            self.settled.pop(fact.ticker, None)
            positions[fact.ticker] = fact.position
        else:
            self.settled[fact.ticker] = fact.value
            positions[fact.ticker] = Count(0)


def _count(counts: dict[str, int], key: str) -> None:
    counts[key] = counts.get(key, 0) + 1
