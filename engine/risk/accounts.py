"""The risk gate's state of every strategy: exposure, results, peaks, losing streaks and orders sent.

Folded from facts only, so that a restarted gate has the same state. Used by the gate and its rules.
Days are the venue's game days: Eastern time, and the small hours belong to the evening before.
"""

import datetime as dt
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from engine.accounts import SHARED
from engine.calendar import game_day
from engine.facts import (
    CancelRefused,
    Fact,
    OrderAmended,
    OrderApproved,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PositionSettled,
    StrategyChanged,
    StrategyOpened,
)
from engine.fees import FeeTerms
from engine.orders import AmendOrder, CancelOrder, Liquidity, PlaceOrder
from engine.risk.exposure import Exposure, Pending, pending
from engine.strategy_traits import STRICTEST, StrategyTraits, traits_of
from engine.units import MONEY_ZERO, NANOS_PER_DAY, Count, Money, Nanos


def game_week(at: Nanos) -> tuple[int, int]:
    """The year and the number of the (ISO) week of a moment's game day."""
    year, week, _weekday = game_day(at).isocalendar()
    return year, week


@attrs.define
class Account:
    """One strategy. `realized` is all it ever won or lost on what it closed; `peak` the most equity it had
    so.
    """

    strategy: str
    shares: str = SHARED
    """The account on which it trades, by name; strategies that share one have the same."""
    traits: StrategyTraits = STRICTEST
    bankroll: Money | None = None
    enabled: bool = True
    realized: Money = MONEY_ZERO
    peak: Money = MONEY_ZERO
    streak: int = 0
    streak_at: Nanos = Nanos(0)
    by_day: dict[dt.date, Money] = attrs.field(factory=dict)
    entries: deque[Nanos] = attrs.field(factory=deque)

    def equity(self) -> Money:
        """The starting capital and what was realized since."""
        return Money((self.bankroll or 0) + self.realized)

    def realize(self, amount: Money, at: Nanos) -> None:
        """Book a result."""
        self.realized = Money(self.realized + amount)
        day = game_day(at)
        self.by_day[day] = Money(self.by_day.get(day, 0) + amount)
        self.peak = max(self.peak, self.equity())

    def realized_in_week(self, week: tuple[int, int]) -> Money:
        """The week's realized result."""
        return Money(sum(amount for day, amount in self.by_day.items() if day.isocalendar()[:2] == week))

    def concluded(self, result: Money, at: Nanos) -> None:
        """A position is closed: count losses in a row."""
        if result < 0:
            self.streak += 1
            self.streak_at = at
        else:
            self.streak = 0


@attrs.frozen
class Scope:
    """Whose use counts against a limit: everybody's, an account's or a strategy's."""

    account: str | None = None
    strategy: str | None = None

    def covers(self, owner: Account) -> bool:
        """Whether a strategy's use counts."""
        if self.strategy is not None:
            return owner.strategy == self.strategy
        return self.account is None or owner.shares == self.account


EVERYBODY: Final = Scope()


class Accounts:
    """All strategies' accounts and exposures, and every order id that was ever approved."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.of: dict[str, Account] = {}
        self.exposures: dict[tuple[str, str], Exposure] = {}
        self._held_by: dict[str, dict[str, Exposure]] = {}
        """The same by strategy and ticker: a sweep's gate judges orders of hundreds of strategies."""
        self._sharing: dict[str, dict[str, Account]] = {}
        """Strategies by the account that they share."""
        self.orders: dict[str, Exposure] = {}
        self.seen: set[str] = set()
        self._settled: dict[tuple[str, str], Exposure] = {}
        self._fills: set[str] = set()

    def account(self, strategy: str) -> Account:
        """A strategy's account, made at its first mention; without a bankroll it may not trade."""
        account = self.of.get(strategy)
        if account is None:
            account = self.of[strategy] = Account(strategy)
            self._sharing.setdefault(account.shares, {})[strategy] = account
        return account

    def exposure(self, strategy: str, ticker: str, game: str) -> Exposure:
        """A strategy's exposure in a market, made at its first mention."""
        exposure = self.exposures.get((strategy, ticker))
        if exposure is None:
            exposure = Exposure(strategy, ticker, game)
            self._put(exposure)
        return exposure

    def _put(self, exposure: Exposure) -> None:
        self.exposures[exposure.strategy, exposure.ticker] = exposure
        self._held_by.setdefault(exposure.strategy, {})[exposure.ticker] = exposure

    def owners(self, scope: Scope) -> list[Account]:
        """The strategies of a scope."""
        if scope.strategy is not None:
            return [self.of[scope.strategy]] if scope.strategy in self.of else []
        if scope.account is not None:
            return list(self._sharing.get(scope.account, {}).values())
        return list(self.of.values())

    def _held_in(self, scope: Scope, strategy: str | None) -> Iterable[Exposure]:
        """The exposures of a scope in the order in which they were made, as few as can be had at once."""
        alone = strategy or scope.strategy
        if alone is None and scope.account is not None:
            owners = self._sharing.get(scope.account, {})
            # Of several owners the order of all their exposures would be lost.
            alone = next(iter(owners)) if len(owners) == 1 else None
        return self.exposures.values() if alone is None else self._held_by.get(alone, {}).values()

    def select(
        self,
        scope: Scope = EVERYBODY,
        *,
        strategy: str | None = None,
        ticker: str | None = None,
        game: str | None = None,
    ) -> Iterator[Exposure]:
        """The exposures of a scope, a strategy, a market or a game; all of them without a filter."""
        for exposure in self._held_in(scope, strategy):
            if scope is not EVERYBODY and not scope.covers(self.account(exposure.strategy)):
                continue
            if strategy is not None and exposure.strategy != strategy:
                continue
            if ticker is not None and exposure.ticker != ticker:
                continue
            if game is None or exposure.game == game:
                yield exposure

    def approve(self, order: PlaceOrder, terms: FeeTerms, at: Nanos) -> None:
        """An order is approved: it counts from now on, whatever becomes of it."""
        if order.order_id in self.seen:
            return
        self.seen.add(order.order_id)
        exposure = self.exposure(order.strategy, order.ticker, order.game)
        exposure.orders[order.order_id] = pending(order, terms)
        self.orders[order.order_id] = exposure
        if not order.exit:
            entries = self.account(order.strategy).entries
            entries.append(at)
            # Two days: the longest window that a limit looks at is a game day, which has up to 25 hours.
            while entries[0] < at - 2 * NANOS_PER_DAY:
                entries.popleft()

    def restore_order(self, exposure: Exposure, found: Pending) -> None:
        """Put an open order back as it was before a trial."""
        order_id = found.order.order_id
        self.seen.add(order_id)
        self._put(exposure)
        exposure.orders[order_id] = found
        self.orders[order_id] = exposure

    def forget(self, strategy: str, ticker: str) -> None:
        """Drop an exposure in which there is nothing."""
        exposure = self.exposures.get((strategy, ticker))
        if exposure is not None:
            self._forget(exposure)

    def amend(self, amend: AmendOrder, terms: FeeTerms) -> None:
        """An amend is approved: until it is known to have happened, the worse of both orders counts."""
        found = self.open_order(amend.order_id)
        if found is None:
            return
        # The dearer price and the larger count, though no order ever has both: until one of the two has
        # happened either may still fill.
        price = max(found.price, amend.price) if found.buys else min(found.price, amend.price)
        count = max(found.remaining, amend.count)
        estimate = terms.estimate
        worse = pending(found.order, terms)
        fee = max(
            estimate(Liquidity.TAKER, found.price, count), estimate(Liquidity.TAKER, amend.price, count)
        )
        found.price, found.remaining, found.count = price, count, count
        found.fee = Money(max(fee, worse.fee))

    def open_order(self, order_id: str) -> Pending | None:
        """An approved order that may still trade."""
        exposure = self.orders.get(order_id)
        return None if exposure is None else exposure.orders.get(order_id)

    def apply(self, fact: Fact) -> None:
        """Fold what the exchange and the operators said."""
        match fact:
            case OrderFilled():
                self._filled(fact)
            case OrderCancelled() | OrderRejected():
                self._ended(fact.order_id)
            case OrderAmended():
                self._amended(fact)
            case CancelRefused():
                pass
            case PositionSettled():
                self._settle(fact)
            case StrategyOpened():
                account = self.account(fact.strategy)
                account.traits, account.bankroll = traits_of(fact.kind, fact.traits), fact.bankroll
                self._share(account, fact.account)
                account.peak = max(account.peak, account.equity())
            case StrategyChanged():
                self.account(fact.strategy).enabled = fact.enabled
            case _:
                pass

    def restore(self, fact: OrderApproved, terms: FeeTerms) -> None:
        """Fold an approval of an earlier life."""
        match fact.command:
            case PlaceOrder():
                self.approve(fact.command, terms, fact.at)
            case AmendOrder():
                self.amend(fact.command, terms)
            case CancelOrder():
                pass

    def _ended(self, order_id: str) -> None:
        exposure = self.orders.pop(order_id, None)
        if exposure is not None:
            exposure.orders.pop(order_id, None)
            self._forget(exposure)

    def _filled(self, fact: OrderFilled) -> None:
        if fact.fill_id in self._fills:
            # Remembered before the restart, committed after it: the same fact may come twice.
            return
        self._fills.add(fact.fill_id)
        exposure = self.exposure(fact.strategy, fact.ticker, fact.game)
        account = self.account(fact.strategy)
        before = exposure.count
        realized = exposure.fill(fact.side, fact.price, fact.count, fact.fee)
        if realized:
            account.realize(realized, fact.at)
        found = exposure.orders.get(fact.order_id)
        if found is not None:
            found.remaining = fact.remaining
        if fact.remaining <= 0:
            self._ended(fact.order_id)
        # A position that changes sign was closed and another opened in one fill: that is a round trip too.
        if before * exposure.count < 0 or (before != 0 and exposure.count == 0):
            account.concluded(exposure.trip, fact.at)
            exposure.trip = MONEY_ZERO
        self._forget(exposure)

    def _amended(self, fact: OrderAmended) -> None:
        found = self.open_order(fact.order_id)
        if found is not None:
            found.price, found.remaining, found.count = fact.price, fact.remaining, fact.remaining
            if fact.remaining <= 0:
                self._ended(fact.order_id)

    def _settle(self, fact: PositionSettled) -> None:
        key = (fact.strategy, fact.ticker)
        account = self.account(fact.strategy)
        if fact.reversal:
            self._unsettle(fact, account)
            return
        exposure = self.exposures.get(key)
        if exposure is None or exposure.count == 0:
            return
        result = Money(fact.payout - exposure.cost)
        account.realize(result, fact.at)
        account.concluded(Money(exposure.trip + result), fact.at)
        # Kept as it was: the venue may dispute a determined result, and then the position stands again.
        self._settled[key] = attrs.evolve(exposure, orders={})
        exposure.count, exposure.cost, exposure.trip = Count(0), MONEY_ZERO, MONEY_ZERO
        exposure.cash = MONEY_ZERO
        self._forget(exposure)

    def _unsettle(self, fact: PositionSettled, account: Account) -> None:
        """A dispute changed the result: the position stands again until it is settled anew."""
        key = (fact.strategy, fact.ticker)
        settled = self._settled.pop(key, None)
        if settled is not None:
            # What the settlement had realized, the other way round, on the day of the dispute: a closed day
            # stays as it was.
            account.realize(Money(settled.cost - abs(fact.payout)), fact.at)
            self._put(settled)

    def _forget(self, exposure: Exposure) -> None:
        """Drop the exposure of a market without position, orders and cash; its results are in the account."""
        if exposure.count == 0 and not exposure.orders and exposure.cash == 0:
            self.exposures.pop((exposure.strategy, exposure.ticker), None)
            self._held_by.get(exposure.strategy, {}).pop(exposure.ticker, None)

    def _share(self, account: Account, shares: str) -> None:
        """Let a strategy trade on an account, together with whoever does already."""
        del self._sharing[account.shares][account.strategy]
        account.shares = shares
        # In the order in which strategies were first heard of, as all of them are listed.
        sharing = {each.strategy: each for each in self.of.values() if each.shares == shares}
        self._sharing[shares] = sharing
