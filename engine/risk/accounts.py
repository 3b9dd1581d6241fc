"""The risk gate's state of every strategy: exposure, results, peaks, losing streaks and orders sent.

Folded from facts only, so that a restarted gate has the same state. Used by the gate and its rules.
Days are the venue's game days: Eastern time, and the small hours belong to the evening before.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
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
from engine.invariant import InvariantBroken
from engine.orders import AmendOrder, CancelOrder, Liquidity, PlaceOrder
from engine.risk.exposure import Exposure, Pending, pending
from engine.risk.holdings import Holdings
from engine.risk.sent import SentEntries
from engine.strategy_traits import STRICTEST, StrategyTraits, traits_of
from engine.units import MONEY_ZERO, Count, Money, Nanos
from engine.view import MarketView


def game_week(at: Nanos) -> tuple[int, int]:
    """The year and the number of the (ISO) week of a moment's game day."""
    year, week, _weekday = game_day(at).isocalendar()
    return year, week


@attrs.define
class Results:
    """What was realized on each game day and in each week."""

    by_day: dict[dt.date, Money] = attrs.field(factory=dict)
    by_week: dict[tuple[int, int], Money] = attrs.field(factory=dict)

    def add(self, amount: Money, at: Nanos) -> None:
        """Book a result."""
        day, week = game_day(at), game_week(at)
        self.by_day[day] = Money(self.by_day.get(day, 0) + amount)
        self.by_week[week] = Money(self.by_week.get(week, 0) + amount)

    def join(self, other: "Results") -> None:
        """Add those of somebody else."""
        for day, amount in other.by_day.items():
            self.by_day[day] = Money(self.by_day.get(day, 0) + amount)
        for week, amount in other.by_week.items():
            self.by_week[week] = Money(self.by_week.get(week, 0) + amount)


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
    results: Results = attrs.field(factory=Results)
    entries: SentEntries = attrs.field(factory=SentEntries)

    def equity(self) -> Money:
        """The starting capital and what was realized since."""
        return Money((self.bankroll or 0) + self.realized)

    def realize(self, amount: Money, at: Nanos) -> None:
        """Book a result."""
        self.realized = Money(self.realized + amount)
        self.results.add(amount, at)
        self.peak = max(self.peak, self.equity())

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
    """All strategies' accounts and exposures, and every order id that was ever approved.

    What changes an exposure touches it, and `recount` brings the totals up to date before anybody reads them.
    """

    def __init__(self) -> None:
        """Begin with nobody."""
        self.of: dict[str, Account] = {}
        self.holdings = Holdings()
        self.orders: dict[str, Exposure] = {}
        self.seen: set[str] = set()
        self.results = Results()
        """Of all strategies together."""
        self._sent: dict[str, SentEntries] = {}
        self._settled: dict[tuple[str, str], Exposure] = {}
        self._fills: set[str] = set()
        self._standing: tuple[int, int] | None = None

    @property
    def exposures(self) -> dict[tuple[str, str], Exposure]:
        """All exposures by strategy and ticker."""
        return self.holdings.of

    def account(self, strategy: str) -> Account:
        """A strategy's account, made at its first mention; without a bankroll it may not trade."""
        account = self.of.get(strategy)
        if account is None:
            account = self.of[strategy] = Account(strategy)
        return account

    def exposure(self, strategy: str, ticker: str, game: str) -> Exposure:
        """A strategy's exposure in a market, made at its first mention."""
        exposure = self.exposures.get((strategy, ticker))
        if exposure is None:
            exposure = Exposure(strategy, ticker, game)
            self.holdings.put(exposure, self.account(strategy).shares)
        return exposure

    def owners(self, scope: Scope) -> list[Account]:
        """The strategies of a scope."""
        return [account for account in self.of.values() if scope.covers(account)]

    def select(
        self,
        scope: Scope = EVERYBODY,
        *,
        strategy: str | None = None,
        ticker: str | None = None,
        game: str | None = None,
    ) -> Iterator[Exposure]:
        """The exposures of a scope, a strategy, a market or a game; all of them without a filter."""
        for exposure in self.exposures.values():
            if scope is not EVERYBODY and not scope.covers(self.account(exposure.strategy)):
                continue
            if strategy is not None and exposure.strategy != strategy:
                continue
            if ticker is not None and exposure.ticker != ticker:
                continue
            if game is None or exposure.game == game:
                yield exposure

    def open_orders(self, account: str, ticker: str, *, buys: bool) -> Iterator[Pending]:
        """The approved orders of an account in a market that buy YES, or that sell it."""
        for exposure in self.holdings.by_market.get(ticker, {}).values():
            if exposure.orders and self.account(exposure.strategy).shares == account:
                yield from (order for order in exposure.orders.values() if order.buys is buys)

    def sent(self, account: str) -> SentEntries:
        """The entries of all strategies that share an account."""
        sent = self._sent.get(account)
        if sent is None:
            sent = self._sent[account] = SentEntries()
        return sent

    def standing(self) -> tuple[int, int]:
        """The peaks and the equity of all that have a bankroll, each added up."""
        if self._standing is None:
            funded = [account for account in self.of.values() if account.bankroll is not None]
            peak, equity = sum(each.peak for each in funded), sum(each.equity() for each in funded)
            self._standing = peak, equity
        return self._standing

    def restart_peaks(self, strategy: str | None) -> None:
        """Measure the drawdown of a strategy, or of all, from where it stands now."""
        for account in self.of.values():
            if strategy is None or account.strategy == strategy:
                account.peak = account.equity()
        self._standing = None

    def check(self, views: Mapping[str, MarketView]) -> None:
        """Add everything up anew. Raises InvariantBroken where a running total says something else."""
        self.holdings.check(views)
        results, sent = Results(), dict[str, SentEntries]()
        entries = [(at, account.shares) for account in self.of.values() for at in account.entries]
        for at, shares in sorted(entries):
            sent.setdefault(shares, SentEntries()).add(at)
        for account in self.of.values():
            results.join(account.results)
        running = self.standing(), self.results, {name: list(self.sent(name)) for name in sent}
        self._standing = None
        again = self.standing(), results, {name: list(of_account) for name, of_account in sent.items()}
        if running != again:
            raise InvariantBroken(f"the running totals of the accounts are {running}, not {again}")

    def approve(self, found: Pending, at: Nanos) -> None:
        """An order is approved: it counts from now on, whatever becomes of it."""
        order = found.order
        if order.order_id in self.seen:
            return
        self.seen.add(order.order_id)
        exposure = self.exposure(order.strategy, order.ticker, order.game)
        self.holdings.touch(exposure)
        exposure.orders[order.order_id] = found
        self.orders[order.order_id] = exposure
        if not order.exit:
            account = self.account(order.strategy)
            account.entries.add(at)
            self.sent(account.shares).add(at)

    def take_out(self, exposure: Exposure, order_id: str) -> Pending:
        """Let an open order not count, for a trial of another in its place: see `put_back`."""
        # Nothing to recount: what judges the trial takes the exposure out of each total as it was counted.
        self.seen.discard(order_id)
        return exposure.orders.pop(order_id)

    def put_back(self, exposure: Exposure, found: Pending) -> None:
        """Put an open order back as it was before a trial."""
        order_id = found.order.order_id
        self.holdings.touch(exposure)
        self.seen.add(order_id)
        exposure.orders[order_id] = found

    def amend(self, amend: AmendOrder, terms: FeeTerms) -> None:
        """An amend is approved: until it is known to have happened, the worse of both orders counts."""
        found = self.open_order(amend.order_id)
        if found is None:
            return
        self.holdings.touch(self.orders[amend.order_id])
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
                self._open(fact)
            case StrategyChanged():
                self.account(fact.strategy).enabled = fact.enabled
            case _:
                pass

    def restore(self, fact: OrderApproved, terms: FeeTerms) -> None:
        """Fold an approval of an earlier life."""
        match fact.command:
            case PlaceOrder():
                self.approve(pending(fact.command, terms), fact.at)
            case AmendOrder():
                self.amend(fact.command, terms)
            case CancelOrder():
                pass

    def _open(self, fact: StrategyOpened) -> None:
        account = self.account(fact.strategy)
        account.traits, account.bankroll = traits_of(fact.kind, fact.traits), fact.bankroll
        account.peak = max(account.peak, account.equity())
        self._standing = None
        if account.shares != fact.account:
            account.shares = fact.account
            self.holdings.move(fact.strategy, fact.account)
            self._sent.clear()
            for each in self.of.values():
                for at in each.entries:
                    self.sent(each.shares).add(at)

    def _realize(self, account: Account, amount: Money, at: Nanos) -> None:
        account.realize(amount, at)
        self.results.add(amount, at)
        self._standing = None

    def _ended(self, order_id: str) -> None:
        exposure = self.orders.pop(order_id, None)
        if exposure is not None:
            self.holdings.touch(exposure)
            exposure.orders.pop(order_id, None)
            self._forget(exposure)

    def _filled(self, fact: OrderFilled) -> None:
        if fact.fill_id in self._fills:
            # Remembered before the restart, committed after it: the same fact may come twice.
            return
        self._fills.add(fact.fill_id)
        exposure = self.exposure(fact.strategy, fact.ticker, fact.game)
        account = self.account(fact.strategy)
        self.holdings.touch(exposure)
        before = exposure.count
        realized = exposure.fill(fact.side, fact.price, fact.count, fact.fee)
        if realized:
            self._realize(account, realized, fact.at)
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
            self.holdings.touch(self.orders[fact.order_id])
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
        self._realize(account, result, fact.at)
        account.concluded(Money(exposure.trip + result), fact.at)
        # Kept as it was: the venue may dispute a determined result, and then the position stands again.
        self._settled[key] = attrs.evolve(exposure, orders={})
        self.holdings.touch(exposure)
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
            self._realize(account, Money(settled.cost - abs(fact.payout)), fact.at)
            self.holdings.put(settled, account.shares)

    def _forget(self, exposure: Exposure) -> None:
        """Drop the exposure of a market without position, orders and cash; its results are in the account."""
        if exposure.count == 0 and not exposure.orders and exposure.cash == 0:
            self.holdings.drop(exposure)
