"""A gate with a market to trade in, and short ways to send it orders and tell it what became of them.

Used by the tests of this folder.
"""

from engine.accounts import Accounts
from engine.events import BookSide
from engine.facts import (
    Fact,
    OrderApproved,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    PositionSettled,
    StrategyOpened,
)
from engine.message import changed
from engine.orders import CancelReason, Liquidity, OrderCommand, PlaceOrder, TimeInForce
from engine.reasons import DenialReason
from engine.risk import LIMIT_NAMES, RiskGate, RiskLimits
from engine.strategy_traits import StrategyTraits
from engine.units import (
    COUNT_ONE,
    MONEY_ONE,
    MONEY_ZERO,
    NANOS_PER_SECOND,
    PRICE_ONE,
    Count,
    Money,
    Nanos,
    Price,
    contracts,
)
from tests.engine.strategies.evening import GAME, HOME_WINS, NO_EVIDENCE, START, game_known, market, odds, top

OFF = dict.fromkeys(LIMIT_NAMES)
"""Every limit switched off, so that a test can switch one on."""


class Desk:
    """One gate; `facts` is all that was decided and all that was told, in order."""

    def __init__(
        self,
        limits: RiskLimits | None = None,
        accounts: Accounts = Accounts.SHARED,
        /,
        **only: float | tuple[str, ...],
    ) -> None:
        """With `only`, all limits are off but the named ones."""
        if only:
            limits = RiskLimits(**{**OFF, **only})  # type: ignore[arg-type]
        self.limits = limits or RiskLimits()
        self.gate = RiskGate(self.limits)
        self.now = START
        self.accounts = accounts
        self.facts: list[Fact] = []
        self._orders = 0
        self._fills = 0
        for name in ("alpha", "beta"):
            self.open(name)
        self.gate.on_game_news(game_known(), START)
        self.gate.on_game_news(market(HOME_WINS), START)
        self.gate.on_game_news(top(HOME_WINS, 49, 51, size=1000), START)
        self.gate.on_game_news(odds("fanduel", -110, -110), START)

    def open(
        self,
        name: str,
        kind: str = "sharp_line",
        bankroll: int = 10_000,
        traits: StrategyTraits | None = None,
    ) -> None:
        """Give a strategy its account."""
        account = self.accounts.of(name)
        self.on_committed_fact(
            StrategyOpened(name, kind, Money(bankroll * MONEY_ONE), "{}", self.now, traits, account)
        )

    def on_committed_fact(self, fact: Fact) -> None:
        """Tell the gate what happened."""
        self.facts.append(fact)
        self.gate.on_committed_fact(fact, self.now)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now = Nanos(self.now + round(seconds * NANOS_PER_SECOND))

    def order(
        self, price: int = 51, count: float = 10, side: BookSide = BookSide.BID, strategy: str = "alpha"
    ) -> PlaceOrder:
        """An order in cents and contracts that all market rules let through."""
        self._orders += 1
        p_fair = price / 100 + (0.1 if side is BookSide.BID else -0.1)
        return PlaceOrder(
            order_id=f"{strategy}-{self._orders}",
            strategy=strategy,
            game=GAME,
            ticker=HOME_WINS,
            side=side,
            price=Price(100 * price),
            count=Count(round(count * COUNT_ONE)),
            tif=TimeInForce.IOC,
            decided_at=self.now,
            signal_id=f"{strategy}/s{self._orders}",
            p_fair=min(0.99, max(0.01, p_fair)),
        )

    def judge(self, command: OrderCommand) -> DenialReason | None:
        """The reason of a denial; None if the order was approved."""
        step = self.gate.judge(command, self.now)
        self.facts += step.facts
        denied = [fact.reason for fact in step.facts if isinstance(fact, OrderDenied)]
        assert bool(denied) != any(isinstance(fact, OrderApproved) for fact in step.facts[:1])
        return denied[0] if denied else None

    def send(self, order: PlaceOrder) -> PlaceOrder:
        """Send an order that must pass."""
        assert self.judge(order) is None
        return order

    def filled(self, order: PlaceOrder, count: float | None = None, fee: Money = MONEY_ZERO) -> None:
        """The exchange filled an order at its price, whole or in part."""
        filled = order.count if count is None else Count(round(count * COUNT_ONE))
        self._fills += 1
        self.on_committed_fact(
            OrderFilled(
                fill_id=f"f{self._fills}",
                order_id=order.order_id,
                strategy=order.strategy,
                game=order.game,
                ticker=order.ticker,
                side=order.side,
                price=order.price,
                count=filled,
                liquidity=Liquidity.TAKER,
                fee=fee,
                fee_accumulated=MONEY_ZERO,
                remaining=Count(order.count - filled),
                evidence=NO_EVIDENCE,
                at_venue=None,
                at=self.now,
            )
        )

    def cancelled(self, order: PlaceOrder) -> None:
        """The exchange cancelled what was left of an order."""
        reason = CancelReason.IMMEDIATE_REMAINDER
        self.on_committed_fact(
            OrderCancelled(order.order_id, order.strategy, order.ticker, order.count, reason, self.now)
        )

    def settled(self, value: int, position: int, strategy: str = "alpha", *, reversal: bool = False) -> None:
        """The venue paid a position of the winner market, in whole contracts."""
        self.paid(strategy, HOME_WINS, contracts(position), value, reversal=reversal)

    def paid(self, strategy: str, ticker: str, position: int, value: int, *, reversal: bool = False) -> None:
        """The venue paid a position of any market."""
        paid = position * value if position > 0 else -position * (1 - value)
        self.on_committed_fact(
            PositionSettled(
                strategy=strategy,
                game=GAME,
                ticker=ticker,
                position=Count(position),
                value=Price(PRICE_ONE * value),
                result="yes" if value else "no",
                payout=Money(paid * PRICE_ONE * (-1 if reversal else 1)),
                reversal=reversal,
                at=self.now,
            )
        )

    def bought(self, price: int, count: float, strategy: str = "alpha") -> None:
        """Own a position."""
        order = self.send(self.order(price, count, strategy=strategy))
        self.filled(order)

    def lost(self, dollars: int, strategy: str = "alpha") -> None:
        """Lose so many dollars on a market that settles against us."""
        order = changed(self.order(50, 2 * dollars, strategy=strategy), ticker=HOME_WINS)
        approval = OrderApproved(order, self.now)
        self.gate.restore([approval])
        self.facts.append(approval)
        self.filled(order)
        self.settled(0, 2 * dollars, strategy)

    def restarted(self) -> RiskGate:
        """A new gate that folds all facts; it has heard the same news."""
        gate = RiskGate(self.limits)
        gate.restore(self.facts)
        for view in self.gate.view.games.values():
            for news in (view.known, *(m.known for m in view.markets.values())):
                if news is not None:
                    gate.on_game_news(news, self.now)
            tops = (top for m in view.markets.values() for top in (m.quoted, m.top))
            for told in (*tops, view.score, *view.odds.values()):
                if told is not None:
                    gate.on_game_news(told, self.now)
        return gate
