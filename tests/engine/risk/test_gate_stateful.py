"""No sequence of orders, fills, restarts and limit changes leaves a limit exceeded by our own action.

The machine keeps its own simple book of positions and open orders and measures by brute force what every
limit is about, with every open order filled or not as is worst. A limit that is lowered below what is already
held or open is not our action's doing; from then on the use may only fall.

Covers: engine.message.
"""

from itertools import product

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.events import BookSide
from engine.facts import OrderCancelled, OrderRejected
from engine.message import changed
from engine.orders import CancelReason, PlaceOrder, RejectCode, TimeInForce
from engine.risk import RiskLimits
from engine.units import COUNT_ONE, COUNT_ZERO, MONEY_ONE, PRICE_ONE, Count, Money
from tests.engine.risk.desk import OFF, Desk
from tests.engine.strategies.evening import AWAY_WINS, GAME, HOME_WINS, START, market, top

HOME_BY_5 = f"{GAME}-LAL5"
OVER_220 = f"{GAME}-221"
MARKETS = (HOME_WINS, AWAY_WINS, HOME_BY_5, OVER_220)
NAMES = ("alpha", "beta")
LIMITS = (
    "contracts_per_market",
    "contracts_per_game",
    "contracts_per_strategy",
    "contracts_total",
    "exposure_per_market",
    "exposure_total",
    "worst_case_per_game",
    "loss_per_day",
)
OUTCOMES = [(margin, points) for margin in (-6, -1, 1, 4, 5, 12) for points in (220, 221)]


def pays(ticker: str, margin: int, points: int) -> bool:
    return {
        HOME_WINS: margin > 0,
        AWAY_WINS: margin < 0,
        HOME_BY_5: margin > 4.5,
        OVER_220: points > 220.5,
    }[ticker]


@attrs.define
class Held:
    """A position as its fills made it: contracts, money that went out, and what the present position cost."""

    count: int = 0
    cash: int = 0
    cost: int = 0


class Gate(RuleBasedStateMachine):
    """See the module."""

    @initialize()
    def begin(self) -> None:
        limits = RiskLimits(**{**OFF, **dict.fromkeys(LIMITS, 30.0)})  # type: ignore[arg-type]
        self.desk = Desk(limits)
        for ticker, kind, team, strike in (
            (AWAY_WINS, "game", None, None),
            (HOME_BY_5, "spread", "LAL", 4.5),
            (OVER_220, "total", None, 220.5),
        ):
            self.desk.gate.on_game_news(market(ticker, kind, team, strike), START)
            self.desk.gate.on_game_news(top(ticker, 49, 51, size=1000), START)
        self.held = {(name, ticker): Held() for name, ticker in product(NAMES, MARKETS)}
        self.open: dict[str, PlaceOrder] = {}
        self.left: dict[str, int] = {}
        self.allowed = dict.fromkeys(LIMITS, 30.0)
        self.lost = 0

    @rule(
        ticker=st.sampled_from(MARKETS),
        name=st.sampled_from(NAMES),
        side=st.sampled_from(BookSide),
        price=st.integers(2, 98),
        count=st.integers(1, 12),
    )
    def send(self, ticker: str, name: str, side: BookSide, price: int, count: int) -> None:
        order = changed(self.desk.order(price, count, side, name), ticker=ticker, tif=TimeInForce.GTC)
        order = changed(order, p_fair=0.999 if side is BookSide.BID else 0.001)
        step = self.desk.gate.judge(order, self.desk.now)
        self.desk.facts += step.facts
        if step.approved:
            self.open[order.order_id] = order
            self.left[order.order_id] = order.count

    @precondition(lambda self: self.open)
    @rule(data=st.data(), whole=st.booleans())
    def fill(self, data: st.DataObject, whole: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        order = self.open[data.draw(st.sampled_from(sorted(self.open)))]
        left = self.left[order.order_id]
        count = left if whole else data.draw(st.integers(1, left // COUNT_ONE)) * COUNT_ONE
        fee = _fee(order, count)
        self._book(order, count, fee)
        self.left[order.order_id] = left - count
        self.desk.filled(changed(order, count=Count(left)), count / COUNT_ONE, fee)
        if not self.left[order.order_id]:
            del self.open[order.order_id]

    @precondition(lambda self: self.open)
    @rule(data=st.data(), rejected=st.booleans())
    def end(self, data: st.DataObject, rejected: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        order = self.open.pop(data.draw(st.sampled_from(sorted(self.open))))
        now = self.desk.now
        if rejected and self.left[order.order_id] == order.count:
            fact = OrderRejected(
                order.order_id, order.strategy, order.ticker, RejectCode.BOOK_UNTRUSTED, "", now
            )
            self.desk.on_committed_fact(fact)
        else:
            reason = CancelReason.EXPIRED
            self.desk.on_committed_fact(
                OrderCancelled(order.order_id, order.strategy, order.ticker, COUNT_ZERO, reason, now)
            )

    @rule(name=st.sampled_from(LIMITS), value=st.integers(1, 60))
    def change(self, name: str, value: int) -> None:
        step = self.desk.gate.set_limit(name, None, str(value), "eva", self.desk.now)
        self.desk.facts += step.facts
        # What is open may still fill before its cancel arrives: the use of this moment is the new ceiling.
        self.allowed[name] = max(float(value), self.uses()[name])

    @rule()
    def restart(self) -> None:
        before = self.desk.gate.limits_in_use(self.desk.now)
        gate = self.desk.restarted()
        assert gate.limits_in_use(self.desk.now) == before
        self.desk.gate = gate

    @rule(margin_points=st.sampled_from(OUTCOMES), ticker=st.sampled_from(MARKETS))
    def settle(self, margin_points: tuple[int, int], ticker: str) -> None:
        """A market is paid; its open orders die first, as they do at the close."""
        for order in [order for order in self.open.values() if order.ticker == ticker]:
            self.open.pop(order.order_id)
            self.desk.cancelled(order)
        value = int(pays(ticker, *margin_points))
        for name in NAMES:
            held = self.held[name, ticker]
            if held.count:
                self._settle(name, ticker, value)
        # What was paid may have covered what is still held: the venue did that, and not we.
        worst = "worst_case_per_game"
        self.allowed[worst] = max(self.allowed[worst], self.uses()[worst])

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        if not hasattr(self, "desk"):
            return
        uses = self.uses()
        for name in LIMITS:
            assert uses[name] <= self.allowed[name] + 1e-6, name
            limit = self.desk.gate.limits.number(name)
            assert limit is not None
            self.allowed[name] = max(limit, min(self.allowed[name], uses[name]))

    def uses(self) -> dict[str, float]:
        """What each limit is about, by brute force."""
        contracts = {key: self._contracts(*key) for key in self.held}
        dollars = {key: self._dollars(*key) for key in self.held}
        return {
            "contracts_per_market": max(sum(contracts[n, t] for n in NAMES) for t in MARKETS),
            "contracts_per_game": sum(contracts.values()),
            "contracts_per_strategy": max(sum(contracts[n, t] for t in MARKETS) for n in NAMES),
            "contracts_total": sum(contracts.values()),
            "exposure_per_market": max(sum(dollars[n, t] for n in NAMES) for t in MARKETS),
            "exposure_total": sum(dollars.values()),
            "worst_case_per_game": max(-self._result(*outcome) for outcome in OUTCOMES),
            "loss_per_day": max(0, -self.lost) / MONEY_ONE + sum(dollars.values()),
        }

    def _orders(self, name: str, ticker: str) -> list[tuple[PlaceOrder, int]]:
        return [
            (order, self.left[key])
            for key, order in self.open.items()
            if (order.strategy, order.ticker) == (name, ticker)
        ]

    def _contracts(self, name: str, ticker: str) -> float:
        held = self.held[name, ticker].count
        reach = [held]
        for order, left in self._orders(name, ticker):
            change = left if order.side is BookSide.BID else -left
            reach += [count + change for count in reach]
        return max(abs(count) for count in reach) / COUNT_ONE

    def _dollars(self, name: str, ticker: str) -> float:
        """The dearest that any set of open orders, filled in any order of sides, makes the position."""
        held = self.held[name, ticker]
        dearest = held.cost
        for side in BookSide:
            state = attrs.evolve(held)
            chosen = [pair for pair in self._orders(name, ticker) if pair[0].side is side]
            for order, left in sorted(chosen, key=lambda pair: _own(pair[0])):
                _fold(state, order, left, _fee(order, left))
                dearest = max(dearest, state.cost)
        return dearest / MONEY_ONE

    def _result(self, margin: int, points: int) -> float:
        money = 0
        for (name, ticker), held in self.held.items():
            yes = pays(ticker, margin, points)
            money += held.cash + (held.count * PRICE_ONE if yes else 0)
            for order, left in self._orders(name, ticker):
                gain = (PRICE_ONE if yes else 0) - order.price
                money += min(0, left * (gain if order.side is BookSide.BID else -gain) - _fee(order, left))
        return money / MONEY_ONE

    def _book(self, order: PlaceOrder, count: int, fee: int) -> None:
        self.lost += _fold(self.held[order.strategy, order.ticker], order, count, fee)

    def _settle(self, name: str, ticker: str, value: int) -> None:
        held = self.held[name, ticker]
        payout = held.count * value if held.count > 0 else -held.count * (1 - value)
        self.lost += payout * PRICE_ONE - held.cost
        self.desk.paid(name, ticker, held.count, value)
        self.held[name, ticker] = Held()


def _fee(order: PlaceOrder, count: int) -> Money:
    """The taker's fee by the venue's formula."""
    return Money(7 * count * order.price * (PRICE_ONE - order.price) // (100 * PRICE_ONE))


def _own(order: PlaceOrder) -> int:
    return order.price if order.side is BookSide.BID else PRICE_ONE - order.price


def _fold(held: Held, order: PlaceOrder, count: int, fee: int) -> int:
    """A fill by the definition: close at the average cost, open at the price; returns what it realized."""
    change = count if order.side is BookSide.BID else -count
    held.cash -= order.price * change + fee
    closing = min(count, abs(held.count)) if held.count * change < 0 else 0
    realized = 0
    if closing:
        cost = held.cost * closing // abs(held.count)
        realized = (PRICE_ONE - _own(order)) * closing - cost - fee * closing // count
        held.cost -= cost
        fee -= fee * closing // count
    if count > closing:
        held.cost = (0 if closing else held.cost) + _own(order) * (count - closing) + fee
    held.count += change
    return realized


TestNoLimitIsExceeded = Gate.TestCase
TestNoLimitIsExceeded.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
