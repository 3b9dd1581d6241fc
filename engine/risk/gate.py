"""The risk gate: judges the strategies' orders and approves those that break no rule.

The only maker of `Approved` (held by a test over the source tree). Driven by one actor; gets the same news as
the strategies, and the exchange's facts after their commit. An approved order counts from that moment on, so
no limit can be passed in the time until the exchange answers. It fails closed: what is unknown, missing or
not a number is denied.

Orders that can only make a position smaller (`exit`) pass where entries are blocked: they are asked only
whether they are sane, whether trading is halted, and whether the market can be traded. An order that calls
itself an exit but is none is judged as the entry that it is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from engine.configured_settings import BY_CONFIGURATION
from engine.events import BookSide, GameBegun, GameKnown, GameNews, MarketStatus, TopChanged, Trust
from engine.facts import (
    CancelRefused,
    Fact,
    FollowingChanged,
    LimitChanged,
    OrderApproved,
    OrderDenied,
    PregameChanged,
    TradingHalted,
    TradingResumed,
)
from engine.feed_lag import FeedLag
from engine.fees import BY_DATE, FeeTerms, Rounding
from engine.message import changed
from engine.orders import AmendOrder, Approved, CancelOrder, OrderCommand, PlaceOrder
from engine.orphaned_orders import Unfinished
from engine.reasons import DenialReason
from engine.risk.accounts import Account, Accounts, Results
from engine.risk.exposure import Exposure, Pending, pending
from engine.risk.halts import (
    EVERYTHING,
    GAME,
    MARKET,
    QUARANTINE,
    STRATEGY,
    Halts,
    TradingState,
    check_scope,
    covers,
    parse_state,
)
from engine.risk.holdings import Holdings
from engine.risk.limits import LimitInUse, LimitTable, RiskLimits, parse_limit
from engine.risk.market_rules import MARKET_RULES
from engine.risk.marks import Marks
from engine.risk.money_rules import MONEY_RULES, entry_of
from engine.risk.order_context import Denial, OrderContext, missing
from engine.risk.sent import SentEntries
from engine.risk.stops import UnfulfilledStops
from engine.risk.totals import Sums, Total
from engine.risk.utilization import limits_in_use
from engine.step import NOTHING, Step, Timer
from engine.terms import BegunBy
from engine.units import PRICE_ONE, Nanos
from engine.venue_facts import VenueStatusChanged
from engine.view import MarketView, View

MAKER = "risk gate"
"""Who halts when a drawdown latches."""

TIP = "tip:"
"""What the key of the timer for a game's tip begins with."""

START = "the start"
"""Who halts what rests on facts that a start could not apply, or on a decision that failed."""

DURABLE: Final = ("accounts", "halts", "stops", "unfollowed", "begun", "limit_changes")
"""The parts of the gate that follow from facts."""

CHANGING: Final[tuple[type, ...]] = (
    *(Accounts, Account, Results, SentEntries, Holdings, Marks, Sums, Total, Exposure, Pending),
    *(Halts, UnfulfilledStops),
)
"""What these parts are made of and changes with them; all else in them are values."""


class RiskGate:
    """See the module."""

    def __init__(
        self,
        limits: RiskLimits,
        strategy_limits: Mapping[str, RiskLimits] | None = None,
        rounding: Rounding = BY_DATE,
        *,
        apart: bool = False,
    ) -> None:
        """Begin with the configured limits and nobody known: accounts come with `StrategyOpened` facts.

        Of a strategy's own limits those count that differ from the defaults. Fees are estimated as the
        exchange charges them, so with its `rounding`. With `apart` the limits of the portfolio hold for each
        strategy by itself.
        """
        self.rounding = rounding
        self._limits_given = limits, strategy_limits
        self.limits = LimitTable(limits, strategy_limits or {}, apart=apart)
        scopes: tuple[str | None, ...] = (None, *self.limits.strategies())
        self.configured = {scope: self.limits.all_of(scope) for scope in scopes}
        """The limits that were configured last, by scope and name: what a reset goes back to."""
        self.limit_changes: dict[tuple[str, str | None, bool], LimitChanged] = {}
        """The last change of each limit, by command and by configuration, in the order in which they came."""
        self.view = View()
        self.lag = FeedLag()
        self.accounts = Accounts()
        self.halts = Halts()
        self.stops = UnfulfilledStops()
        self.journal_trouble: str | None = None
        self.ends = False
        """Whether the run is ending: no more market data will come, so no order passes."""
        self.unfollowed: set[str] = set()
        self.begun: dict[str, PregameChanged] = {}
        """The games of which it is on record that they may have begun."""
        self.denials: Counter[tuple[str, DenialReason]] = Counter()

    def on_game_news(self, news: GameNews, now: Nanos) -> Step:
        """Keep the view of games up to date; only that a game may have begun leads to a decision."""
        # Every change of every best price comes here; nothing but a look-up may be spent on it.
        if news.__class__ is TopChanged:
            self.lag.observe(news.at, news.at_venue)
            self.accounts.holdings.marks.stale.add(news.ticker)
            market = self.view.markets.get(news.ticker)
            if market is not None:
                market.hear(news)
                return NOTHING
        self.view.apply(news)
        if isinstance(news, TopChanged):
            return NOTHING
        step = self._pregame(news.game, now)
        tip_at = news.tip_at if isinstance(news, GameKnown) else None
        if tip_at is None or tip_at <= now:
            return step
        return changed(step, timers=(Timer(TIP + news.game, tip_at),))

    def _pregame(self, game: str, now: Nanos) -> Step:
        """Put on record that the time before a game is over, and take back what rests on odds of before.

        A process that starts in a minute in which nobody says it again must know it all the same.
        """
        over = self.view.game(game).beginning.over(now)
        if over is None and game in self.begun:
            fact = PregameChanged(game, False, self.begun[game].by, self.begun[game].since, now)
        elif over is not None and over.by is not BegunBy.UNKNOWN_TIP and game not in self.begun:
            fact = PregameChanged(game, True, over.by, over.at, now)
        else:
            fact = None
        if fact is None:
            return NOTHING
        self._apply_pregame(fact)
        if not fact.over:
            return Step(facts=(fact,))
        resting = [
            cancel
            for cancel in self._cancels(GAME + game, entries_only=True, now=now)
            if self.accounts.account(cancel.strategy).traits.rests_on_odds
        ]
        return _taken_back((fact,), resting, now)

    def _apply_pregame(self, fact: PregameChanged) -> None:
        if fact.over:
            self.begun[fact.game] = fact
            self.view.game(fact.game).beginning.apply(GameBegun(fact.game, fact.by, fact.since))
        else:
            self.begun.pop(fact.game, None)
            self.view.game(fact.game).beginning.begun = None

    def on_committed_fact(self, fact: Fact, now: Nanos) -> Step:
        """Fold a committed fact of others; its own were folded when they were decided."""
        # Own facts were applied when they were decided: applied again after the commit they would count
        # twice.
        if not isinstance(
            fact, OrderApproved | TradingHalted | TradingResumed | LimitChanged | PregameChanged
        ):
            self.accounts.apply(fact)
            if isinstance(fact, CancelRefused | VenueStatusChanged):
                self.stops.apply(fact)
                return self.stop_again(now)
        return NOTHING

    def stop_again(self, now: Nanos) -> Step:
        """Send the cancels again that the venue refused because it stood still, once it goes on.

        Called when the venue's status changes, and at the start, for a process may have ended in between.
        """
        cancels = [
            CancelOrder(order_id, self.accounts.orders[order_id].strategy, now)
            for order_id in self.stops.due()
            # The order may have been filled, or cancelled by a reactivated market, before the venue went on.
            if order_id in self.accounts.orders
        ]
        for cancel in cancels:
            self.stops.sent(cancel.order_id)
        return _taken_back((), cancels, now)

    def durable(self) -> dict[str, object]:
        """The parts that follow from facts, by name: what a snapshot of the fold holds."""
        return {name: getattr(self, name) for name in DURABLE}

    def recover(self, parts: Mapping[str, object]) -> None:
        """Begin as the fold of earlier facts was; the parts are this gate's from now on."""
        for name in DURABLE:
            setattr(self, name, parts[name])
        for begun in self.begun.values():
            self._apply_pregame(begun)
        # Upon what is configured now, which may be something else than it was then.
        for change in list(self.limit_changes.values()):
            self._apply_limit(change)

    def restore(self, facts: Iterable[Fact]) -> None:
        """Fold the facts of an earlier life, oldest first."""
        for fact in facts:
            match fact:
                case OrderApproved():
                    # An approval without a later end counts as open: that is too much at worst, and never too
                    # little.
                    self.accounts.restore(fact, self._terms_of(fact.command, fact.at))
                    if isinstance(fact.command, CancelOrder):
                        self.stops.sent(fact.command.order_id)
                case CancelRefused() | VenueStatusChanged():
                    self.stops.apply(fact)
                case TradingHalted() | TradingResumed():
                    self._apply_halt(fact)
                case FollowingChanged():
                    self._apply_following(fact)
                case PregameChanged():
                    self._apply_pregame(fact)
                case LimitChanged():
                    self._apply_limit(fact)
                case _:
                    self.accounts.apply(fact)

    def undone(self, facts: Iterable[Fact], parts: Mapping[str, object] | None = None) -> "RiskGate":
        """The gate whose last decision failed, as it was before; `facts` are all that it had folded, or those
        since it had `parts`.

        What of them cannot be folded is passed over: its market was set aside for it, or will be.
        """
        again = RiskGate(*self._limits_given, self.rounding, apart=self.limits.apart)
        if parts is not None:
            again.recover(parts)
        for fact in facts:
            try:
                again.restore((fact,))
            except Exception:  # noqa: BLE001, S112
                continue
        # What was heard of the market is in no fact, and denials are counted when they are made, not folded.
        again.view, again.lag, again.denials = self.view, self.lag, self.denials
        again.journal_trouble, again.ends = self.journal_trouble, self.ends
        return again

    def refuse(self, order: PlaceOrder, where: str, now: Nanos) -> Step:
        """Deny an order that cannot be judged; `where` is the scope that was set aside for it."""
        return self._deny(order, Denial(DenialReason.HALTED, where, "resumed"), now)

    def judge(self, command: OrderCommand, now: Nanos) -> Step:
        """Approve or deny a wish; either is a fact."""
        match command:
            case PlaceOrder():
                return self._judge_place(command, now)
            case CancelOrder():
                return self._judge_cancel(command, now)
            case AmendOrder():
                return self._judge_amend(command, now)

    def wake(self, key: str, now: Nanos) -> Step:
        """The tip of a game has come, if it was not put off meanwhile."""
        return self._pregame(key.removeprefix(TIP), now)

    def journal_down(self, detail: str, now: Nanos) -> Step:
        """Decisions cannot be made durable; until they can, nothing but cancels passes."""
        self.journal_trouble = detail
        return NOTHING

    def journal_up(self, now: Nanos) -> Step:
        """Decisions can be made durable again."""
        self.journal_trouble = None
        return NOTHING

    def halt(self, scope: str, state: str, by: str, why: str, now: Nanos) -> Step:
        """Stop a scope (`all`, `strategy:NAME`, `game:ID`, `market:TICKER`) until it is resumed.

        Open orders of the scope are cancelled: all when halted, entries when reducing. Raises StateUnknown.
        """
        check_scope(scope)
        halted = parse_state(state) is TradingState.HALTED
        fact = TradingHalted(scope, state, by, why, now)
        self._apply_halt(fact)
        # Halted first: an order that is judged while the cancels are on their way must meet the halt.
        return _taken_back((fact,), self._cancels(scope, entries_only=not halted, now=now), now)

    def hold(self, scope: str, why: str, now: Nanos) -> Step:
        """Halt what a start could not be sure of. In a market the exchange has taken back what rested."""
        if scope.startswith(MARKET):
            fact = TradingHalted(scope, TradingState.HALTED.word, START, why, now)
            self._apply_halt(fact)
            return Step(facts=(fact,))
        return self.halt(scope, TradingState.HALTED.word, START, why, now)

    def resume(self, scope: str, by: str, why: str, now: Nanos) -> Step:
        """End a halt. A drawdown is measured from where the scope stands now. Raises StateUnknown."""
        check_scope(scope)
        fact = TradingResumed(scope, by, why, now)
        self._apply_halt(fact)
        return Step(facts=(fact,))

    def quarantine(self, strategy: str, now: Nanos, why: str = "failed too often") -> Step:
        """Park a strategy that keeps failing: its open orders are cancelled, its wishes denied."""
        return self.halt(QUARANTINE + strategy, TradingState.HALTED.word, "supervisor", why, now)

    def revive(self, strategy: str, by: str, why: str, now: Nanos) -> Step:
        """Let a parked strategy trade again."""
        return self.resume(QUARANTINE + strategy, by, why, now)

    def set_limit(self, name: str, strategy: str | None, value: str, by: str, now: Nanos) -> Step:
        """Change a limit from now on; `strategy` None is the global one. Raises LimitRefused.

        Open entries are taken back if they could fill to more than the new limit allows.
        """
        fact = LimitChanged(name, strategy, value, by, now)
        self._apply_limit(fact)
        scope = EVERYTHING if strategy is None else STRATEGY + strategy
        # Only if the limit is passed now: lowering a limit that is far away must not clear the book.
        passed = any(
            line.name == name and line.strategy == strategy for line in self.limits_in_use(now) if line.passed
        )
        return _taken_back((fact,), self._cancels(scope, entries_only=True, now=now) if passed else [], now)

    def _apply_limit(self, fact: LimitChanged) -> None:
        value = parse_limit(fact.name, fact.value)
        key = (fact.name, fact.strategy, fact.by == BY_CONFIGURATION)
        self.limit_changes.pop(key, None)
        self.limit_changes[key] = fact
        self.limits.set(fact.name, fact.strategy, value)
        # A command changes what is in force but not what was configured, to which a reset goes back.
        if fact.by == BY_CONFIGURATION:
            self.configured[fact.strategy][fact.name] = value

    def held_in(self, game: str) -> list[str]:
        """Positions and approved orders in a game, a sentence each."""
        return [line for exposure in self.accounts.select(game=game) for line in exposure.lines()]

    def follow(self, game: str, events: tuple[str, ...], by: str, now: Nanos) -> Step:
        """Let a game be traded that was not found by itself, or was unloaded before."""
        return self._following(FollowingChanged(game, followed=True, events=events, by=by, at=now))

    def unfollow(self, game: str, by: str, now: Nanos) -> Step:
        """Let no order into a game any more; nobody may have anything in it (`held_in`)."""
        return self._following(FollowingChanged(game, followed=False, events=(), by=by, at=now))

    def _following(self, fact: FollowingChanged) -> Step:
        self._apply_following(fact)
        return Step(facts=(fact,))

    def _apply_following(self, fact: FollowingChanged) -> None:
        (self.unfollowed.discard if fact.followed else self.unfollowed.add)(fact.game)

    def limits_in_use(self, now: Nanos) -> list[LimitInUse]:
        """Every limit with its use, for `risk show` and the metrics."""
        return limits_in_use(self.limits, self.accounts, self.view.markets, now)

    def _judge_place(self, order: PlaceOrder, now: Nanos) -> Step:
        market = self.view.markets.get(order.ticker)
        denial = self._refusal(order, market)
        # A market may be known and its fee terms not: then nothing is traded in it.
        if denial is not None or market is None or market.terms is None:
            return self._deny(order, denial or missing("the market's fee terms"), now)
        terms = self.rounding.of(market.terms, now)
        context = self._context(order, market, terms, now)
        denial = self._objection(context)
        if denial is not None:
            return self._latch(order, denial, self._deny(order, denial, now), now)
        # From here on the order is what the gate found it to be.
        self.accounts.approve(context.pending, now)
        return Step(facts=(OrderApproved(context.order, now),), approved=_pass((context.order,)))

    def _context(self, order: PlaceOrder, market: MarketView, terms: FeeTerms, now: Nanos) -> OrderContext:
        # Not kept unless the order is approved: thousands of denials must not leave thousands of them.
        exposure = self.accounts.exposures.get((order.strategy, order.ticker)) or Exposure(
            order.strategy, order.ticker, order.game
        )
        # Found out here and not believed: an entry that called itself an exit would pass every limit on
        # entries.
        reduces = exposure.reduces(order)
        if order.exit != reduces:
            order = changed(order, exit=reduces)
        return OrderContext(
            order=order,
            pending=pending(order, terms),
            now=now,
            exit=reduces,
            market=market,
            terms=terms,
            account=self.accounts.account(order.strategy),
            accounts=self.accounts,
            exposure=exposure,
            limits=self.limits.of(order.strategy),
            views=self.view.markets,
            feed_lag=self.lag.worst(now),
        )

    def _refusal(self, order: PlaceOrder, market: MarketView | None) -> Denial | None:
        """What stops any order, exits included: it is not sane, nobody knows it, or it was sent before."""
        if not 0 < order.price < PRICE_ONE or order.count <= 0:
            return missing(f"price {order.price} and count {order.count}")
        # Cancels do not come here: they pass to the end, since they make nothing worse.
        if self.ends:
            return Denial(DenialReason.HALTED, "the run ends", "the next start")
        if self.journal_trouble is not None:
            # Nothing may be sent that could not be put on record; cancels pass, because they only make
            # exposure smaller.
            return Denial(DenialReason.JOURNAL_DOWN, self.journal_trouble, "up")
        account = self.accounts.of.get(order.strategy)
        if account is None or account.bankroll is None:
            return missing(f"an account of strategy {order.strategy}")
        # The exchange would refuse it too; here it is known before it counts against any limit.
        if order.order_id in self.accounts.seen:
            return Denial(DenialReason.DUPLICATE, order.order_id, "a new id")
        if order.game in self.unfollowed:
            return missing(f"game {order.game}: it was unloaded")
        if market is None or market.known is None or market.game.game != order.game:
            return missing(f"market {order.ticker} of game {order.game}")
        return None

    def _objection(self, context: OrderContext) -> Denial | None:
        """The first rule that objects."""
        # From what is always true of an order to what depends on numbers: the reason on record is the
        # broadest that holds.
        order = context.order
        state, where = self.halts.state(order.strategy, order.game, order.ticker)
        if state is TradingState.HALTED:
            return Denial(DenialReason.HALTED, where, "resumed")
        if state in (TradingState.REDUCING, TradingState.DRAINING) and not context.exit:
            return Denial(DenialReason.REDUCING, where, "orders that reduce a position")
        if not context.exit and self.halts.quarantined(order.strategy):
            return Denial(DenialReason.QUARANTINED, "parked", "revived")
        if not context.exit and not context.account.enabled:
            return Denial(DenialReason.STRATEGY_DISABLED, "off", "on")
        # Exits must pass these as well: an untrusted book has no price to leave at, and the venue prevents
        # self-trades whatever an order is for.
        denial = self._market_shut(context) or self._self_cross(context)
        if denial is not None or context.exit:
            return denial
        for rule in MARKET_RULES:
            denial = rule(context)
            if denial is not None:
                return denial
        entry = entry_of(context)
        for money_rule in MONEY_RULES:
            denial = money_rule(entry)
            if denial is not None:
                return denial
        return None

    def _market_shut(self, context: OrderContext) -> Denial | None:
        known, top = context.market.known, context.market.top
        if known is None or known.status is not MarketStatus.ACTIVE:
            status = "unknown" if known is None else known.status.value
            return Denial(DenialReason.MARKET_INACTIVE, status, MarketStatus.ACTIVE.value)
        if top is None or top.trust is not Trust.TRUSTED:
            trust = "unknown" if top is None else top.trust.value
            return Denial(DenialReason.BOOK_UNTRUSTED, trust, Trust.TRUSTED.value)
        return None

    def _self_cross(self, context: OrderContext) -> Denial | None:
        """No order that would meet one of its own account, whoever sent it."""
        order = context.order
        # Over all who share the account: at the venue any two of their orders would meet.
        buys = order.side is BookSide.BID
        for other in self.accounts.open_orders(context.account.shares, order.ticker, buys=not buys):
            if order.price >= other.price if buys else order.price <= other.price:
                return Denial(DenialReason.SELF_CROSS, other.order.order_id, "no own order to meet")
        return None

    def _judge_cancel(self, cancel: CancelOrder, now: Nanos) -> Step:
        """A cancel makes nothing worse: it passes in every state, if the order is the strategy's own."""
        exposure = self.accounts.orders.get(cancel.order_id)
        if exposure is None or exposure.strategy != cancel.strategy:
            # A strategy may not touch what another one has resting.
            return self._deny_named(cancel, missing(f"an open order {cancel.order_id}"), now)
        return Step(facts=(OrderApproved(cancel, now),), approved=_pass((cancel,)))

    def _judge_amend(self, amend: AmendOrder, now: Nanos) -> Step:
        """An amend is judged as if its order were sent anew, the old one gone; then the worse counts."""
        exposure = self.accounts.orders.get(amend.order_id)
        if exposure is None or exposure.strategy != amend.strategy:
            return self._deny_named(amend, missing(f"an open order {amend.order_id}"), now)
        # Taken out for the trial: beside itself the amended order would count twice against every limit.
        found = self.accounts.take_out(exposure, amend.order_id)
        wish = changed(found.order, price=amend.price, count=amend.count, decided_at=amend.decided_at)
        market = self.view.markets.get(wish.ticker)
        denial = self._refusal(wish, market)
        known = None if market is None else market.terms
        terms = None if known is None else self.rounding.of(known, now)
        if denial is None and market is not None and terms is not None:
            denial = self._objection(self._context(wish, market, terms, now))
        # Put back before the answer: until the exchange confirms the amend, the old terms may still fill.
        self.accounts.put_back(exposure, found)
        if denial is not None or terms is None:
            return self._deny_named(amend, denial or missing("the market's fee terms"), now)
        self.accounts.amend(amend, terms)
        return Step(facts=(OrderApproved(amend, now),), approved=_pass((amend,)))

    def _deny(self, order: PlaceOrder, denial: Denial, now: Nanos) -> Step:
        self.denials[order.strategy, denial.reason] += 1
        fact = OrderDenied(
            order_id=order.order_id,
            strategy=order.strategy,
            game=order.game,
            ticker=order.ticker,
            signal_id=order.signal_id,
            reason=denial.reason,
            use=denial.use,
            limit=denial.limit,
            at=now,
        )
        return Step(facts=(fact,))

    def _deny_named(self, command: CancelOrder | AmendOrder, denial: Denial, now: Nanos) -> Step:
        """Deny a cancel or an amend; without a ticker, so that nobody takes its order for refused."""
        self.denials[command.strategy, denial.reason] += 1
        fact = OrderDenied(
            order_id=command.order_id,
            strategy=command.strategy,
            game="",
            ticker="",
            signal_id="",
            reason=denial.reason,
            use=denial.use,
            limit=denial.limit,
            at=now,
        )
        return Step(facts=(fact,))

    def _latch(self, order: PlaceOrder, denial: Denial, step: Step, now: Nanos) -> Step:
        """A drawdown does not heal by itself: only exits pass from now on, until somebody resumes."""
        if denial.reason is DenialReason.DRAWDOWN_STRATEGY:
            scope = STRATEGY + order.strategy
        elif denial.reason is DenialReason.DRAWDOWN_TOTAL:
            scope = STRATEGY + order.strategy if self.limits.apart else EVERYTHING
        else:
            return step
        if self.accounts.holdings.marks.unheard:
            # It heals by itself: after a start nothing is worth anything until its book is heard.
            return step
        why = f"{denial.reason.value}: {denial.use}, limit {denial.limit}"
        # As a fact, so that it survives a restart: breakers that live in memory reset when the process does.
        latched = self.halt(scope, TradingState.REDUCING.word, MAKER, why, now)
        return Step(facts=step.facts + latched.facts, approved=latched.approved)

    def _apply_halt(self, fact: TradingHalted | TradingResumed) -> None:
        self.halts.apply(fact)
        if isinstance(fact, TradingResumed):
            # Without a new peak the next order would meet the same drawdown, and a resume would mean nothing.
            if fact.scope == EVERYTHING:
                self.accounts.restart_peaks(None)
            elif fact.scope.startswith(STRATEGY):
                self.accounts.restart_peaks(fact.scope.removeprefix(STRATEGY))

    def _cancels(self, scope: str, *, entries_only: bool, now: Nanos) -> list[CancelOrder]:
        return [
            CancelOrder(order_id, exposure.strategy, now)
            for order_id, exposure in self.accounts.orders.items()
            if covers(scope, exposure.strategy, exposure.game, exposure.ticker)
            and not (entries_only and exposure.orders[order_id].order.exit)
        ]

    def _terms_of(self, command: OrderCommand, at: Nanos) -> FeeTerms:
        """The fee terms of an order's market; before the market is heard of again, those with maker fees."""
        exposure = self.accounts.orders.get(command.order_id)
        known = "" if exposure is None else exposure.ticker
        ticker = command.ticker if isinstance(command, PlaceOrder) else known
        market = self.view.markets.get(ticker)
        if market is None or market.terms is None:
            # At a restart facts come before the market's listing. Dearer than any terms of these markets: the
            # estimate may only be too high.
            return self.rounding.of(FeeTerms().with_maker_fees(), at)
        return self.rounding.of(market.terms, at)


def _pass(commands: Iterable[OrderCommand]) -> tuple[Approved[OrderCommand], ...]:
    """The one place where an order becomes an approved one."""
    return tuple(Approved(command) for command in commands)


def _taken_back(why: tuple[Fact, ...], cancels: Sequence[CancelOrder], now: Nanos) -> Step:
    """The gate takes orders back: first what was decided, then the cancels, approved by itself."""
    return Step(facts=(*why, *(OrderApproved(cancel, now) for cancel in cancels)), approved=_pass(cancels))


def approved_before(left: Unfinished) -> tuple[Approved[OrderCommand], ...]:
    """Return what an earlier process approved and never sent out, oldest first: its approval still stands."""
    return _pass(left.unsent())
