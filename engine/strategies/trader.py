"""The base of most strategies: form an opinion, enter when the price offers enough edge, leave.

A strategy derives from `Trader` and says only what it believes (`opinion`) and what else makes it leave
(`leave`). The rest is here once: watching best prices cheaply, thresholds after fees, sizing, cooldown, near
misses, resting orders and exits.

Near misses: a gap of at least `near_miss_share` of the threshold that still does not trade is recorded, at
most once per market and reason within `near_miss_minutes`, so that a constant near miss does not flood the
journal.

Not to think is the strategy's commonest act. Rows of odds come by the dozen in one answer, so they only mark
their game, which is thought over once, at the same moment, when all of them are in. A market in which nothing
is held or ordered gets no thought while its cooldown runs, once that was recorded as a near miss, and for
`DENIED_PAUSE` after the gate refused an entry by a rule that will still hold in a minute: the refusal is on
record, and a hundred more of them would say nothing new.

A restart is no news. What is current is told again, and is only taken in: an entry needs something new, as it
would have without the restart. What is held or rests is looked after once all of it is in, since prices may
have moved meanwhile.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar, Final

from engine.events import (
    FairValued,
    GameBegun,
    GameKnown,
    GameNews,
    MarketKnown,
    MarketStatus,
    OddsSeen,
    ScoreSeen,
    TopChanged,
    Trust,
)
from engine.facts import Fact, OrderDenied, OrderFilled, PositionSettled
from engine.message import changed
from engine.step import NOTHING, Step, Timer
from engine.strategies.market_watch import ALWAYS, NEVER, Stay, Watch, surely_above
from engine.strategies.merge_steps import joined
from engine.strategies.opinion import HAIR, Edge, Opinion, resting, taking
from engine.strategies.order_writer import OrderWriter
from engine.strategies.parameters import MARKET_TYPES, Parameters, TradingParameters, minutes, seconds
from engine.strategies.portfolio import LASTING, Holding, Portfolio, ticker_of
from engine.strategies.strategy import Strategy, StrategyContext
from engine.trust import UNSUPPORTED
from engine.units import NANOS_PER_HOUR, NANOS_PER_SECOND, Nanos
from engine.view import GameView, MarketView, View

TRUSTED: Final = Trust.TRUSTED
ACTIVE: Final = MarketStatus.ACTIVE

UNTRUSTED: Final = "untrusted"
"""The limit in the way of what would be traded if its source were taken at its word."""

DENIED_PAUSE: Final = Nanos(NANOS_PER_HOUR)
"""No entry into a market for so long after one was denied by a rule that lasts (`LASTING`)."""


class Trader(Strategy):
    """See the module."""

    kept_by_facts: ClassVar[bool] = False
    """Whether nothing but a fact changes what `keeps` says; then what is kept is not looked at until one
    comes.
    """

    def __init__(self, name: str, parameters: Parameters, context: StrategyContext) -> None:
        """Begin with nothing known and nothing held."""
        super().__init__(name, parameters, context)
        assert isinstance(parameters, TradingParameters)  # noqa: S101 - parameters_class says so
        self.trading: TradingParameters = parameters
        self.view = View()
        self.portfolio = Portfolio(name)
        self.order_writer = OrderWriter(self.portfolio, parameters, context)
        self.kinds = frozenset(MARKET_TYPES[word] for word in self.market_types())
        self._watches: dict[str, Watch] = {}
        self._marked: set[str] = set()
        self.recalling = False
        self._recalled: set[str] = set()
        self._cooldown = minutes(parameters.cooldown_minutes)
        self._near_miss = minutes(parameters.near_miss_minutes)
        self._hold = minutes(parameters.hold_minutes_max)
        self._retry = seconds(parameters.exit_retry_seconds)
        self._before_close = seconds(parameters.exit_before_close_seconds)
        self._takes = parameters.entry == "take"
        self._believed = context.trust.by_source

    @abstractmethod
    def market_types(self) -> tuple[str, ...]:
        """The words for the kinds of markets that are traded: moneyline, spread, total."""

    @abstractmethod
    def opinion(self, market: MarketView, now: Nanos) -> Opinion | None:
        """What is believed of a market now; None is no opinion, until news comes."""

    def leave(self, watch: Watch, holding: Holding, now: Nanos) -> tuple[str, int] | None:
        """A strategy's own reason to leave, and how many hundredths of a contract; None to stay."""
        return None

    def stays(self, watch: Watch, holding: Holding) -> Stay | None:
        """Where neither `leave` nor the opinion would make it leave; None: look at every price.

        Asked after a look that found no reason. Limits on time and losses are added to it. Whoever has a
        `leave` of its own says here where that stays silent; until then every price is looked at.
        """
        return self.held_by_opinion(watch, holding) if type(self).leave is Trader.leave else None

    def held_by_opinion(self, watch: Watch, holding: Holding) -> Stay:
        """Where the last opinion says that holding is worth more than selling, while it is valid."""
        opinion = watch.opinion if self.trading.exit_edge_gone else None
        if opinion is None:
            return Stay(until=watch.until)
        return Stay(
            highest=self.order_writer.worth_holding_to(watch.market, holding, opinion), until=watch.until
        )

    def keeps(self, ticker: str) -> bool:
        """Whether the position in a market is to be held to settlement whatever happens."""
        return False

    def concerns(self, news: ScoreSeen | OddsSeen, before: ScoreSeen | OddsSeen | None) -> bool:
        """Whether such news can change an opinion; asked before every market of the game is thought over."""
        return True

    def on_news(self, news: GameNews, now: Nanos) -> Step:
        """Take news; best prices inside the bounds of an idle market cost next to nothing."""
        if news.__class__ is not TopChanged:
            return self.on_other_news(news, now)
        watch = self._watches.get(news.ticker)
        if watch is None:
            self.unwatched(news)
            return NOTHING
        market = watch.market
        before = market.top
        # Written past the view: this is the path of nearly all news, and the market is at hand.
        market.top = news
        if (
            before is not None
            and before.yes_bid == news.yes_bid
            and before.yes_ask == news.yes_ask
            and before.trust is news.trust
        ):
            return NOTHING
        return self.priced(watch, news, now)

    def recall(self, news: GameNews, now: Nanos) -> Step:
        """Take in what is current; what is held or rests is thought over when the whole game is known."""
        self.recalling = True
        step = self.on_news(news, now)
        self.recalling = False
        if news.game in self._recalled:
            return step
        self._recalled.add(news.game)
        return changed(step, timers=(*step.timers, Timer(f"recalled:{news.game}", now)))

    def recalled(self, game: GameView, now: Nanos) -> Step:
        """Look after what is held or rests in a game that was told again."""
        watches = [self._watches[ticker] for ticker in game.markets if ticker in self._watches]
        return joined([self.consider(watch, now) for watch in watches if not watch.idle])

    def unwatched(self, top: TopChanged) -> None:
        """The best prices of a market that is not traded changed."""
        market = self.view.markets.get(top.ticker)
        if market is None:
            self.view.apply(top)
        else:
            market.top = top

    def priced(self, watch: Watch, top: TopChanged, now: Nanos) -> Step:
        """The best prices (or the trust) of a watched market changed."""
        if watch.idle:
            if now < watch.cooldown_until or (now < watch.until and not watch.crosses_threshold(top)):
                return NOTHING
        # Leaving has bounds of its own: it must not wait for a threshold of entering.
        elif now < watch.until and watch.stays(top, now):
            return NOTHING
        return self.consider(watch, now)

    def on_fact(self, fact: Fact, now: Nanos) -> Step:
        """Fold an own fact and update whether its market is idle (nothing held, nothing ordered)."""
        if not self.portfolio.apply(fact):
            return NOTHING
        ticker = ticker_of(fact)
        watch = self._watches.get(ticker)
        if watch is None:
            return NOTHING
        watch.idle, watch.stays_until = self._idle(ticker), NEVER
        # A fill changes what may still be bought, so the bounds of the last opinion are void.
        if isinstance(fact, OrderFilled | PositionSettled):
            watch.until = NEVER
        elif isinstance(fact, OrderDenied) and fact.reason in LASTING:
            watch.cooldown_until = self._cooldown_until(ticker)
            return self._cooled(ticker, now)
        return NOTHING

    def wake(self, key: str, now: Nanos) -> Step:
        """All of an answer is in, or all that was told again; or a cooldown, a time limit or a pause before
        the next attempt has ended.
        """
        word, _colon, name = key.partition(":")
        if word == "recalled":
            self._recalled.discard(name)
            return self.recalled(self.view.game(name), now)
        if word == "reconsider":
            self._marked.discard(name)
            return self.reconsider(self.view.game(name), now)
        watch = self._watches.get(name)
        return NOTHING if watch is None else self.consider(watch, now)

    def memory(self) -> dict[str, object]:
        """The portfolio."""
        return {"portfolio": self.portfolio}

    def remember(self, memory: Mapping[str, object]) -> None:
        """The portfolio."""
        self.portfolio.take_over(memory["portfolio"])

    def restore(self, facts: Iterable[Fact]) -> None:
        """Bring back positions, open orders, counters, cooldowns and near misses."""
        self.portfolio.restore(facts)

    def consider(self, watch: Watch, now: Nanos) -> Step:
        """Think one market over: leave, tend what rests, or enter; not while news is only told again."""
        if self.recalling:
            return NOTHING
        if watch.idle:
            if now < watch.cooldown_until:
                return NOTHING
        elif self._bound_to_stay(watch):
            return NOTHING
        # Leaving is impossible then as well: an untrusted price is no price to leave at. This is
        # `MarketView.tradable`, which is asked here more often than everywhere else together.
        market = watch.market
        top, known = market.top, market.known
        if (
            top is None
            or known is None
            or market.terms is None
            or top.trust is not TRUSTED
            or known.status is not ACTIVE
        ):
            return NOTHING
        if now >= watch.until:
            self._think(watch, now)
        if not watch.idle:
            step = self._mind(watch, now)
            if step is not None:
                return step
        if watch.opinion is None:
            return NOTHING
        return self._enter(watch, watch.opinion, now)

    def reconsider(self, game: GameView, now: Nanos) -> Step:
        """Evaluate every watched market of a game, because something beside its price changed."""
        steps: list[Step] = []
        for ticker in game.markets:
            watch = self._watches.get(ticker)
            if watch is None:
                continue
            # An opinion is valid until something beside the price changes, and that has just happened.
            watch.until = watch.stays_until = NEVER
            if watch.idle and (now < watch.cooldown_until or self.silent(watch, now)):
                continue
            step = self.consider(watch, now)
            if step is not NOTHING:
                steps.append(step)
        return joined(steps) if steps else NOTHING

    def silent(self, watch: Watch, now: Nanos) -> bool:
        """Whether it is plain at a glance that there will be no opinion of an idle market."""
        return False

    def watched(self, ticker: str) -> Watch | None:
        """The watch of a market, if it is one that this strategy may trade."""
        return self._watches.get(ticker)

    def on_other_news(self, news: GameNews, now: Nanos) -> Step:
        """Take news that is no best price."""
        match news:
            case OddsSeen():
                game = self.view.game(news.game)
                before = (game.opening if news.opening else game.odds).get(news.vendor)
                self.view.apply(news)
                if not self.concerns(news, before) or self.recalling:
                    return NOTHING
                return self._reconsider_once(game, now)
            case ScoreSeen():
                game = self.view.game(news.game)
                last = game.score
                self.view.apply(news)
                return self.reconsider(game, now) if self.concerns(news, last) else NOTHING
            case MarketKnown():
                self.view.apply(news)
                market = self.view.markets[news.ticker]
                cooling = self._watch(market, now)
                self.look_again([news.ticker])
                if market.top is None:
                    # First listings come before first books: nothing can be decided without a price.
                    return cooling
                if self.recalling:
                    # Opinions are void; what is held or rests is looked after when all is told (`recalled`).
                    later = self.reconsider(market.game, now)
                else:
                    later = self._reconsider_once(market.game, now)
                return later if cooling is NOTHING else joined([cooling, later])
            case GameKnown() | GameBegun():
                self.view.apply(news)
                return self.reconsider(self.view.game(news.game), now)
            case _:
                self.view.apply(news)
                return NOTHING

    def _reconsider_once(self, game: GameView, now: Nanos) -> Step:
        """Evaluate a game when all of an answer is known: its rows come in one input, so before any timer."""
        if game.game in self._marked:
            return NOTHING
        self._marked.add(game.game)
        return Step(timers=(Timer(f"reconsider:{game.game}", now),))

    def _watch(self, market: MarketView, now: Nanos) -> Step:
        """Watch a market from now on; after a restart its cooldown may still be running."""
        ticker = market.ticker
        if ticker in self._watches or market.kind not in self.kinds:
            return NOTHING
        cooldown_until = self._cooldown_until(ticker)
        self._watches[ticker] = Watch(market, idle=self._idle(ticker), cooldown_until=cooldown_until)
        return self._cooled(ticker, now)

    def look_again(self, tickers: Iterable[str]) -> None:
        """Something beside the prices changed: where a position needed no look is not known any more."""
        for ticker in tickers:
            watch = self._watches.get(ticker)
            if watch is not None:
                watch.stays_until = NEVER

    def _cooled(self, ticker: str, now: Nanos) -> Step:
        """A timer for the moment from which the market may be entered again, if that is to come."""
        due = self.enterable_at(ticker)
        return Step(timers=(Timer(f"cool:{ticker}", due),)) if due > now else NOTHING

    def enterable_at(self, ticker: str) -> Nanos:
        """From when on cooldown and lasting denials let a market be entered."""
        entered_at, denied_at = self.portfolio.entered_at.get(ticker), self.portfolio.denied_at.get(ticker)
        cool_at = NEVER if entered_at is None else entered_at + self._cooldown
        return Nanos(max(cool_at, NEVER if denied_at is None else denied_at + DENIED_PAUSE))

    def _cooldown_until(self, ticker: str) -> Nanos:
        """Until when an idle market is not thought over, by what is on record of it."""
        portfolio = self.portfolio
        denied_at = portfolio.denied_at.get(ticker)
        until = NEVER if denied_at is None else denied_at + DENIED_PAUSE
        entered_at, said_at = portfolio.entered_at.get(ticker), portfolio.missed_at.get((ticker, "cooldown"))
        if entered_at is not None and said_at is not None:
            until = max(until, min(entered_at + self._cooldown, said_at + self._near_miss))
        return Nanos(until)

    def _idle(self, ticker: str) -> bool:
        return ticker not in self.portfolio.holdings and not self.portfolio.open_in(ticker)

    def _think(self, watch: Watch, now: Nanos) -> None:
        """Form the opinion anew and with it the bounds outside of which prices matter."""
        opinion = self.opinion(watch.market, now)
        if opinion is not None:
            # Nobody else has seen it yet.
            opinion.trust = self._believed.get(opinion.source, UNSUPPORTED)
            if self.context.listener is not None:
                self.context.listener.formed(watch.market, opinion, now)
        watch.settle(opinion)
        if self.values_told and opinion is not None and now >= watch.told_at + NANOS_PER_SECOND:
            watch.told_at = now
            self.valued.append(FairValued(watch.market.ticker, opinion.p_fair, self.name, now))
        # Bounds are of executable prices; an order that rests makes its own price, so each change counts.
        if opinion is not None and self._takes:
            watch.bound(opinion, self.trading.near_miss_share)

    def _bound_to_stay(self, watch: Watch) -> bool:
        """Whether a position needs no thought: it is kept, or an order to leave is on its way.

        It needs no look either, until a fact says that this has changed.
        """
        ticker = watch.market.ticker
        if ticker not in self.portfolio.holdings:
            return False
        kept = self.keeps(ticker)
        if not kept and not any(each.order.exit for each in self.portfolio.open_in(ticker)):
            return False
        if self.kept_by_facts or not kept:
            watch.stay(Stay(), long=True)
        return True

    def _mind(self, watch: Watch, now: Nanos) -> Step | None:
        """Look after what is held and what rests; None if there is nothing to look after."""
        ticker = watch.market.ticker
        open_orders = self.portfolio.open_in(ticker)
        holding = self.portfolio.holdings.get(ticker)
        if holding is not None:
            return self._leave(watch, holding, now)
        if not open_orders:
            watch.idle = True
            return None
        return joined(
            [
                self.order_writer.tended(open_order, watch.opinion, watch.market, now)
                for open_order in open_orders
            ]
        )

    def _leave(self, watch: Watch, holding: Holding, now: Nanos) -> Step:
        """Leave for the first reason that holds, not more often than the retry pause allows."""
        ticker = watch.market.ticker
        left_at = self.portfolio.left_at.get(ticker)
        if left_at is not None and now < left_at + self._retry:
            return self._again(watch, Nanos(left_at + self._retry), NOTHING)
        found = self._reason_to_leave(watch, holding, now)
        if found is None:
            due = self._next_limit(watch, holding)
            stay = self.stays(watch, holding)
            if stay is not None:
                self._stay(watch, holding, stay, due)
            return NOTHING if due is None or due <= now else self._again(watch, due, NOTHING)
        watch.stays_until = NEVER
        reason, count = found
        step = self.order_writer.leave(watch.market, holding, reason, count, now)
        return step if step is NOTHING else self._again(watch, Nanos(now + self._retry), step)

    def _reason_to_leave(self, watch: Watch, holding: Holding, now: Nanos) -> tuple[str, int] | None:
        p_price = self.order_writer.p_exit_price(watch.market, holding)
        if p_price is None:
            return None
        whole = abs(holding.count)
        stop = self.trading.stop_loss_cents / 100
        if stop and p_price <= holding.p_cost() - stop + HAIR:
            return "stop_loss", whole
        if self._hold and now >= holding.opened_at + self._hold:
            return "time_limit", whole
        known = watch.market.known
        close_at = None if known is None else known.close_at
        if self._before_close and close_at is not None and now >= close_at - self._before_close:
            return "before_close", whole
        own = self.leave(watch, holding, now)
        if own is not None:
            return own
        opinion = watch.opinion if self.trading.exit_edge_gone else None
        if opinion is not None and self.order_writer.edge_gone(watch.market, holding, opinion):
            return "edge_gone", whole
        return None

    def _stay(self, watch: Watch, holding: Holding, stay: Stay, due: Nanos | None) -> None:
        """Note where the next look would answer as this one: `stay`, within the limits on time and losses."""
        stop, lowest = self.trading.stop_loss_cents / 100, stay.lowest
        if stop:
            lowest = max(lowest, surely_above(holding.p_cost() - stop))
        until = Nanos(min(stay.until, ALWAYS if due is None else due))
        watch.stay(Stay(lowest, stay.highest, until), long=holding.count > 0)

    def _next_limit(self, watch: Watch, holding: Holding) -> Nanos | None:
        """When time alone will be a reason to leave."""
        known = watch.market.known
        dues = [holding.opened_at + self._hold] if self._hold else []
        if self._before_close and known is not None and known.close_at is not None:
            dues.append(known.close_at - self._before_close)
        return Nanos(min(dues)) if dues else None

    def _again(self, watch: Watch, due: Nanos, step: Step) -> Step:
        """The same step, and a timer to think the market over again; one is enough for one moment."""
        if watch.timed == due:
            return step
        watch.timed = due
        timer = Timer(f"look:{watch.market.ticker}", due)
        return changed(step, timers=(*step.timers, timer))

    def _enter(self, watch: Watch, opinion: Opinion, now: Nanos) -> Step:
        """Enter if every limit allows it; else record the near miss, if it is one."""
        market = watch.market
        edge = self._edge(market, opinion)
        if edge is None:
            return NOTHING
        stopped = self._stopped_by(market, opinion, edge, now)
        if stopped is not None:
            if not self._near(opinion, edge):
                return NOTHING
            step = self.order_writer.missed(market, opinion, edge, stopped, now)
            if stopped[0] == "cooldown":
                watch.cooldown_until = self._cooldown_until(market.ticker)
            return step
        step = self.order_writer.enter(market, opinion, edge, now)
        # No contract was left to buy: that is recorded as a near miss, and no cooldown begins.
        if not step.commands:
            return step
        watch.idle = False
        # When the cooldown ends no price may change: without a timer an opportunity that is there would be
        # missed.
        timer = Timer(f"cool:{market.ticker}", Nanos(now + self._cooldown))
        return changed(step, timers=(*step.timers, timer))

    def _edge(self, market: MarketView, opinion: Opinion) -> Edge | None:
        if market.terms is None or market.top is None:
            return None
        if self._takes:
            return taking(opinion, market.terms, market.top)
        return resting(opinion, market.terms, market.top, self.trading.net_edge_min_cents / 100)

    def _near(self, opinion: Opinion, edge: Edge) -> bool:
        share = self.trading.near_miss_share
        if edge.p_gap < share * opinion.gap_min - HAIR:
            return False
        if opinion.gap_min > 0:
            return True
        if opinion.ev_percent_min > 0:
            return edge.ev_percent >= share * opinion.ev_percent_min
        return edge.p_gap > 0

    def _stopped_by(
        self, market: MarketView, opinion: Opinion, edge: Edge, now: Nanos
    ) -> tuple[str, str, str] | None:
        """The first limit in the way: its name, the number and the limit; None lets the entry go on."""
        trading = self.trading
        if edge.p_gap < opinion.gap_min - HAIR:
            return "below_threshold", f"{100 * edge.p_gap:.4f}", f"{100 * opinion.gap_min:.4f}"
        if 100 * edge.p_net < trading.net_edge_min_cents - HAIR:
            if 100 * edge.p_stated >= trading.net_edge_min_cents - HAIR:
                # At its word it would be traded: what is missing is not a gap but a reason to believe in it.
                share = opinion.trust.share
                return (
                    UNTRUSTED,
                    f"{share:.4f}",
                    f"{_trust_needed(edge, trading.net_edge_min_cents, share):.4f}",
                )
            return "no_net_edge", f"{100 * edge.p_net:.4f}", f"{trading.net_edge_min_cents:.4f}"
        if edge.ev_percent < opinion.ev_percent_min - HAIR:
            return "below_min_ev", f"{edge.ev_percent:.4f}", f"{opinion.ev_percent_min:.4f}"
        if opinion.blocked is not None:
            return opinion.blocked
        spread = market.spread()
        if spread is None or spread > 100 * trading.spread_max_cents + HAIR:
            return (
                "spread",
                "none" if spread is None else f"{spread / 100:.2f}",
                f"{trading.spread_max_cents}",
            )
        if not market.game.sound:
            return "game_unsound", "unmatched, over or disputed", "matched, on, undisputed"
        entered_at = self.portfolio.entered_at.get(market.ticker)
        if entered_at is not None and now < entered_at + self._cooldown:
            return (
                "cooldown",
                f"{(now - entered_at) / NANOS_PER_SECOND:.3f} s",
                f"{trading.cooldown_minutes} min",
            )
        return None


def _trust_needed(edge: Edge, net_edge_min_cents: float, share: float) -> float:
    """The trust at which an entry would expect just enough, if the fee of the way out stayed as it is."""
    p_gap = (edge.p_stated - edge.p_net) / (1.0 - share)
    return share + (net_edge_min_cents / 100 - edge.p_net) / p_gap
