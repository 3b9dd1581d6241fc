"""What can be read off the paper exchange: accounts, positions, open orders, readings, and the balance.

The reading half of `PaperExchange`; changes nothing. Positions are valued at what they would fetch, the bid,
never at a middle price.
"""

from collections.abc import Iterable

import attrs

from engine import ledger
from engine.book import Book
from engine.events import BookSnapshot, Trust
from engine.exchange.balance import available, reserved
from engine.exchange.orders import BandTotals, PaperOrder
from engine.exchange.rules import ExchangeRules
from engine.exchange.state import ExchangeState
from engine.exchange.step_context import StepContext
from engine.positions import Position, liquidation_value
from engine.units import PRICE_ONE, Count, Money, Nanos


@attrs.frozen
class Account:
    """A strategy's money. `equity` is cash, claims and what the positions would fetch at the bid."""

    strategy: str
    bankroll: Money
    cash: Money
    reserved: Money
    available: Money
    collateral: Money
    claims: Money
    fees: Money
    realized: Money
    """Gains of closed and settled contracts before fees."""
    unrealized: Money
    equity: Money


@attrs.frozen
class BandResult:
    """A strategy's result so far in the three readings, fees included; positions at the bid or the result."""

    pessimistic: Money
    base: Money
    optimistic: Money


class ExchangeViews:
    """Read access to the exchange's state."""

    def __init__(self, rules: ExchangeRules, state: ExchangeState) -> None:
        """Look at `state` under `rules`."""
        self.rules = rules
        self.state = state

    def account(self, strategy: str) -> Account:
        """A strategy's money; all zero for one that was never opened."""
        state, context = self.state, StepContext(self.state, self.rules, Nanos(0))
        balance = state.ledger.balance
        held = [(ticker, held) for (name, ticker), held in state.positions.items() if name == strategy]
        collateral = sum(position.cost for _, position in held)
        worth = sum(self._worth(ticker, position.count) for ticker, position in held)
        claims = sum(balance(ledger.claim(strategy, ticker)) for ticker, _ in held)
        opened = state.accounts.get(strategy)
        return Account(
            strategy=strategy,
            bankroll=Money(0) if opened is None else opened.bankroll,
            cash=context.cash(strategy),
            reserved=reserved(context, strategy),
            available=available(context, strategy),
            collateral=Money(collateral),
            claims=Money(claims),
            fees=balance(ledger.fees(strategy)),
            realized=Money(-balance(ledger.result(strategy))),
            unrealized=Money(worth - collateral),
            equity=Money(context.cash(strategy) + claims + worth),
        )

    def _worth(self, ticker: str, count: int) -> int:
        """What contracts would fetch now: the venue's result if there is one, else the bid."""
        market = self.state.market(ticker)
        if market.result is not None:
            value = market.result.value
            return count * value if count >= 0 else -count * (PRICE_ONE - value)
        return liquidation_value(Count(count), market.book.yes_bid, market.book.yes_ask)

    def accounts(self) -> tuple[Account, ...]:
        """All strategies' money, in the order in which they were opened."""
        return tuple(self.account(strategy) for strategy in self.state.accounts)

    def positions(self, strategy: str | None = None) -> dict[tuple[str, str], Position]:
        """Positions by (strategy, ticker); flat ones with a history too."""
        return {
            key: position
            for key, position in self.state.positions.items()
            if strategy is None or key[0] == strategy
        }

    def open_orders(self, strategy: str | None = None) -> tuple[PaperOrder, ...]:
        """Orders on their way or in the book, in the order in which they were sent."""
        return tuple(
            order
            for order in self.state.orders.values()
            if order.remaining and (strategy is None or order.strategy == strategy)
        )

    def bands(self, strategy: str) -> BandResult:
        """The strategy's result as a band."""
        result = BandTotals()
        for (name, ticker), totals in self.state.bands.items():
            if name != strategy:
                continue
            result.pessimistic_cash += totals.pessimistic_cash + self._value(ticker, totals.pessimistic)
            result.base_cash += totals.base_cash + self._value(ticker, totals.base)
            result.optimistic_cash += totals.optimistic_cash + self._value(ticker, totals.optimistic)
        return BandResult(
            Money(result.pessimistic_cash), Money(result.base_cash), Money(result.optimistic_cash)
        )

    def _value(self, ticker: str, count: int) -> int:
        """A signed position in YES terms.

        NO contracts are a debt of one dollar each that pays what NO fetches.
        """
        return self._worth(ticker, count) - (PRICE_ONE * -count if count < 0 else 0)

    @property
    def imbalance(self) -> Money:
        """The sum of all accounts. Raises InvariantBroken unless it is zero."""
        return self.state.ledger.verify()

    def book(self, ticker: str) -> Book:
        """The exchange's own book of a market."""
        return self.state.market(ticker).book

    def books(self) -> tuple[BookSnapshot, ...]:
        """Every synchronized book, as something that another exchange can hear."""
        return tuple(
            market.book.as_snapshot() for market in self.state.markets.values() if market.book.synced
        )

    def needs_book(self, tickers: Iterable[str] | None = None) -> tuple[str, ...]:
        """Markets without a current book: of those named, or of those where something of ours stands."""
        if tickers is None:
            held = {ticker: None for (_, ticker), held in self.state.positions.items() if held.count}
            tickers = {**held, **{order.ticker: None for order in self.state.orders.values()}}
        return tuple(ticker for ticker in tickers if not self.state.market(ticker).book.synced)

    def without_visibility(self) -> dict[str, Nanos]:
        """Markets whose trades are missing since a moment: whoever can fetch them should."""
        return {ticker: self.gaps_of(ticker)[0] for ticker in self.state.markets if self.gaps_of(ticker)}

    def gaps_of(self, ticker: str) -> tuple[Nanos, ...]:
        """Since when trades of a market are missing to some account, each moment once, the earliest first."""
        accounts = self.state.market(ticker).accounts.values()
        return tuple(
            sorted({each.no_visibility_since for each in accounts if each.no_visibility_since is not None})
        )

    def trust(self, ticker: str) -> Trust:
        """Whether the market's book may be filled from."""
        return self.state.market(ticker).book.trust
