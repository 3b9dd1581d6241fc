"""A constructed evening for one strategy: news goes in at stated moments, its answers are written down.

A stand-in for the exchange fills every order at once at its price, as far as the best prices display it, and
reports it back; timers fire when their time has come. Used by the tests of this folder and by those of the
risk gate.
"""

from collections.abc import Iterable
from typing import Final

from engine.events import (
    BookSide,
    GameKnown,
    GameNews,
    GamePhase,
    MarketKnown,
    MarketStatus,
    OddsSeen,
    ScoreSeen,
    TopChanged,
    Trust,
)
from engine.facts import (
    Fact,
    FillEvidence,
    OrderApproved,
    OrderCancelled,
    OrderFilled,
    PositionSettled,
    SignalAction,
    SignalRaised,
)
from engine.orders import CancelOrder, CancelReason, Liquidity, OrderCommand, PlaceOrder
from engine.step import Step
from engine.strategies.parameters import Plain
from engine.strategies.strategy import Strategy, StrategyContext
from engine.trust import STATED, TrustTable
from engine.units import (
    COUNT_ZERO,
    MONEY_ONE,
    MONEY_ZERO,
    NANOS_PER_DAY,
    NANOS_PER_SECOND,
    Count,
    Money,
    Nanos,
    Price,
    Tenths,
    contracts,
    format_count,
    format_price,
)
from engine.view import displayed
from tipoff.runs.plugins import installed

GAME: Final = "KXNBAGAME-26NOV22BOSLAL"
HOME_WINS: Final = f"{GAME}-LAL"
AWAY_WINS: Final = f"{GAME}-BOS"
START: Final = Nanos(1_795_392_000 * NANOS_PER_SECOND)
"""2026-11-23 00:00 UTC, seven in the evening in New York."""

TIP: Final = Nanos(START + 365 * NANOS_PER_DAY)
"""Far off, so that a game is to come until a score says otherwise."""

NO_EVIDENCE: Final = FillEvidence(
    "test", None, Price(0), COUNT_ZERO, 0, 0, 0, 0, COUNT_ZERO, COUNT_ZERO, START, START, ""
)


def game_known(
    home: str = "LAL", away: str = "BOS", *, matched: bool = True, tip_at: Nanos | None = TIP
) -> GameKnown:
    return GameKnown(GAME, away, home, tip_at, matched, START)


def market(
    ticker: str, kind: str = "game", team: str | None = None, strike: float | None = None
) -> MarketKnown:
    if kind == "game":
        team = ticker.rpartition("-")[2]
    return MarketKnown(
        ticker=ticker,
        game=GAME,
        kind=kind,
        team=team,
        strike=None if strike is None else Tenths(round(10 * strike)),
        status=MarketStatus.ACTIVE,
        close_at=None,
        fee_type="quadratic_with_maker_fees",
        fee_multiplier="1",
        at=START,
    )


def top(
    ticker: str, bid: int | None, ask: int | None, size: int = 400, trust: Trust = Trust.TRUSTED
) -> TopChanged:
    """Best prices in cents; the moment is set when it is told."""
    return TopChanged(
        ticker=ticker,
        game=GAME,
        yes_bid=None if bid is None else Price(100 * bid),
        yes_bid_size=contracts(size),
        yes_ask=None if ask is None else Price(100 * ask),
        yes_ask_size=contracts(size),
        trust=trust,
        at_venue=None,
        at=START,
    )


def odds(vendor: str, home: int | None, away: int | None, *, opening: bool = False) -> OddsSeen:
    return OddsSeen(
        game=GAME,
        vendor=vendor,
        moneyline_home=home,
        moneyline_away=away,
        spread_home=None,
        spread_home_odds=None,
        spread_away_odds=None,
        total=None,
        over_odds=None,
        under_odds=None,
        at_venue=None,
        at=START,
        opening=opening,
    )


def total_odds(vendor: str, total: float, *, opening: bool = False) -> OddsSeen:
    row = odds(vendor, None, None, opening=opening)
    row.total, row.over_odds, row.under_odds = Tenths(round(10 * total)), -110, -110  # type: ignore[misc]
    return row


def score(home: int, away: int, period: int, minutes: float, phase: GamePhase = GamePhase.LIVE) -> ScoreSeen:
    return ScoreSeen(GAME, "test", phase, period, round(60_000 * minutes), home, away, None, START)


class Evening:
    """Runs one strategy; `lines` is what it did, one line a signal or a cancel."""

    def __init__(self, kind: str, trust: TrustTable = STATED, /, **parameters: Plain) -> None:
        """`parameters` differ from the defaults; `bankroll` among them is the capital in dollars."""
        self.trust = trust
        self.bankroll = int(str(parameters.pop("bankroll", 1000)))
        self.kind, self.chosen = kind, parameters
        self.strategy = self._made()
        self.now = START
        self.lines: list[str] = []
        self.facts: list[Fact] = []
        self.orders: list[PlaceOrder] = []
        self.tops: dict[str, TopChanged] = {}
        self.timers: dict[str, Nanos] = {}
        self.fills = True
        self.fail: set[str] = set()
        self._fill_number = 0

    def at(self, seconds: float, *news: GameNews) -> "Evening":
        """Tell news at so many seconds after the start; timers due by then fire before it, those it made due
        after it.
        """
        moment = Nanos(START + round(seconds * NANOS_PER_SECOND))
        self._fire(moment)
        self.now = moment
        for piece in news:
            self.tell(piece)
        self._fire(moment)
        return self

    def tell(self, news: GameNews) -> None:
        """Tell one piece of news now."""
        news.at = self.now  # type: ignore[misc]
        if isinstance(news, TopChanged):
            self.tops[news.ticker] = news
        self.take(self.strategy.on_news(news, self.now))

    def take(self, step: Step) -> None:
        """Write down what a step says, and do it."""
        for fact in step.facts:
            self.facts.append(fact)
            if isinstance(fact, SignalRaised):
                self.lines.append(self._line(fact))
            self.take(self.strategy.on_fact(fact, self.now))
        for timer in step.timers:
            self.timers[timer.key] = timer.due
        for command in step.commands:
            self._do(command)

    def learn(self, *facts: Fact) -> None:
        """Tell facts of the exchange."""
        for fact in facts:
            self.facts.append(fact)
            self.take(self.strategy.on_fact(fact, self.now))

    def restart(self) -> None:
        """Another life of the strategy, from its facts; what is current is told again, as games do."""
        old = self.strategy
        self.strategy = self._made()
        self.strategy.restore(self.facts)
        view = getattr(old, "view", None)
        if view is None:
            return
        for game in view.games.values():
            known = [news for news in (game.known, game.beginning.begun) if news is not None]
            markets = [market.known for market in game.markets.values() if market.known is not None]
            tops = [market.top for market in game.markets.values() if market.top is not None]
            scores = [game.score] if game.score is not None else []
            rows = [*game.odds.values(), *game.opening.values()]
            for news in (*known, *markets, *tops, *scores, *rows):
                self.take(self.strategy.recall(news, self.now))
        self._fire(self.now)

    def settle(self, ticker: str, value: int, position: int) -> None:
        """The venue pays a market's result."""
        payout = Money(position * MONEY_ONE * value if position > 0 else -position * MONEY_ONE * (1 - value))
        count = contracts(position)
        self.learn(
            PositionSettled(
                self.strategy.name, GAME, ticker, count, Price(10_000 * value), "yes", payout, False, self.now
            )
        )

    def actions(self, *actions: SignalAction) -> list[SignalRaised]:
        """The signals of these actions."""
        return [fact for fact in self.facts if isinstance(fact, SignalRaised) and fact.action in actions]

    @property
    def trades(self) -> list[str]:
        """The lines that are orders, without near misses."""
        return [line for line in self.lines if " no_trade " not in line]

    def _made(self) -> Strategy:
        context = StrategyContext(seed=7, bankroll=Money(self.bankroll * MONEY_ONE), trust=self.trust)
        strategy = installed().strategies[self.kind]
        return strategy("s", strategy.parameters_class.parse(self.chosen), context)

    def _fire(self, until: Nanos) -> None:
        while self.timers:
            key, due = min(self.timers.items(), key=lambda item: item[1])
            if due > until:
                return
            del self.timers[key]
            self.now = max(self.now, due)
            self.take(self.strategy.wake(key, self.now))

    def _line(self, fact: SignalRaised) -> str:
        seconds = (fact.at - START) / NANOS_PER_SECOND
        price = "" if fact.price is None else format_price(fact.price)
        where = fact.ticker.removeprefix(GAME + "-")
        return f"{seconds:g} {fact.action.value} {fact.reason} {where} {fact.side.value} {price}"

    def _do(self, command: OrderCommand) -> None:
        self.learn(OrderApproved(command, self.now))
        if isinstance(command, PlaceOrder):
            self.orders.append(command)
            if self.fills:
                self._fill(command)
        elif isinstance(command, CancelOrder):
            self.lines.append(f"{(self.now - START) / NANOS_PER_SECOND:g} cancel {command.order_id}")
            self._cancelled(command.order_id, "", COUNT_ZERO)

    def _fill(self, order: PlaceOrder) -> None:
        price, depth = displayed(self.tops[order.ticker], buying=order.side is BookSide.BID)
        if order.post_only:
            return
        failed = order.ticker in self.fail
        count = COUNT_ZERO if failed or price is None else Count(min(order.count, depth))
        if count and price is not None:
            self.filled(order, price, count)
        if count < order.count:
            self._cancelled(order.order_id, order.ticker, Count(order.count - count))

    def filled(self, order: PlaceOrder, price: Price, count: Count, fee: Money = MONEY_ZERO) -> None:
        """Report a fill; without a fee unless one is given, so that costs can be read off."""
        self._fill_number += 1
        self.learn(
            OrderFilled(
                fill_id=f"f{self._fill_number}",
                order_id=order.order_id,
                strategy=order.strategy,
                game=order.game,
                ticker=order.ticker,
                side=order.side,
                price=price,
                count=count,
                liquidity=Liquidity.TAKER,
                fee=fee,
                fee_accumulated=MONEY_ZERO,
                remaining=Count(order.count - count),
                evidence=NO_EVIDENCE,
                at_venue=None,
                at=self.now,
            )
        )

    def _cancelled(self, order_id: str, ticker: str, remaining: Count) -> None:
        reason = CancelReason.IMMEDIATE_REMAINDER
        self.learn(OrderCancelled(order_id, "s", ticker, remaining, reason, self.now))


def counts(orders: Iterable[PlaceOrder]) -> list[str]:
    """The sizes of orders."""
    return [format_count(order.count) for order in orders]
