"""The paper exchange as others see it: it hears the venue, acts on approved orders, and can be asked.

Run by its actor. It decides by appending facts, which it has applied to itself when it returns them; nobody
else may hear of them before the journal has them. State is the fold of the facts: `restore` and the current
books give the exchange that was interrupted.
"""

from collections.abc import Callable, Iterable, Mapping

from engine.book import POLLED, Book
from engine.events import (
    BookDelta,
    BookRefused,
    BookSnapshot,
    CloseTimeChanged,
    ExchangeStatusSeen,
    FeeChanged,
    FeedConnected,
    FeedGapped,
    FeedLost,
    MarketDetermined,
    MarketListed,
    MarketSettled,
    MarketStatusChanged,
    PriceRangesChanged,
    TradePrinted,
    TradesRecovered,
    VenueEvent,
)
from engine.exchange import freezing, gaps, lifecycle
from engine.exchange.balance import enforce
from engine.exchange.depth import credit_expired, depth_changed, passes_by
from engine.exchange.feed_clock import NEVER, happened_by, note_delta, note_listed, note_snapshot
from engine.exchange.market import Market, VenueMarket
from engine.exchange.moments import settle
from engine.exchange.prints import on_trade
from engine.exchange.rules import ExchangeRules
from engine.exchange.state import ExchangeState
from engine.exchange.step_context import StepContext
from engine.exchange.submission import cancel_many, close_out, submit
from engine.exchange.timers import CLOSE, CREDIT, RECOVERY, read_credit_subject, read_place
from engine.facts import Fact, LedgerPosted, Posting, StrategyOpened
from engine.heard_prints import PrintsHeard
from engine.ledger import cash, equity
from engine.orders import Approved, CancelReason, OrderCommand
from engine.step import NOTHING, Step, Timer
from engine.units import Money, Nanos


class PaperExchange:
    """Fills approved orders from what the venue shows, and never more kindly than the venue would."""

    def __init__(self, rules: ExchangeRules, seed: int) -> None:
        """An empty exchange; `seed` is what the delays are drawn from."""
        held = rules.feed_wait_ns, rules.credit_window_ns, rules.status_wait_ns
        self.rules = rules
        self.state = ExchangeState(rules.recovery_window_ns, *held)
        self.seed = seed
        self.duplicates = 0
        self.frozen: dict[str, bool] = {}
        """Markets that stand still, and of each whether it may be settled all the same."""
        self.parked: frozenset[str] = frozenset()
        self.waits_since: Nanos = NEVER
        """The earliest moment that waits for the feed to pass it."""
        self._woken: dict[str, Callable[[StepContext, str], None]] = {
            CREDIT: self._credit,
            CLOSE: self._close,
            RECOVERY: self._recovery,
        }

    # Inputs

    def on_venue_event(self, event: VenueEvent, now: int) -> Step:
        """Take in one event of the venue. Where nothing of ours stands, only the book follows it."""
        # Nearly all that comes is this; where nothing of ours stands it costs no context and makes no step.
        if type(event) is BookDelta:
            market = self.state.markets.get(event.ticker)
            if market is None:
                market = self.state.market(event.ticker)
            at_venue = event.at_venue
            if at_venue is not None and at_venue > self.waits_since:
                return self._pass(market, event, now)
            applied = market.book.apply_delta(event)
            if not market.watched or not applied or event.ticker in self.frozen or passes_by(market, event):
                return NOTHING
            context = self._context(now)
            self._depth(context, market, event)
            return self._finish(context)
        context = self._context(now)
        self._handle(context, event)
        settle(context)
        return self._finish(context)

    def passed_by(self, trade: TradePrinted) -> bool:
        """Note a trade that can do nothing to anybody, which most are; False if it must be decided on.

        That is one of a market where nothing of ours stands, while nothing waits for the feed to come so far.
        """
        market = self.state.markets.get(trade.ticker)
        idle = market is not None and not market.watched and market.book.conn != POLLED
        if market is None or not idle or self.frozen or self.state.timers.moments:
            return False
        if trade.at_venue is not None and trade.at_venue > market.active_to:
            market.active_to = trade.at_venue
        self.state.prints.hear(trade)
        return True

    def knows(self, listing: MarketListed) -> bool:
        """Whether a listing repeats what is known while nothing waits that could be decided now."""
        market = self.state.markets.get(listing.ticker)
        busy = self.frozen or self.state.timers.moments
        return market is not None and not busy and lifecycle.repeats(market, listing)

    def take_over(self, events: Iterable[MarketListed | BookSnapshot], now: int) -> Step:
        """Take up listings and books from whoever followed them while this exchange alone was restarted.

        They tell nothing new: what is due is decided when the venue is heard again, or by its timer. A book
        that has been followed meanwhile is kept.
        """
        context = self._context(now)
        context.taking_over = True
        for event in events:
            if isinstance(event, MarketListed) or _behind(self.state.market(event.ticker).book, event):
                self._handle(context, event)
        return self._finish(context)

    def take_over_prints(self, told: PrintsHeard, now: int) -> None:
        """What had been told of the public trades before this exchange began, by whoever heard it."""
        self.state.prints.take_over(told, Nanos(now))

    def _pass(self, market: VenueMarket, event: BookDelta, now: int) -> Step:
        """The feed passes what waits for it: that is decided on the books from before this event."""
        context = self._context(now)
        if event.at_venue is not None:
            context.heard = (event.conn, event.sid, event.at_venue)
            if event.change > 0:
                # While a market stands still its offers are only taken away.
                market.active_to = max(market.active_to, event.at_venue)
        settle(context)
        context.heard = None
        applied = market.book.apply_delta(event)
        if applied and market.watched and event.ticker not in self.frozen and not passes_by(market, event):
            self._depth(context, market, event)
        return self._finish(context)

    def _depth(self, context: StepContext, market: VenueMarket, event: BookDelta) -> None:
        """A level of a market where something of ours stands, arrives or was taken has changed."""
        if not market.book.synced:
            gaps.book_broke(context, market)
            settle(context)
            return
        for each in market.watching():
            if each.arriving:
                note_delta(context, each, event)
            depth_changed(context, each, event)

    def _handle(self, context: StepContext, event: VenueEvent) -> None:
        if self.frozen and self._kept_still(context, event):
            if isinstance(event, TradePrinted):
                self.state.prints.hear(event)
            return
        match event:
            case TradePrinted():
                market = self.state.market(event.ticker)
                for each in market.watching():
                    on_trade(context, each, event)
                if event.at_venue is not None:
                    market.active_to = max(market.active_to, event.at_venue)
                if market.book.conn == POLLED:
                    note_listed(market, event)
                self.state.prints.hear(event)
            case BookSnapshot():
                self._snapshot(context, self.state.market(event.ticker), event)
            case TradesRecovered():
                for each in self.state.market(event.ticker).accounts.values():
                    gaps.recovered(context, each, event)
            case FeedConnected():
                self.state.prints.hear(event)
                gaps.feed_connected(context, event)
            case FeedLost():
                self.state.prints.hear(event)
                gaps.feed_lost(context, event)
            case FeedGapped():
                gaps.feed_gapped(context, event)
            case BookRefused():
                gaps.book_refused(context, event)
            case ExchangeStatusSeen():
                lifecycle.venue_status_seen(context, event)
            case FeeChanged():
                lifecycle.fees_changed(context, event)
            case _:
                self._live(context, event)

    def _kept_still(self, context: StepContext, event: VenueEvent) -> bool:
        ticker = getattr(event, "ticker", "")
        settles = self.frozen.get(ticker)
        if settles is None:
            return False
        return freezing.kept_still(context, self.state.market(ticker), event, settles=settles)

    def _snapshot(self, context: StepContext, market: VenueMarket, event: BookSnapshot) -> None:
        """The whole book: of one that was followed all along only the differences are news."""
        book = market.book
        before = (book.yes, book.no) if book.synced else None
        seen_to = book.at
        applied = book.apply_snapshot(event)
        lifecycle.follow_status(context, market)
        if not applied:
            return
        if book.conn == POLLED:
            market.polled_to = event.at_venue or (None if before is None else seen_to)
        for each in market.watching():
            if before is None and not context.taking_over:
                gaps.missed(context, each, happened_by(event))
            # Of a candle the last price holds from some moment of its minute on, which was before the end of
            # it: what arrived within the minute meets the new quote, and never the one that it was sent upon.
            elif before is not None and each.arriving and not book.past:
                note_snapshot(context, each, before)
            gaps.resynchronized(context, each, before)

    def _live(self, context: StepContext, event: VenueEvent) -> None:
        """The life of a market; events that are not the exchange's are passed over."""
        match event:
            case MarketListed():
                lifecycle.listed(context, self.state.market(event.ticker), event)
            case MarketStatusChanged():
                lifecycle.status_changed(context, self.state.market(event.ticker), event)
            case CloseTimeChanged():
                lifecycle.close_time_changed(context, self.state.market(event.ticker), event)
            case PriceRangesChanged():
                lifecycle.ticks_changed(context, self.state.market(event.ticker), event)
            case MarketDetermined():
                lifecycle.determined(context, self.state.market(event.ticker), event)
            case MarketSettled():
                lifecycle.paid_out(context, self.state.market(event.ticker))
            case _:
                pass

    def act(self, approved: Approved[OrderCommand], now: int) -> Step:
        """Take an approved order, cancel or amend; it arrives later. The same order id again does nothing."""
        context, command = self._context(now), approved.command
        still = self.frozen and freezing.market_of_command(self.state, command) in self.frozen
        if still and freezing.refuse_new(context, command):
            return self._finish(context)
        if not submit(context, command, self.seed):
            self.duplicates += 1
        return self._finish(context)

    def wake(self, key: str, now: int, *, only: str | None = None) -> Step:
        """A timer is due. One that was forgotten or set anew since is passed over.

        With `only` nothing is decided but of this market.
        """
        due = self.state.timers.due.get(key)
        if due is None or due > now:
            return NOTHING
        place = freezing.place_of_timer(self.state, key)
        if self.frozen and place is not None and place[1] in self.frozen:
            return NOTHING
        context = self._context(now)
        kind, _, subject = key.partition(":")
        woken = self._woken.get(kind)
        if woken is not None:
            woken(context, subject)
        settle(context, only, None if place is None else place[0])
        return self._finish(context)

    # Operators

    def open_account(self, opened: StrategyOpened) -> Step:
        """Give a strategy its cash; an account that is open stays as it is."""
        strategy, bankroll = opened.strategy, opened.bankroll
        if strategy in self.state.accounts or strategy in self.parked:
            return NOTHING
        context = self._context(opened.at)
        context.emit(opened)
        postings = (Posting(cash(strategy), bankroll), Posting(equity(strategy), Money(-bankroll)))
        context.emit(LedgerPosted(f"open:{strategy}", strategy, "bankroll", postings, context.now))
        return self._finish(context)

    def cancel_all(self, strategy: str | None, reason: CancelReason, now: int) -> Step:
        """Send cancels for all orders of a strategy, or of everybody. They travel like any cancel."""
        context = self._context(now)
        cancel_many(context, strategy, reason, self.seed)
        return self._finish(context)

    def close_position(self, strategy: str, ticker: str, request_id: str, now: int) -> Step:
        """Send an order that closes a position at whatever the book gives; nothing if there is none."""
        context = self._context(now)
        close_out(context, (strategy, ticker), request_id, self.seed)
        return self._finish(context)

    # Restart

    def apply(self, fact: Fact) -> None:
        """Fold one fact."""
        self.state.apply(fact)

    def recover(self, parts: Mapping[str, object]) -> None:
        """Begin as the fold of earlier facts was (`ExchangeState.durable`); `restore` what came after."""
        self.state.recover(parts)
        self.state.prints.since = NEVER

    def restore(self, facts: Iterable[Fact]) -> Step:
        """Fold the facts of an earlier life. Returns the timers that are still to come (or already due)."""
        for fact in facts:
            self.state.apply(fact)
            # Whoever wrote it listened, and may have heard trades of which no fact tells.
            self.state.prints.since = NEVER
        # All timers are handed out below; the fresh ones would be set twice.
        self.state.timers.take_fresh()
        self.state.ledger.verify()
        self._note_waiting()
        return Step(timers=self.state.timers.all())

    def freeze(self, markets: Mapping[str, bool], parked: Iterable[str], now: int) -> Step:
        """Let these markets stand still from now on; of each, whether it may be settled all the same.

        What rests there is taken back. Of strategies that are `parked` no account is opened in this run: it
        may have been before. Call it after `restore` and before `resumed`.
        """
        context = self._context(now)
        self.frozen, self.parked = dict(markets), frozenset(parked)
        for ticker in markets:
            freezing.freeze(context, self.state.market(ticker))
        return self._finish(context)

    def release(self, ticker: str) -> None:
        """Trade a frozen market again, from the positions as they were last known."""
        self.frozen.pop(ticker, None)

    def resumed(self, now: int) -> Step:
        """The whole process was restarted, not only its actor: nobody knows what happened since the last
        fact.

        Call it after `restore`, before anything is heard. Orders wait for the missing trades or are given up.
        """
        context = self._context(now)
        lifecycle.withdraw_unpriced(context)
        gaps.process_restarted(context, self.state.markets.values())
        return self._finish(context)

    # Looking

    def book(self, ticker: str) -> Book:
        """The exchange's own book of a market."""
        return self.state.market(ticker).book

    def without_visibility(self) -> dict[str, Nanos]:
        """Markets whose trades are missing since a moment: whoever can fetch them should."""
        return {ticker: self.gaps_of(ticker)[0] for ticker in self.state.markets if self.gaps_of(ticker)}

    def gaps_of(self, ticker: str) -> tuple[Nanos, ...]:
        """Since when trades of a market are missing to some account, each moment once, the earliest first."""
        accounts = self.state.market(ticker).accounts.values()
        return tuple(
            sorted({each.no_visibility_since for each in accounts if each.no_visibility_since is not None})
        )

    # Timers

    def _credit(self, context: StepContext, subject: str) -> None:
        side, price, place = read_credit_subject(subject)
        market = self._at(place)
        credit_expired(context, market, market.own_levels(side)[price])

    def _close(self, context: StepContext, place: str) -> None:
        lifecycle.close_reached(context, self._at(place))

    def _recovery(self, context: StepContext, place: str) -> None:
        gaps.give_up(context, self._at(place))

    def _at(self, place: str) -> Market:
        account, ticker = read_place(place)
        return self.state.market(ticker).of(account)

    # Steps

    def _context(self, now: int) -> StepContext:
        return StepContext(self.state, self.rules, Nanos(now), frozen=self.frozen)

    def _finish(self, context: StepContext) -> Step:
        for strategy in context.traded:
            enforce(context, strategy)
        if not context.facts and not context.again:
            return NOTHING
        self._note_waiting()
        again = tuple(Timer(key, due) for key, due in context.again.items())
        return Step(facts=tuple(context.facts), timers=(*self.state.timers.take_fresh(), *again))

    def _note_waiting(self) -> None:
        # Kept, because every delta asks for it.
        self.waits_since = min(self.state.timers.moments.values(), default=NEVER)


def _behind(book: Book, other: BookSnapshot) -> bool:
    """Whether somebody else's book has taken in changes that this one has missed."""
    known = book.conn, book.sid, book.seq, book.at
    return not book.synced or known < (other.conn, other.sid, other.seq, other.at)
