"""The read model: everything that people look at, folded from facts, news and reports.

Kept by the observer, which answers from it; nobody who trades is asked. Every list in it is bounded: the
oldest entries go first.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final

import attrs

from actors.messages import Numbered
from actors.read_model.row_versions import RowVersions, Tail
from actors.read_model.views import CancelState
from actors.runtime import DeadLetter, SupervisorReport
from engine.events import GameKnown, MarketKnown, OddsSeen, ScoreSeen, TopChanged
from engine.fact_subjects import order_of
from engine.facts import (
    CancelRefused,
    Fact,
    FollowingChanged,
    OrderAmended,
    OrderApproved,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderRested,
    OrderSubmitted,
    QueueMoved,
    RunStarted,
    SignalRaised,
    StrategyChanged,
    StrategyOpened,
)
from engine.orders import CancelOrder, PlaceOrder, RejectCode
from engine.tally import Tally
from engine.units import COUNT_ZERO, Count, Nanos, Price
from engine.venue_facts import BlindnessBegan, BlindnessEnded, CancelSubmitted

TAIL_MAX = 1_000
"""So many fills, signals, ended orders, facts, dead letters and reports each are remembered for lists."""

MARKETS_MAX = 20_000
"""So many markets are followed; one more takes the place of the oldest."""

DENIED, SENT, RESTING, DONE = "denied", "in flight", "resting", "done"
APPROVED = "approved"
"""Stages of an order as people see them."""


VERSIONED: Final = ("markets", "orders", "fills", "signals")
"""The tables that are too large to be compared whole: they keep versions of their rows."""

DURABLE: Final = ("tally", "run", "strategies", "orders", "unloaded", "unseen")
DURABLE_TAILS: Final = ("ended", "fills", "signals")
"""What of the model follows from facts; the denials do, too."""


@attrs.define
class CancelSeen:
    """What has become of an order's cancel."""

    state: CancelState = CancelState.NONE
    sent_at: Nanos | None = None
    refused: RejectCode | None = None
    refused_at: Nanos | None = None

    def sent(self, at: Nanos) -> None:
        """It is on its way, for the first time or again."""
        again = self.refused is not None
        self.state, self.sent_at = CancelState.SENT_AGAIN if again else CancelState.UNDER_WAY, at

    def was_refused(self, code: RejectCode, at: Nanos) -> None:
        """The venue would not have it."""
        self.state, self.refused, self.refused_at = CancelState.REFUSED, code, at


@attrs.define
class OrderSeen:
    """An order from its approval on."""

    order: PlaceOrder
    stage: str
    price: Price
    remaining: Count
    at: Nanos
    filled: Count = COUNT_ZERO
    ahead: Count | None = None
    end: str | None = None
    cancel: CancelSeen = attrs.field(factory=CancelSeen)


@attrs.define
class StrategySeen:
    """What changes of a strategy while it runs."""

    enabled: bool = True
    parameters: str = "{}"


class ReadModel:
    """See the module. Facts are taken in by `fact`, the rest by a method a kind."""

    def __init__(self, tail_max: int | None = TAIL_MAX) -> None:
        """Begin with nothing seen; None remembers everything, for whoever reads one run and is done."""
        self.tally = Tally()
        self.run: RunStarted | None = None
        self.seq = 0
        self.strategies: dict[str, StrategySeen] = {}
        self.orders: dict[str, OrderSeen] = {}
        self.versions = {table: RowVersions() for table in VERSIONED}
        self._touch_market = self.versions["markets"].touch
        self.ended: Tail[OrderSeen] = Tail(tail_max, self.versions["orders"])
        self.fills: Tail[OrderFilled] = Tail(tail_max, self.versions["fills"])
        self.signals: Tail[SignalRaised] = Tail(tail_max, self.versions["signals"])
        self.denials: deque[OrderDenied] = deque(maxlen=tail_max)
        self.journal: deque[Numbered] = deque(maxlen=tail_max)
        self.dead_letters: deque[DeadLetter] = deque(maxlen=tail_max)
        self.dead_letters_seen = 0
        self.reports: deque[SupervisorReport] = deque(maxlen=tail_max)
        self.tops: dict[str, TopChanged] = {}
        self.quoted: dict[str, TopChanged] = {}
        """The last of each market with a price: what positions are valued at."""
        self.markets: dict[str, MarketKnown] = {}
        self.games: dict[str, GameKnown] = {}
        self.scores: dict[str, ScoreSeen] = {}
        self.odds: dict[str, dict[str, OddsSeen]] = {}
        self.disagree: set[str] = set()
        self.unloaded: set[str] = set()
        self.unseen: set[str] = set()
        """Markets that cannot be followed and where orders of ours wait for what happened meanwhile."""

    def durable(self) -> dict[str, object]:
        """The parts that follow from facts, by name: what a snapshot of the fold holds."""
        return {
            **{name: getattr(self, name) for name in DURABLE},
            **{name: dict(getattr(self, name)) for name in DURABLE_TAILS},
            "denials": list(self.denials),
        }

    def recover(self, parts: Mapping[str, object]) -> None:
        """Begin as the fold of earlier facts was; the parts are this model's from now on.

        Versions mean something within one life only: every row is a new one.
        """
        for name in DURABLE:
            setattr(self, name, parts[name])
        for name in DURABLE_TAILS:
            tail, rows = getattr(self, name), parts[name]
            assert isinstance(rows, dict)  # noqa: S101 - that is what `durable` gives
            for key, row in rows.items():
                tail.add(key, row)
        for key in self.orders:
            self.versions["orders"].touch(key)
        denials = parts["denials"]
        assert isinstance(denials, list)  # noqa: S101
        self.denials.extend(denials)

    def committed(self, numbered: Numbered) -> None:
        """Take in a durable fact with its place in the journal."""
        self.journal.append(numbered)
        self.seq = numbered.seq
        self.fact(numbered.fact)

    def fact(self, fact: Fact) -> None:
        """Fold a fact."""
        # Money comes from the same fold as in reports, so that screen and report can never differ.
        self.tally.apply(fact)
        match fact:
            case QueueMoved():
                seen = self.orders.get(fact.order_id)
                if seen is not None:
                    seen.ahead = fact.ahead
            case SignalRaised():
                self.signals.add(fact.signal_id, fact)
            case OrderFilled():
                self.fills.add(fact.fill_id, fact)
                self._filled(fact)
            case RunStarted():
                self.run = fact
            case StrategyOpened():
                self.strategy(fact.strategy).parameters = fact.parameters
            case StrategyChanged():
                seen_strategy = self.strategy(fact.strategy)
                seen_strategy.enabled, seen_strategy.parameters = fact.enabled, fact.parameters
            case FollowingChanged():
                self._following(fact)
            case BlindnessBegan():
                self.unseen.add(fact.ticker)
            case BlindnessEnded():
                self.unseen.discard(fact.ticker)
            case _:
                self._order(fact)
        order_id = order_of(fact)
        # Whatever a fact says of an order, its row is another one now; that of a signal or a denial is not.
        if order_id in self.orders:
            self.versions["orders"].touch(order_id)

    def top(self, top: TopChanged) -> None:
        """A market's best prices, or whether they may be believed."""
        self.tops[top.ticker] = top
        if top.priced:
            self.quoted[top.ticker] = top
        self._touch_market(top.ticker)

    def strategy(self, name: str) -> StrategySeen:
        """The state of a strategy, created at its first mention."""
        return self.strategies.setdefault(name, StrategySeen())

    def known_market(self, known: MarketKnown) -> None:
        """A market's terms."""
        self.markets[known.ticker] = known
        self._touch_market(known.ticker)
        # A dictionary keeps the order of insertion, so the first key is the oldest market.
        if len(self.markets) > MARKETS_MAX:
            self._forget_market(next(iter(self.markets)))

    def _forget_market(self, ticker: str) -> None:
        del self.markets[ticker]
        self.tops.pop(ticker, None)
        self.quoted.pop(ticker, None)
        self._touch_market(ticker)

    def known_game(self, known: GameKnown) -> None:
        """Who plays; of a game that was unloaded nothing is shown."""
        if known.game not in self.unloaded:
            self.games[known.game] = known

    def _following(self, fact: FollowingChanged) -> None:
        if fact.followed:
            self.unloaded.discard(fact.game)
            return
        self.unloaded.add(fact.game)
        for ticker in [each.ticker for each in self.markets.values() if each.game == fact.game]:
            self._forget_market(ticker)
        self.games.pop(fact.game, None)
        self.scores.pop(fact.game, None)
        self.odds.pop(fact.game, None)
        self.disagree.discard(fact.game)

    def dead_letter(self, letter: DeadLetter) -> None:
        """A message was lost."""
        self.dead_letters_seen += 1
        self.dead_letters.append(letter)

    def _order(self, fact: Fact) -> None:
        match fact:
            case OrderApproved(command=PlaceOrder() as order):
                self._new(order, APPROVED, fact.at)
            case OrderApproved(command=CancelOrder(order_id=order_id)) | CancelSubmitted(order_id=order_id):
                if order_id in self.orders:
                    self.orders[order_id].cancel.sent(fact.at)
            case CancelRefused(amend=False) if fact.order_id in self.orders:
                self.orders[fact.order_id].cancel.was_refused(fact.code, fact.at)
            case OrderSubmitted():
                self._new(fact.order, SENT, fact.at)
            case OrderRested():
                seen = self.orders.get(fact.order_id)
                if seen is not None:
                    seen.stage, seen.ahead, seen.remaining = RESTING, fact.ahead, fact.remaining
                    seen.price = fact.price
            case OrderAmended():
                seen = self.orders.get(fact.order_id)
                if seen is not None:
                    seen.price, seen.remaining, seen.ahead = fact.price, fact.remaining, fact.ahead
            case OrderDenied():
                self.denials.append(fact)
            case OrderRejected():
                self._end(fact.order_id, f"rejected: {fact.code.value}")
            case OrderCancelled():
                self._end(fact.order_id, f"cancelled: {fact.reason.value}")
            case _:
                pass

    def _new(self, order: PlaceOrder, stage: str, at: Nanos) -> None:
        seen = self.orders.get(order.order_id)
        if seen is None:
            self.orders[order.order_id] = OrderSeen(order, stage, order.price, order.count, at)
        else:
            seen.stage = stage

    def _filled(self, fact: OrderFilled) -> None:
        seen = self.orders.get(fact.order_id)
        if seen is None:
            return
        seen.filled = Count(seen.filled + fact.count)
        seen.remaining = fact.remaining
        if fact.remaining <= 0:
            self._end(fact.order_id, "filled")

    def _end(self, order_id: str, why: str) -> None:
        seen = self.orders.pop(order_id, None)
        if seen is not None:
            seen.stage, seen.end, seen.ahead = DONE, why, None
            self.ended.add(order_id, seen)
