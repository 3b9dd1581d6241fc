"""The paper exchange's durable state: the fold of its facts, and nothing else changes it.

Used by the exchange for every decision and at every restart, so that a restored exchange is the one that was
interrupted. The timers are part of the fold: what is under way and when it is due follows from the facts.
"""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from engine.accounts import SHARED
from engine.book import Book
from engine.events import MarketStatus
from engine.exchange.market import Market, QueueLevel, Shortfall, VenueMarket
from engine.exchange.orders import NANOS_ZERO, Bands, PaperOrder, Stage
from engine.exchange.rules import CREDIT_WINDOW, FEED_WAIT_NS_MAX, STATUS_WAIT
from engine.exchange.timers import (
    AMEND,
    ARRIVE,
    CANCEL,
    CLOSE,
    CREDIT,
    EXPIRE,
    PESSIMISTIC,
    PESSIMISTIC_REFUSED,
    RECOVERY,
    Timers,
    credit_subject,
    key_of,
)
from engine.fact_subjects import order_of, strategy_of
from engine.facts import (
    BandMoved,
    CancelRefused,
    Fact,
    LedgerPosted,
    LevelTaken,
    OrderAmended,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderRested,
    OrderSubmitted,
    PositionSettled,
    QueueMoved,
    StrategyOpened,
)
from engine.heard_prints import HeardPrints
from engine.ledger import Ledger
from engine.orders import CancelReason, PlaceOrder
from engine.positions import FLAT, Position, Trade, settled, trade
from engine.units import Nanos
from engine.venue_facts import (
    AmendSubmitted,
    BandEnded,
    BlindnessBegan,
    BlindnessEnded,
    CancelSubmitted,
    DepthUnclear,
    FeeTermsChanged,
    MarketResultKnown,
    MarketTermsChanged,
    PositionPaid,
    QueueLevelChanged,
    TradeHeld,
    TradeReleased,
    VenueStatusChanged,
)

USED_TRADES_MAX: Final = 20_000
"""Trade ids remembered per market; a market of a whole evening has fewer that touch us."""


DURABLE: Final = (
    "markets",
    "orders",
    "known",
    "games",
    "accounts",
    "positions",
    "settled",
    "ledger",
    "fee_terms",
    "venue",
    "open_since",
    "timers",
    "last_at",
)
"""The parts of the state that follow from facts: all but the rules and the prints that were heard."""


CHANGING: Final[tuple[type, ...]] = (VenueMarket, Market, QueueLevel, PaperOrder, Bands, Timers, Ledger)
"""What the state is made of and changes with it; all else in it are values, but for the books, which are
heard anew.
"""


@attrs.frozen
class Settled:
    """A position as it was when its market was determined: what to take back if the result is corrected."""

    fact: PositionSettled
    before: Position
    paid: bool = False


@attrs.define(eq=False)
class ExchangeState:
    """Everything durable.

    The four waits are the only rules that the fold needs (timers follow from them): for the trades of a gap,
    for the feed to pass a moment, for prints up to then, and for the word that a market had been stopped.
    """

    recovery_window_ns: Nanos
    feed_wait_ns: Nanos = FEED_WAIT_NS_MAX
    print_wait_ns: Nanos = CREDIT_WINDOW
    status_wait_ns: Nanos = STATUS_WAIT
    markets: dict[str, VenueMarket] = attrs.field(factory=dict)
    orders: dict[str, PaperOrder] = attrs.field(factory=dict)
    """Orders that some reading of still lives."""
    known: dict[str, PlaceOrder] = attrs.field(factory=dict)
    games: dict[tuple[str, str], str] = attrs.field(factory=dict)
    """Whose game a market is, as a strategy's orders say, by strategy and ticker."""
    accounts: dict[str, StrategyOpened] = attrs.field(factory=dict)
    positions: dict[tuple[str, str], Position] = attrs.field(factory=dict)
    settled: dict[tuple[str, str], Settled] = attrs.field(factory=dict)
    ledger: Ledger = attrs.field(factory=Ledger)
    fee_terms: dict[str, FeeTermsChanged] = attrs.field(factory=dict)
    venue: dict[int | None, VenueStatusChanged] = attrs.field(factory=dict)
    open_since: dict[int | None, Nanos] = attrs.field(factory=dict)
    """When it was heard that the venue, or a shard of it, had been taken up again."""
    timers: Timers = attrs.field(init=False)
    last_at: dict[str | None, Nanos] = attrs.field(factory=dict)
    """When an account's last fact was decided; None is for what befell the venue."""
    prints: HeardPrints = attrs.field(factory=HeardPrints)
    """The public trades that were told, and up to when: older ones have been heard. Not durable."""
    _folds: dict[type[Fact], Callable[..., None]] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Tie each kind of fact to how it is folded."""
        self.timers = Timers(self.feed_wait_ns, self.print_wait_ns, self.status_wait_ns)
        self._tie()

    def durable(self) -> dict[str, object]:
        """The parts that follow from facts, by name: what a snapshot of the fold holds."""
        return {name: getattr(self, name) for name in DURABLE}

    def recover(self, parts: Mapping[str, object]) -> None:
        """Be as somebody was who had these parts; they are this one's from now on."""
        for name in DURABLE:
            setattr(self, name, parts[name])
        self._tie()

    def _tie(self) -> None:
        self._folds = {
            StrategyOpened: self._opened,
            OrderSubmitted: self._submitted,
            OrderRejected: self._rejected,
            OrderRested: self._rested,
            OrderFilled: self._filled,
            OrderCancelled: self._cancelled,
            OrderAmended: self._amended,
            CancelSubmitted: self._cancel_submitted,
            AmendSubmitted: self._amend_submitted,
            CancelRefused: self._cancel_refused,
            QueueMoved: self._queue_moved,
            QueueLevelChanged: self._level_changed,
            LevelTaken: self._level_taken,
            BandMoved: self._band_moved,
            BandEnded: self._band_ended,
            LedgerPosted: self.ledger.post,
            PositionSettled: self._position_settled,
            PositionPaid: self._position_paid,
            MarketTermsChanged: self._terms_changed,
            MarketResultKnown: self._result_known,
            FeeTermsChanged: self._fees_changed,
            VenueStatusChanged: self._venue_changed,
            BlindnessBegan: self._lose_visibility,
            BlindnessEnded: self._seeing,
            TradeHeld: self._held,
            TradeReleased: self._released,
            DepthUnclear: self._depth_unclear,
        }

    def apply(self, fact: Fact) -> None:
        """Fold one fact; kinds that are not the exchange's are passed over."""
        fold = self._folds.get(type(fact))
        if fold is not None:
            fold(fact)
            account = self._account_in(fact)
            self.last_at[account] = max(self.last_at.get(account, NANOS_ZERO), fact.at)

    def market(self, ticker: str) -> VenueMarket:
        """The market of that ticker, made at its first mention."""
        found = self.markets.get(ticker)
        if found is None:
            found = self.markets[ticker] = VenueMarket(ticker, Book(ticker))
        return found

    def account_of(self, strategy: str) -> str:
        """The account on which a strategy trades, by name: its own, or that of all who share one."""
        opened = self.accounts.get(strategy)
        return SHARED if opened is None else opened.account

    def market_of(self, order: PaperOrder | PlaceOrder) -> Market:
        """The order's market as its account has it."""
        return self.market(order.ticker).of(self.account_of(order.strategy))

    def decided_to(self, account: str) -> Nanos:
        """When the last fact was decided that an account knows of; zero if there is none."""
        return max(self.last_at.get(account, NANOS_ZERO), self.last_at.get(None, NANOS_ZERO))

    def knows_all_prints(self) -> bool:
        """Whether every trade that was told since the first account was opened is remembered."""
        first = min((opened.at for opened in self.accounts.values()), default=NANOS_ZERO)
        return self.prints.since <= first

    def _account_in(self, fact: Fact) -> str | None:
        """Whose a fact is; None for facts of the venue."""
        account: str | None = getattr(fact, "account", None)
        if account is not None:
            return account
        strategy = strategy_of(fact)
        if strategy is None:
            order = self.known.get(order_of(fact) or "")
            strategy = None if order is None else order.strategy
        return None if strategy is None else self.account_of(strategy)

    def position(self, strategy: str, ticker: str) -> Position:
        """A strategy's position in a market."""
        return self.positions.get((strategy, ticker), FLAT)

    # Orders

    def _submitted(self, fact: OrderSubmitted) -> None:
        order = fact.order
        later = fact.arrives_pessimistic_at
        self.known[order.order_id] = order
        self.games[order.strategy, order.ticker] = order.game
        self.orders[order.order_id] = PaperOrder(
            order, fact.arrives_at, order.price, order.count, later, fact.at, fact.arrives_optimistic_at
        )
        self.timers.arm(ARRIVE, order.order_id, fact.arrives_at)
        market = self.market_of(order)
        market.arriving[order.order_id] = None
        market.watch()
        if later is not None:
            self.timers.arm(PESSIMISTIC, order.order_id, later)

    def _rejected(self, fact: OrderRejected) -> None:
        order = self.orders.get(fact.order_id)
        if order is not None:
            order.stage = Stage.DONE
            order.bands.alive = False
            self._tidy(order)

    def _rested(self, fact: OrderRested) -> None:
        order = self.orders[fact.order_id]
        order.stage = Stage.RESTING
        order.price = fact.price
        order.venue_ahead = order.optimistic_ahead = fact.ahead - fact.own_ahead
        order.known_to = fact.known_to
        order.joined_at = fact.joined_at
        order.rested_at = fact.at
        self.timers.disarm(ARRIVE, fact.order_id)
        self._join(order)
        self._met(order)

    def _met(self, order: PaperOrder) -> None:
        """No longer on its way, in no reading: what it waited for can be forgotten."""
        if order.stage is Stage.IN_FLIGHT or (order.pessimistic_at is not None and order.lives_on):
            return
        if order.amend is not None and order.lives_on:
            return
        market = self.market_of(order)
        market.arriving.pop(order.order_id, None)
        if not market.arriving:
            # It was only kept for whoever is on the way, to come back from the present book to that of the
            # arrival.
            market.unclear = ()
        market.watch()

    def _join(self, order: PaperOrder) -> None:
        """Put an order into the queue of its price, behind our own that stand there."""
        market = self.market_of(order)
        levels = market.own_levels(order.side)
        level = levels.get(order.price)
        if level is None:
            level = levels[order.price] = QueueLevel(order.side, order.price)
        level.queue[order.order_id] = order
        if order.order.expires_at is not None:
            self.timers.arm(EXPIRE, order.order_id, order.order.expires_at)
        terms = market.venue.terms
        if terms is not None and terms.close_at is not None:
            self.timers.arm(CLOSE, market.place, terms.close_at)

    def _filled(self, fact: OrderFilled) -> None:
        order = self.orders[fact.order_id]
        order.filled += fact.count
        order.fills += 1
        order.accumulated = fact.fee_accumulated
        if fact.evidence.trade_id is None and order.pessimistic_at is not None:
            # Its own pessimistic reading comes later and finds this gone; it is there for it all the same.
            order.taken_here[fact.price] = order.taken_here.get(fact.price, 0) + fact.count
        key = (fact.strategy, fact.ticker)
        done = Trade(fact.side, fact.price, fact.count, fact.fee)
        self.positions[key] = trade(self.position(*key), done).position
        if fact.remaining == 0:
            order.stage = Stage.DONE

    def _cancelled(self, fact: OrderCancelled) -> None:
        order = self.orders.get(fact.order_id)
        if order is None:
            return
        order.stage = Stage.DONE
        if order.cancel_at is not None and order.cancel_at <= fact.at:
            self.timers.disarm(CANCEL, fact.order_id)
        if order.amend_at is not None and order.amend_at <= fact.at:
            self.timers.disarm(AMEND, fact.order_id)
        # What an immediate order took, its pessimistic reading may still take when it arrives.
        takes_later = fact.reason is CancelReason.IMMEDIATE_REMAINDER and order.pessimistic_at is not None
        order.bands.alive = takes_later and order.filled > 0
        self._tidy(order)

    def _tidy(self, order: PaperOrder) -> None:
        """Forget what no reading needs any more: the order, its timers, its level."""
        # A cancel or an amend on its way stays: it must arrive to be refused.
        if order.stage is Stage.DONE:
            self.timers.disarm(ARRIVE, order.order_id)
        if order.lives_on:
            return
        for kind in (PESSIMISTIC, EXPIRE):
            self.timers.disarm(kind, order.order_id)
        self._leave(order)
        self.orders.pop(order.order_id, None)
        self._met(order)

    def _leave(self, order: PaperOrder) -> None:
        """Take an order out of its level; a level without orders has nothing to remember."""
        market = self.market_of(order)
        levels = market.own_levels(order.side)
        level = levels.get(order.price)
        if level is None or level.queue.pop(order.order_id, None) is None:
            return
        if not level.queue:
            del levels[order.price]
            self.timers.disarm(CREDIT, credit_subject(level.side, level.price, market.place))
        if not market.has_orders():
            self.timers.disarm(CLOSE, market.place)

    def _cancel_submitted(self, fact: CancelSubmitted) -> None:
        order = self.orders.get(fact.order_id)
        if order is not None:
            order.cancel_at, order.cancel_reason = fact.arrives_at, fact.reason
        self.timers.arm(CANCEL, fact.order_id, fact.arrives_at)

    def _amend_submitted(self, fact: AmendSubmitted) -> None:
        order = self.orders.get(fact.amend.order_id)
        if order is not None:
            order.amend, order.amend_at, order.sent_at = fact.amend, fact.arrives_at, fact.at
            self.market_of(order).arriving[order.order_id] = None
        self.timers.arm(AMEND, fact.amend.order_id, fact.arrives_at)

    def _cancel_refused(self, fact: CancelRefused) -> None:
        order = self.orders.get(fact.order_id)
        self.timers.disarm(AMEND if fact.amend else CANCEL, fact.order_id)
        if order is None:
            return
        if fact.amend:
            order.amend = order.amend_at = None
            self._met(order)
        else:
            order.cancel_at = None

    def _amended(self, fact: OrderAmended) -> None:
        order = self.orders[fact.order_id]
        self.timers.disarm(AMEND, fact.order_id)
        if fact.requeued:
            order.forgone = max(0, order.bands.base - order.bands.pessimistic)
            # Only of an order as it was sent the readings arrive apart.
            order.optimistic_at = None
            order.joined_at = order.amend_at
            self._leave(order)
            order.stage = Stage.IN_FLIGHT
        order.amend = order.amend_at = None
        order.price = fact.price
        order.count = fact.count
        self._met(order)

    # Queues

    def _use(self, market: Market, trade_id: str) -> None:
        used = market.used_trades
        used[trade_id] = None
        if len(used) > USED_TRADES_MAX:
            del used[next(iter(used))]

    def _queue_moved(self, fact: QueueMoved) -> None:
        order = self.orders[fact.order_id]
        order.venue_ahead = fact.ahead - fact.own_ahead
        order.optimistic_ahead = fact.optimistic
        order.known_to = fact.known_to

    def _level_changed(self, fact: QueueLevelChanged) -> None:
        market = self.market(fact.ticker).of(fact.account)
        self._use(market, fact.cause)
        level = market.own_levels(fact.side).get(fact.price)
        if level is None:
            return
        level.credits, level.printed, level.displayed = fact.credits, fact.printed, fact.displayed
        subject = credit_subject(fact.side, fact.price, market.place)
        if not fact.credits:
            self.timers.disarm(CREDIT, subject)
        elif self.timers.due.get(key_of(CREDIT, subject)) != fact.credits[0][1]:
            self.timers.arm(CREDIT, subject, fact.credits[0][1])

    def _level_taken(self, fact: LevelTaken) -> None:
        market = self.market(fact.ticker).of(fact.account)
        taken = market.taken(fact.side)
        if fact.taken:
            taken[fact.price] = fact.taken
        else:
            taken.pop(fact.price, None)
        if fact.short_since is None:
            market.shortfalls(fact.side).pop(fact.price, None)
        else:
            market.shortfalls(fact.side)[fact.price] = Shortfall(fact.short_since, fact.short_most)
        market.watch()

    def _band_moved(self, fact: BandMoved) -> None:
        order = self.orders[fact.order_id]
        bands = order.bands
        bands.pessimistic, bands.base, bands.optimistic = fact.pessimistic, fact.base, fact.optimistic
        bands.pessimistic_cash, bands.base_cash = fact.pessimistic_cash, fact.base_cash
        bands.optimistic_cash = fact.optimistic_cash
        if fact.cause in (PESSIMISTIC, PESSIMISTIC_REFUSED):
            order.pessimistic_refused = fact.cause == PESSIMISTIC_REFUSED
            self._pessimistic_arrived(order)
        elif fact.cause:
            self._use(self.market_of(order), fact.cause)
        self._stand_behind(order)
        self._tidy(order)

    def _pessimistic_arrived(self, order: PaperOrder) -> None:
        order.pessimistic_joined_at = order.pessimistic_at or NANOS_ZERO
        order.pessimistic_at = None
        order.taken_here.clear()
        self.timers.disarm(PESSIMISTIC, order.order_id)
        if not self._queued(order):
            order.joined_at = order.pessimistic_joined_at
        self._met(order)

    def _queued(self, order: PaperOrder) -> bool:
        level = self.market_of(order).own_levels(order.side).get(order.price)
        return level is not None and order.order_id in level.queue

    def _stand_behind(self, order: PaperOrder) -> None:
        """Filled whole as it came, it never stood in the queue: for a reading that is behind it does."""
        came = order.stage is Stage.DONE and order.pessimistic_at is None
        if came and order.lives_on and not self._queued(order):
            self._join(order)
            self._met(order)

    def _band_ended(self, fact: BandEnded) -> None:
        order = self.orders.get(fact.order_id)
        if order is not None:
            order.bands.alive = False
            self._tidy(order)

    # Money

    def _opened(self, fact: StrategyOpened) -> None:
        self.accounts.setdefault(fact.strategy, fact)

    def _position_settled(self, fact: PositionSettled) -> None:
        key = (fact.strategy, fact.ticker)
        if fact.reversal:
            self.positions[key] = self.settled.pop(key).before
            return
        before = self.position(*key)
        self.settled[key] = Settled(fact, before)
        self.positions[key] = settled(before, fact.value, fact.payout)

    def _position_paid(self, fact: PositionPaid) -> None:
        key = (fact.strategy, fact.ticker)
        self.settled[key] = attrs.evolve(self.settled[key], paid=True)

    # The venue

    def _terms_changed(self, fact: MarketTermsChanged) -> None:
        market = self.market(fact.ticker)
        if market.terms is not None and market.terms.status is not fact.status is MarketStatus.ACTIVE:
            market.open_since = fact.at
        market.terms = fact
        market.fee_terms = None
        for each in market.accounts.values():
            if each.has_orders() and fact.close_at is not None:
                self.timers.arm(CLOSE, each.place, fact.close_at)

    def _result_known(self, fact: MarketResultKnown) -> None:
        self.market(fact.ticker).result = fact

    def _fees_changed(self, fact: FeeTermsChanged) -> None:
        self.fee_terms[fact.scope] = fact
        for market in self.markets.values():
            market.fee_terms = None

    def _venue_changed(self, fact: VenueStatusChanged) -> None:
        before = self.venue.get(fact.exchange_index)
        if before is not None and fact.exchange_active and fact.trading_active:
            self.open_since[fact.exchange_index] = fact.at
        self.venue[fact.exchange_index] = fact

    # Blindness

    def _lose_visibility(self, fact: BlindnessBegan) -> None:
        market = self.market(fact.ticker).of(fact.account)
        market.no_visibility_since = fact.since
        self.timers.arm(RECOVERY, market.place, Nanos(fact.at + self.recovery_window_ns))

    def _seeing(self, fact: BlindnessEnded) -> None:
        market = self.market(fact.ticker).of(fact.account)
        market.no_visibility_since = None
        market.blind_to = fact.at
        market.held.clear()
        self.timers.disarm(RECOVERY, market.place)
        market.watch()

    def _held(self, fact: TradeHeld) -> None:
        self.market(fact.trade.ticker).of(fact.account).held[fact.trade.trade_id] = fact.trade

    def _released(self, fact: TradeReleased) -> None:
        self.market(fact.ticker).of(fact.account).held.pop(fact.trade_id, None)

    # What is not clear

    def _depth_unclear(self, fact: DepthUnclear) -> None:
        self.market(fact.ticker).of(fact.account).unclear = fact.changes
