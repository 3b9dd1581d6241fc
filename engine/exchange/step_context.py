"""Where the paper exchange decides: state, rules, the moment, and the facts decided so far in this step.

Made anew for each input by `engine.exchange.paper`. Whoever decides emits facts; each is applied to the state
at once, so that the next decision of the same step sees it.
"""

from collections.abc import Container

import attrs

from engine import ledger
from engine.events import BookSide, Trust
from engine.exchange.market import Market, QueueLevel, Shortfall, VenueMarket
from engine.exchange.orders import PaperOrder
from engine.exchange.rules import ExchangeRules
from engine.exchange.state import ExchangeState
from engine.facts import (
    BandMoved,
    CancelRefused,
    Fact,
    FillEvidence,
    LedgerPosted,
    LevelTaken,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    Posting,
    QueueMoved,
)
from engine.fees import NOTHING_SAID, FeeNames, FeeTerms, FeeTermsUnknown, fee_terms
from engine.orders import CancelReason, Liquidity, RejectCode
from engine.positions import Trade, closable, trade, trade_postings
from engine.queueing import Matched
from engine.units import MONEY_ZERO, Count, Money, Nanos, Price
from engine.venue_facts import BandEnded, MarketTermsChanged, QueueLevelChanged


@attrs.frozen
class Source:
    """What makes a fill: a printed trade or a displayed level, when the venue says it was, and the queue
    around it.

    `cause` names it for the bands; it is the trade's id where there is one.
    """

    kind: str
    cause: str
    trade_id: str | None
    level_price: Price
    level_size: Count
    at_venue: Nanos | None
    queue_before: int = 0
    queue_after: int = 0
    lag: int | None = None
    """How long after the venue did it we heard of it, in nanoseconds."""


@attrs.frozen
class FillBand:
    """Contracts that an event gave to an order in the three readings, and the price."""

    price: Price
    liquidity: Liquidity
    pessimistic: int
    base: int
    optimistic: int


@attrs.define(eq=False)
class StepContext:
    """One step's decisions."""

    state: ExchangeState
    rules: ExchangeRules
    now: Nanos
    facts: list[Fact] = attrs.field(factory=list)
    traded: dict[str, None] = attrs.field(factory=dict)
    """Strategies whose positions changed in this step."""
    frozen: Container[str] = ()
    """Markets that stand still: nothing is decided there."""
    heard: tuple[int, int, Nanos] | None = None
    """Connection, subscription and venue time of the event that is about to be applied."""
    moment: Nanos = attrs.field(init=False)
    """When what is being decided happened, by the venue's clock; it may be before `now`."""
    taking_over: bool = False
    """Whether what is heard is no news, but what others have known all along."""
    again: dict[str, Nanos] = attrs.field(factory=dict)
    """Timers to be woken by once more; they say when."""

    def __attrs_post_init__(self) -> None:
        """What is decided happens now, unless somebody says otherwise."""
        self.moment = self.now

    def emit(self, fact: Fact) -> None:
        """Decide: apply the fact and keep it for the journal."""
        self.state.apply(fact)
        self.facts.append(fact)

    # Fees

    def fee_terms(self, market: VenueMarket, at_venue: Nanos | None = None) -> FeeTerms:
        """The market's terms in force at a moment, else now: the event's over the series', rounded as then.

        Raises FeeTermsUnknown.
        """
        if market.fee_terms is None:
            if market.terms is None:
                raise FeeTermsUnknown(f"nothing is known of {market.ticker}")
            market.fee_terms = self._fee_terms(market.terms)
        return self.rules.rounding.of(market.fee_terms, self.now if at_venue is None else at_venue)

    def priced(self, market: VenueMarket) -> bool:
        """Whether the fee of a fill in this market is known."""
        try:
            self.fee_terms(market)
        except FeeTermsUnknown:
            return False
        return True

    def _fee_terms(self, terms: MarketTermsChanged) -> FeeTerms:
        listed = FeeNames(terms.fee_type, terms.fee_multiplier)
        changed = self.state.fee_terms.get(terms.series)
        series = listed if changed is None else FeeNames(changed.fee_type, changed.fee_multiplier)
        override = self.state.fee_terms.get(terms.event_ticker)
        event = NOTHING_SAID if override is None else FeeNames(override.fee_type, override.fee_multiplier)
        return fee_terms(series, event)

    # Fills

    def fill(self, order: PaperOrder, band: FillBand, source: Source) -> None:
        """Give an order what an event gave it.

        The base reading's fill with its money, then all three readings. What was approved as an exit closes
        what is held and never opens the opposite: of what it would get beyond that it gets nothing.
        """
        if order.order.exit:
            band = self._within_position(order, band)
        fee = self._fill_base(order, band, source) if band.base else MONEY_ZERO
        if band.pessimistic or band.base or band.optimistic:
            self.move_bands(order, band, source, fee)

    def _within_position(self, order: PaperOrder, band: FillBand) -> FillBand:
        """As much of it as the position that the order leaves."""
        held = closable(self.state.position(order.strategy, order.ticker).count, order.side)
        return attrs.evolve(
            band,
            pessimistic=min(band.pessimistic, held),
            base=min(band.base, held),
            optimistic=min(band.optimistic, held),
        )

    def _fill_base(self, order: PaperOrder, band: FillBand, source: Source) -> Money:
        """The fill that strategies see, and its ledger entry. Returns its fee."""
        market = self.state.market(order.ticker)
        count, price = Count(band.base), band.price
        terms = self.fee_terms(market, source.at_venue)
        charged = terms.charge(band.liquidity, order.side, price, count, order.accumulated)
        # Before the fill is folded: what it realizes follows from the position that it met.
        before = self.state.position(order.strategy, order.ticker)
        # Counted order by order: what a fill is called must not depend on what other strategies do.
        fill_id = f"{order.order_id}/{order.fills + 1}"
        self.emit(
            OrderFilled(
                fill_id=fill_id,
                order_id=order.order_id,
                strategy=order.strategy,
                game=order.order.game,
                ticker=order.ticker,
                side=order.side,
                price=price,
                count=count,
                liquidity=band.liquidity,
                fee=charged.fee,
                fee_accumulated=charged.accumulated,
                remaining=Count(order.remaining - count),
                evidence=self._evidence(order, source, charged.formula),
                at_venue=source.at_venue,
                at=self.now,
            )
        )
        traded = trade(before, Trade(order.side, price, count, charged.fee))
        postings = trade_postings(order.strategy, order.ticker, traded, charged.fee)
        self.post(f"fill:{fill_id}", order.strategy, fill_id, postings)
        self.traded[order.strategy] = None
        return charged.fee

    def _evidence(self, order: PaperOrder, source: Source, formula: str) -> FillEvidence:
        book = self.state.market(order.ticker).book
        # Without a current book (a recovered print) there is none to name.
        conn, sid, seq = (book.conn, book.sid, book.seq) if book.synced else (-1, -1, -1)
        return FillEvidence(
            kind=source.kind,
            trade_id=source.trade_id,
            level_price=source.level_price,
            level_size=source.level_size,
            book_conn=conn,
            book_sid=sid,
            book_seq=seq,
            book_age_ns=max(0, self.now - book.at) if book.synced else 0,
            queue_before=Count(source.queue_before),
            queue_after=Count(source.queue_after),
            decided_at=order.order.decided_at,
            arrived_at=order.arrives_at,
            fee_formula=formula,
            pseudo=book.pseudo,
            feed_lag_ns=source.lag,
        )

    def move_bands(self, order: PaperOrder, band: FillBand, source: Source, base_fee: Money) -> None:
        """Move an order's three readings on. The pessimistic one pays maker fees whatever the series says."""
        terms = self.fee_terms(self.state.market(order.ticker), source.at_venue)
        bands = order.bands
        fee_pessimistic = fee_optimistic = MONEY_ZERO
        if band.pessimistic:
            fee_pessimistic = _fee_alone(terms.with_maker_fees(), order.side, band, band.pessimistic)
        # Charged by itself it would lose the fractions that earlier fills have left over for the rounding.
        if band.optimistic == band.base:
            fee_optimistic = base_fee
        elif band.optimistic:
            fee_optimistic = _fee_alone(terms, order.side, band, band.optimistic)
        sign = -1 if order.side is BookSide.BID else 1
        unit = sign * band.price
        self.emit(
            BandMoved(
                order_id=order.order_id,
                strategy=order.strategy,
                ticker=order.ticker,
                pessimistic=Count(bands.pessimistic + band.pessimistic),
                base=Count(bands.base + band.base),
                optimistic=Count(bands.optimistic + band.optimistic),
                pessimistic_cash=Money(bands.pessimistic_cash + unit * band.pessimistic - fee_pessimistic),
                base_cash=Money(bands.base_cash + unit * band.base - base_fee),
                optimistic_cash=Money(bands.optimistic_cash + unit * band.optimistic - fee_optimistic),
                at=self.now,
                cause=source.cause,
                level_price=source.level_price,
            )
        )

    def take(self, market: Market, side: BookSide, price: Price, count: int) -> None:
        """Remember that we took from a displayed level, since the venue will go on displaying it."""
        total = Count(market.taken(side).get(price, 0) + count)
        shown = market.book.size(side, price)
        short = market.shortfalls(side).get(price)
        if total <= shown:
            self.note_taken(market, side, price, total)
        elif short is None:
            self.note_taken(market, side, price, total, short=Shortfall(self.now, shown))
        else:
            short = Shortfall(short.since, Count(max(short.most, shown)))
            self.note_taken(market, side, price, total, short=short)

    def note_taken(
        self, market: Market, side: BookSide, price: Price, taken: Count, *, short: Shortfall | None = None
    ) -> None:
        """Set what the account took of a level; `short` if the level displays less than that."""
        since, most = (None, Count(0)) if short is None else (short.since, short.most)
        self.emit(LevelTaken(market.ticker, side, price, taken, self.now, since, most, market.account))

    def post(self, entry_id: str, strategy: str, cause: str, postings: tuple[Posting, ...]) -> None:
        """Book a ledger entry, unless there is nothing to book."""
        if postings:
            self.emit(LedgerPosted(entry_id, strategy, cause, postings, self.now))

    # Queues and ends

    def move_queue(
        self, level: QueueLevel, order: PaperOrder, ahead: tuple[int, int], known_to: Nanos | None, cause: str
    ) -> None:
        """Set the venue contracts ahead of an order in the base and the optimistic reading.

        In the optimistic one never more than in the base one.
        """
        base, optimistic = ahead[0], min(ahead)
        if (base, optimistic, known_to) == (order.venue_ahead, order.optimistic_ahead, order.known_to):
            return
        own = level.own_ahead(order)
        self.emit(
            QueueMoved(
                order_id=order.order_id,
                ahead_before=Count(order.venue_ahead + own),
                ahead=Count(base + own),
                cause=cause,
                at=self.now,
                own_ahead=Count(own),
                optimistic=Count(optimistic),
                known_to=known_to,
            )
        )

    def explain(self, market: Market, level: QueueLevel, left: Matched, cause: str) -> None:
        """Remember what still waits to be explained at a level."""
        self.note_level(market, level, left, cause, level.displayed)

    def note_level(
        self, market: Market, level: QueueLevel, left: Matched, cause: str, displayed: Count | None
    ) -> None:
        """Say of a level of ours what waits there, and what was displayed before a gap."""
        self.emit(
            QueueLevelChanged(
                market.ticker,
                level.side,
                level.price,
                left.credits,
                left.printed,
                cause,
                self.now,
                displayed,
                market.account,
            )
        )

    def cancel(self, order: PaperOrder, reason: CancelReason) -> None:
        """End an order and all its readings."""
        if order.remaining:
            self.emit(
                OrderCancelled(
                    order.order_id, order.strategy, order.ticker, Count(order.remaining), reason, self.now
                )
            )
        # Strategies know already that it is filled; only the readings that are behind hear of this end.
        elif order.bands.alive:
            self.emit(BandEnded(order.order_id, self.now))

    def reject(self, order: PaperOrder, code: RejectCode, detail: str) -> None:
        """Refuse an arriving order."""
        self.emit(OrderRejected(order.order_id, order.strategy, order.ticker, code, detail, self.now))

    def refuse(self, order_id: str, strategy: str, code: RejectCode, *, amend: bool = False) -> None:
        """Refuse a cancel or an amend."""
        self.emit(CancelRefused(order_id, strategy, code, self.now, amend))

    # Money

    def cash(self, strategy: str) -> Money:
        """Cash of a strategy, including what its open orders reserve."""
        return self.state.ledger.balance(ledger.cash(strategy))


def book_time(market: Market | VenueMarket) -> Nanos:
    """Up to when the book shows what the venue did; trades from before it are in what is displayed.

    If its last change had no venue time, that is when it was heard at the latest.
    """
    return market.book.at if market.book.venue_at is None else market.book.venue_at


def book_lag(market: Market | VenueMarket) -> int | None:
    """How long after it happened the book's last change was heard, in nanoseconds."""
    return None if market.book.venue_at is None else market.book.at - market.book.venue_at


def trusted(market: Market | VenueMarket) -> bool:
    """Whether fills may happen from what is heard of this market now."""
    return market.book.trust is Trust.TRUSTED


def _fee_alone(terms: FeeTerms, side: BookSide, band: FillBand, count: int) -> Money:
    """The fee of a counterfactual fill.

    By itself, without the rebates that an order's other fills could bring.
    """
    return terms.charge(band.liquidity, side, band.price, Count(count), MONEY_ZERO).fee
