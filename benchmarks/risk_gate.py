"""`python -m benchmarks.risk_gate`: what a judgement of the risk gate costs, and that it does not grow.

Strategies hold a position each in more and more markets; then one order after another is judged, each of
which is approved and ends at once, so that what is held stays as it was. The processor's time is the least of
several rounds; calls of Python functions are counted, and no neighbour changes them.
"""

import gc
import itertools
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import Final

import attrs

from benchmarks.pace import pace
from benchmarks.results import Result, finish, options
from engine.accounts import Accounts
from engine.events import BookSide, GameKnown, MarketKnown, MarketStatus, OddsSeen, TopChanged, Trust
from engine.facts import FillEvidence, OrderApproved, OrderCancelled, OrderFilled, StrategyOpened
from engine.orders import CancelReason, Liquidity, PlaceOrder, TimeInForce
from engine.risk import RiskGate, RiskLimits
from engine.units import (
    COUNT_ZERO,
    MONEY_ONE,
    MONEY_ZERO,
    NANOS_PER_SECOND,
    Money,
    Nanos,
    Price,
    Tenths,
    contracts,
)

MICROSECONDS_MAX: Final = 50.0
CALLS_GROWTH_MAX: Final = 1.1
"""Calls of a judgement with the most positions, as a multiple of those with the fewest."""
ROUNDS: Final = 60
JUDGED: Final = 50
"""Few in a round and many rounds: in some of them nobody else has emptied the caches."""
MARKETS_OF_A_GAME: Final = 40
PRICES_BETWEEN: Final = 14
START: Final = Nanos(1_795_392_000 * NANOS_PER_SECOND)
YEAR: Final = Nanos(365 * 86_400 * NANOS_PER_SECOND)


@attrs.frozen
class Scene:
    """Who trades, and in how many games and markets everybody holds something."""

    name: str
    strategies: int
    markets: int
    accounts: Accounts = Accounts.ISOLATED
    near: bool = False
    """Whether limits are so near that outcomes and prices must be looked at one by one, while prices move."""

    @property
    def held(self) -> int:
        """How many positions there are."""
        return self.strategies * self.markets


SCENES: Final = (
    Scene("10 positions", 1, 10),
    Scene("1,000 positions", 25, 40),
    Scene("10,000 positions", 25, 400),
    Scene("25 strategies, 3 games", 25, 120),
    Scene("the same on one account", 25, 120, Accounts.SHARED),
    Scene("10,000, near the limits", 25, 400, near=True),
)


PLENTY: Final = RiskLimits(
    contracts_per_market=1e9,
    contracts_per_game=1e9,
    contracts_per_strategy=1e9,
    contracts_total=1e9,
    exposure_per_market=1e9,
    exposure_per_game=1e9,
    exposure_per_strategy=1e9,
    exposure_total=1e9,
    worst_case_per_game=1e9,
    loss_per_day=1e9,
    loss_per_week=1e9,
    orders_per_minute=1e9,
    orders_per_hour=1e9,
    orders_per_day=1e9,
)
"""Limits that let everything pass, so that every rule is asked."""

EVIDENCE: Final = FillEvidence(
    "bench", None, Price(0), COUNT_ZERO, 0, 0, 0, 0, COUNT_ZERO, COUNT_ZERO, START, START, ""
)


class Desk:
    """A gate with a scene before it, and orders for it to judge."""

    def __init__(self, scene: Scene) -> None:
        """Let everybody hold something everywhere."""
        self.scene = scene
        self.gate = RiskGate(PLENTY)
        self.names = [f"strategy_{number}" for number in range(scene.strategies)]
        self.markets = [self._market(number) for number in range(scene.markets)]
        self._numbers = itertools.count()
        for name in self.names:
            bankroll, account = Money(10_000 * MONEY_ONE), scene.accounts.of(name)
            opened = StrategyOpened(name, "sharp_line", bankroll, "{}", START, None, account)
            self.gate.on_committed_fact(opened, START)
        for game, ticker in self.markets:
            for name in self.names:
                self._own(self.order(name, game, ticker))
        if scene.near:
            (use,) = (
                float(line.use)
                for line in self.gate.limits_in_use(START)
                if line.name == "worst_case_per_game"
            )
            self.gate.set_limit("worst_case_per_game", None, str(use + 5), "bench", START)
            self.gate.set_limit("drawdown_total", None, "0.5", "bench", START)

    def _market(self, number: int) -> tuple[str, str]:
        """List a market: two winners, then spreads and totals in turn."""
        game = f"KXNBAGAME-26NOV22G{number // MARKETS_OF_A_GAME:02}"
        place = number % MARKETS_OF_A_GAME
        team, ticker = ("BOS", "LAL")[place % 2], f"{game}-{place}"
        kind = "game" if place < 2 else ("spread", "spread", "total", "total")[place % 4]
        strike = (
            None if kind == "game" else Tenths(10 * place + 5 if kind == "spread" else 1_900 + 10 * place)
        )
        known = MarketKnown(
            ticker=ticker,
            game=game,
            kind=kind,
            team=None if kind == "total" else team,
            strike=strike,
            status=MarketStatus.ACTIVE,
            close_at=None,
            fee_type="quadratic_with_maker_fees",
            fee_multiplier="1",
            at=START,
        )
        if place == 0:
            self.gate.on_game_news(GameKnown(game, "BOS", "LAL", Nanos(START + YEAR), True, START), START)
            row = OddsSeen(game, "book", -110, -110, None, None, None, None, None, None, None, START)
            self.gate.on_game_news(row, START)
        self.gate.on_game_news(known, START)
        self.price(game, ticker, 49)
        return game, ticker

    def price(self, game: str, ticker: str, bid: int) -> None:
        """Best prices in cents, two apart."""
        size = contracts(1_000)
        self.gate.on_game_news(
            TopChanged(
                ticker=ticker,
                game=game,
                yes_bid=Price(100 * bid),
                yes_bid_size=size,
                yes_ask=Price(100 * bid + 200),
                yes_ask_size=size,
                trust=Trust.TRUSTED,
                at_venue=None,
                at=START,
            ),
            START,
        )

    def order(self, name: str, game: str, ticker: str) -> PlaceOrder:
        """One contract at the asked price."""
        number = next(self._numbers)
        return PlaceOrder(
            order_id=f"{name}-{number}",
            strategy=name,
            game=game,
            ticker=ticker,
            side=BookSide.BID,
            price=Price(5_100),
            count=contracts(1),
            tif=TimeInForce.IOC,
            decided_at=START,
            signal_id=f"{name}/s{number}",
            p_fair=0.6,
        )

    def next_order(self, number: int) -> PlaceOrder:
        """The order that is judged next; near the limits prices have moved since the last."""
        if self.scene.near:
            for place in range(number, number + PRICES_BETWEEN):
                self.price(*self.markets[place % len(self.markets)], 49 + number % 2)
        name = self.names[number % len(self.names)]
        return self.order(name, *self.markets[number % len(self.markets)])

    def ended(self, order: PlaceOrder) -> None:
        """What was approved is cancelled, and nothing is held that was not held before."""
        reason = CancelReason.IMMEDIATE_REMAINDER
        fact = OrderCancelled(order.order_id, order.strategy, order.ticker, order.count, reason, START)
        self.gate.on_committed_fact(fact, START)

    def _own(self, order: PlaceOrder) -> None:
        self.gate.restore([OrderApproved(order, START)])
        self.gate.on_committed_fact(
            OrderFilled(
                fill_id=order.order_id,
                order_id=order.order_id,
                strategy=order.strategy,
                game=order.game,
                ticker=order.ticker,
                side=order.side,
                price=order.price,
                count=order.count,
                liquidity=Liquidity.TAKER,
                fee=MONEY_ZERO,
                fee_accumulated=MONEY_ZERO,
                remaining=COUNT_ZERO,
                evidence=EVIDENCE,
                at_venue=None,
                at=START,
            ),
            START,
        )


def microseconds(desk: Desk) -> float:
    """Of the processor, for a judgement and for counting what it and the end of its order have changed."""
    spent = 0
    for number in range(JUDGED):
        order = desk.next_order(number)
        began = time.process_time_ns()
        step = desk.gate.judge(order, START)
        spent += time.process_time_ns() - began
        if not step.approved:
            raise RuntimeError(f"not approved: {step.facts}")
        desk.ended(order)
    return spent / JUDGED / 1_000


def calls(desk: Desk) -> float:
    """Calls of Python functions in a judgement."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    for number in range(JUDGED):
        order = desk.next_order(number)
        sys.setprofile(count)
        desk.gate.judge(order, START)
        sys.setprofile(None)
        desk.ended(order)
    return counted / JUDGED


def main(arguments: Sequence[str]) -> int:
    """Measure and print; returns 1 where a judgement costs too much, or grows."""
    asked = options(__doc__, arguments)
    desks = {scene: Desk(scene) for scene in SCENES}
    gc.collect()
    gc.freeze()
    slow = pace()
    spent = dict.fromkeys(SCENES, float("inf"))
    for _ in range(asked.rounds(ROUNDS)):
        for scene, desk in desks.items():
            spent[scene] = min(spent[scene], microseconds(desk))
    counted = {scene: calls(desk) for scene, desk in desks.items()}
    few, many = counted[SCENES[0]], counted[SCENES[2]]
    return finish(
        [
            *(
                Result(
                    f"a judgement of the gate, {scene.name}, if idle",
                    (spent[scene] / slow,),
                    "µs",
                    # There outcomes and prices must be looked at one by one: told, without a bar.
                    at_most=None if scene.near else MICROSECONDS_MAX,
                    note=f"{counted[scene]:.1f} calls",
                )
                for scene in SCENES
            ),
            Result("its calls, 10,000 positions / 10", (many / few,), at_most=CALLS_GROWTH_MAX),
        ],
        asked,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
