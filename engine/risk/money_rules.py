"""Rules on amounts: contracts, dollars, the worst outcome of a game, losses, drawdown, and order rates.

Asked by the risk gate for entries, in the order of `MONEY_RULES`. Every use is counted with the order in it
and with all that was approved before and may still fill, so that a limit can be reached but not passed by
anything we do. Prices can still move against a position; the two drawdown rules are about that.

Nothing is added up here: the accounts' running totals hold what a limit is about, and the order's own
exposure is exchanged in them for what it would be with the order.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from engine.calendar import game_day, game_day_span
from engine.message import message
from engine.reasons import DenialReason
from engine.risk.accounts import Results, game_week
from engine.risk.exposure import Exposure
from engine.risk.limits import LimitsInForce
from engine.risk.order_context import Denial, OrderContext
from engine.risk.scenarios import Payoff, worst_case
from engine.risk.sent import SentEntries
from engine.risk.totals import NOTHING_COUNTED, Sums, Total
from engine.units import COUNT_ONE, MONEY_ONE, NANOS_PER_HOUR, NANOS_PER_MINUTE, Nanos
from engine.view import MarketView

# Sums of floats: a limit that is exactly reached must not be passed by its last digit.
HAIR = 1e-9


@message
class Entry:
    """An order in its context, and what its exposure counts for before and after it."""

    context: OrderContext
    limits: LimitsInForce
    sent: SentEntries
    """By all that share the account."""
    own: Total
    """Of all that the strategy has."""
    everything: Total
    """Of the portfolio: of all strategies, or of this one where each is apart."""
    market: Total
    """Of the order's market, on the strategy's account."""
    game: Total
    """Of the order's game, on the strategy's account."""
    whole_game: Total
    """Of the order's game: of all strategies, or of this one where each is apart."""
    own_game: Total
    """Of what the strategy has in the order's game."""
    before: Sums
    in_game: Sums
    """What of `before` the totals of the order's game hold."""
    after: Sums

    def contracts(self, total: Sums, before: Sums) -> float:
        """Contracts of a group as if the order had been approved."""
        return (total.contracts - before.contracts + self.after.contracts) / COUNT_ONE

    def dollars(self, total: Sums, before: Sums) -> float:
        """Dollars paid or promised of a group as if the order had been approved."""
        return (total.at_risk - before.at_risk + self.after.at_risk) / MONEY_ONE


Both: TypeAlias = tuple[float | None, float | None]
"""The global limit and the strategy's own."""

Measure: TypeAlias = Callable[[Entry, Sums, Sums], float]
MoneyRule: TypeAlias = Callable[[Entry], Denial | None]
"""A rule looks at an order as if it had been approved and objects, or does not."""


def entry_of(context: OrderContext) -> Entry:
    """An order as the rules of this module look at it."""
    held, order, account = context.accounts.holdings, context.order, context.account.shares
    held.recount()
    exposure, apart = context.exposure, context.limits.apart
    before = exposure.counted
    same = exposure.game == order.game
    place = exposure if same else Exposure(order.strategy, order.ticker, order.game)
    everything, own, market, game, of_game, own_game, _ = held.groups(place, account)
    return Entry(
        context=context,
        limits=context.limits,
        sent=context.accounts.sent(account),
        own=own,
        everything=own if apart else everything,
        market=market,
        game=game,
        whole_game=own_game if apart else of_game,
        own_game=own_game,
        before=before,
        in_game=before if same else NOTHING_COUNTED,
        after=exposure.sums_with(context.pending),
    )


def contracts_per_order(entry: Entry) -> Denial | None:
    """One order."""
    limit = entry.limits.strictest["contracts_per_order"]
    return _over(DenialReason.CONTRACTS_PER_ORDER, entry.context.order.count / COUNT_ONE, limit)


def contracts_per_market(entry: Entry) -> Denial | None:
    """All positions in the market, those of an account added up, each at its worst filling."""
    both = entry.limits.both["contracts_per_market"]
    return _in_market(entry, DenialReason.CONTRACTS_PER_MARKET, both, Entry.contracts)


def contracts_per_game(entry: Entry) -> Denial | None:
    """All positions in the game's markets."""
    both = entry.limits.both["contracts_per_game"]
    return _in_game(entry, DenialReason.CONTRACTS_PER_GAME, both, Entry.contracts)


def contracts_per_strategy(entry: Entry) -> Denial | None:
    """All positions of the strategy."""
    limit = entry.limits.strictest["contracts_per_strategy"]
    return _over(DenialReason.CONTRACTS_PER_STRATEGY, entry.contracts(entry.own, entry.before), limit)


def contracts_total(entry: Entry) -> Denial | None:
    """Everything."""
    both = entry.limits.both["contracts_total"]
    return _in_all(entry, DenialReason.CONTRACTS_TOTAL, both, Entry.contracts)


def exposure_per_market(entry: Entry) -> Denial | None:
    """Dollars paid or promised in the market."""
    both = entry.limits.both["exposure_per_market"]
    return _in_market(entry, DenialReason.EXPOSURE_PER_MARKET, both, Entry.dollars)


def exposure_per_game(entry: Entry) -> Denial | None:
    """Dollars paid or promised in the game."""
    both = entry.limits.both["exposure_per_game"]
    return _in_game(entry, DenialReason.EXPOSURE_PER_GAME, both, Entry.dollars)


def exposure_per_strategy(entry: Entry) -> Denial | None:
    """Dollars paid or promised by the strategy."""
    limit = entry.limits.strictest["exposure_per_strategy"]
    return _over(DenialReason.EXPOSURE_PER_STRATEGY, entry.dollars(entry.own, entry.before), limit)


def exposure_total(entry: Entry) -> Denial | None:
    """Dollars paid or promised in all."""
    both = entry.limits.both["exposure_total"]
    return _in_all(entry, DenialReason.EXPOSURE_TOTAL, both, Entry.dollars)


def worst_case_per_game(entry: Entry) -> Denial | None:
    """The least favourable outcome of the game, over all its markets and open orders."""
    shared, own = entry.limits.both["worst_case_per_game"]
    denial = None if shared is None else _worst(entry, entry.whole_game, shared)
    return _worst(entry, entry.own_game, own) if denial is None and own is not None else denial


def loss_per_trade(entry: Entry) -> Denial | None:
    """What the order itself can lose."""
    limit = entry.limits.strictest["loss_per_trade"]
    return _over(DenialReason.LOSS_PER_TRADE, entry.context.pending.collateral / MONEY_ONE, limit)


def loss_per_day(entry: Entry) -> Denial | None:
    """The game day's realized loss, if everything at risk were lost on top."""
    day = game_day(entry.context.now)
    both = entry.limits.both["loss_per_day"]
    return _losses(entry, DenialReason.LOSS_PER_DAY, both, lambda results: results.by_day.get(day, 0))


def loss_per_week(entry: Entry) -> Denial | None:
    """The same of the week."""
    week = game_week(entry.context.now)
    both = entry.limits.both["loss_per_week"]
    return _losses(entry, DenialReason.LOSS_PER_WEEK, both, lambda results: results.by_week.get(week, 0))


def drawdown_strategy(entry: Entry) -> Denial | None:
    """How far the strategy is below its peak, its positions valued at what they would bring now."""
    account = entry.context.account
    limit = entry.limits.strictest["drawdown_strategy"]
    standing = account.peak, account.equity()
    return _fallen(entry, DenialReason.DRAWDOWN_STRATEGY, standing, entry.own, limit)


def drawdown_total(entry: Entry) -> Denial | None:
    """The same of all strategies together."""
    account, limit = entry.context.account, entry.limits.both["drawdown_total"][0]
    apart = entry.limits.apart
    standing = (account.peak, account.equity()) if apart else entry.context.accounts.standing()
    return _fallen(entry, DenialReason.DRAWDOWN_TOTAL, standing, entry.everything, limit)


def balance(entry: Entry) -> Denial | None:
    """The strategy's capital must cover all that it holds and promised."""
    capital = entry.context.account.equity() / MONEY_ONE
    return _over(DenialReason.BALANCE, entry.dollars(entry.own, entry.before), capital)


def loss_streak(entry: Entry) -> Denial | None:
    """A pause after several losing positions in a row."""
    account, limits = entry.context.account, entry.context.limits
    limit = limits.strictest["loss_streak"]
    pause = limits.strictest["loss_streak_pause_minutes"]
    if limit is None or pause is None or account.streak < limit or account.streak == 0:
        return None
    until = account.streak_at + round(pause * NANOS_PER_MINUTE)
    if entry.context.now >= until:
        return None
    return Denial(DenialReason.LOSS_STREAK, f"{account.streak} losses", f"{limit:g} losses")


def orders_per_minute(entry: Entry) -> Denial | None:
    """Entries within a minute."""
    since = Nanos(entry.context.now - NANOS_PER_MINUTE)
    both = entry.limits.both["orders_per_minute"]
    return _orders(entry, DenialReason.ORDERS_PER_MINUTE, both, lambda sent: sent.after(since))


def orders_per_hour(entry: Entry) -> Denial | None:
    """Entries within an hour."""
    since = Nanos(entry.context.now - NANOS_PER_HOUR)
    both = entry.limits.both["orders_per_hour"]
    return _orders(entry, DenialReason.ORDERS_PER_HOUR, both, lambda sent: sent.after(since))


def orders_per_day(entry: Entry) -> Denial | None:
    """Entries within the game day."""
    day = game_day(entry.context.now)
    both = entry.limits.both["orders_per_day"]
    return _orders(entry, DenialReason.ORDERS_PER_DAY, both, lambda sent: sent.within(*game_day_span(day)))


def fall(peak: int, equity: int) -> float:
    """Percent that equity is below its peak.

    The peak is one of realized results, which facts restore exactly; paper losses count, paper gains do not.
    """
    # An account that has lost everything, or never had anything, has no peak to measure from.
    return 100.0 if peak <= 0 else max(0.0, 100.0 * (peak - equity) / peak)


def payoffs_of(parts: Mapping[str, Sums], views: Mapping[str, MarketView]) -> Iterator[Payoff]:
    """What each market of a game brings by its outcome, all exposures in it together."""
    for ticker, sums in parts.items():
        view = views.get(ticker)
        claim = None if view is None else view.claim
        # Nobody can tell which outcome of such a market goes with which of the game: each exposure in it is
        # taken at its own worst.
        yield (Payoff(None, sums.least, sums.least) if claim is None else Payoff(claim, sums.yes, sums.no))


def _in_market(entry: Entry, reason: DenialReason, both: Both, measure: Measure) -> Denial | None:
    shared, own = both
    denial = None
    if shared is not None:
        denial = _over(reason, measure(entry, entry.market, entry.before), shared)
    if denial is None and own is not None:
        # A strategy has one exposure in a market, which is the order's.
        denial = _over(reason, measure(entry, NOTHING_COUNTED, NOTHING_COUNTED), own)
    return denial


def _in_game(entry: Entry, reason: DenialReason, both: Both, measure: Measure) -> Denial | None:
    shared, own = both
    denial = None
    if shared is not None:
        denial = _over(reason, measure(entry, entry.game, entry.in_game), shared)
    if denial is None and own is not None:
        denial = _over(reason, measure(entry, entry.own_game, entry.in_game), own)
    return denial


def _in_all(entry: Entry, reason: DenialReason, both: Both, measure: Measure) -> Denial | None:
    shared, own = both
    denial = None
    if shared is not None:
        denial = _over(reason, measure(entry, entry.everything, entry.before), shared)
    if denial is None and own is not None:
        denial = _over(reason, measure(entry, entry.own, entry.before), own)
    return denial


def _worst(entry: Entry, total: Total, limit: float) -> Denial | None:
    least = total.least - entry.in_game.least + entry.after.least
    # No outcome is worse than each exposure at its own worst; in nearly all cases that is far enough.
    if max(0, -least) / MONEY_ONE <= limit + HAIR:
        return None
    ticker = entry.context.order.ticker
    part, before, after = total.parts.get(ticker, NOTHING_COUNTED), entry.in_game, entry.after
    with_order = Sums(yes=part.yes - before.yes + after.yes, no=part.no - before.no + after.no)
    # Of several exposures the sum of the lower ones, which is no more than the lower of the two sums.
    with_order.least = part.least - before.least + after.least
    parts = {**total.parts, ticker: with_order}
    worst = worst_case(payoffs_of(parts, entry.context.views))
    return _over(DenialReason.WORST_CASE_PER_GAME, max(0, -worst) / MONEY_ONE, limit)


def _losses(
    entry: Entry, reason: DenialReason, both: Both, realized: Callable[[Results], int]
) -> Denial | None:
    shared, own = both
    denial = None
    # Everything at risk is taken for lost, so that a day's limit cannot be passed by positions that lose
    # later.
    if shared is not None:
        context = entry.context
        results = context.account.results if entry.limits.apart else context.accounts.results
        lost = max(0, -realized(results)) / MONEY_ONE
        at_risk = entry.dollars(entry.everything, entry.before)
        denial = _over(reason, lost + at_risk, shared)
    if denial is None and own is not None:
        lost = max(0, -realized(entry.context.account.results)) / MONEY_ONE
        at_risk = entry.dollars(entry.own, entry.before)
        denial = _over(reason, lost + at_risk, own)
    return denial


def _fallen(
    entry: Entry, reason: DenialReason, standing: tuple[int, int], total: Total, limit: float | None
) -> Denial | None:
    peak, equity = standing
    # Prices can take no more than was paid; only where that would be too much are the positions valued.
    if limit is None or fall(peak, equity - total.paid) < limit - HAIR:
        return None
    held = entry.context.accounts.holdings
    held.marks.refresh(held.by_market, entry.context.views)
    whole = total is held.total
    on_paper = held.marks.total() if whole else held.marks.of(entry.context.order.strategy)
    return _reached(reason, fall(peak, equity + on_paper), limit)


def _orders(
    entry: Entry, reason: DenialReason, both: Both, counted: Callable[[SentEntries], int]
) -> Denial | None:
    shared, own = both
    denial = None
    # Those of two days are no fewer than those of any window; mostly that is far enough.
    if shared is not None and len(entry.sent.moments) + 1 > shared:
        denial = _over(reason, counted(entry.sent) + 1, shared)
    if denial is None and own is not None:
        denial = _over(reason, counted(entry.context.account.entries) + 1, own)
    return denial


def _over(reason: DenialReason, use: float, limit: float | None) -> Denial | None:
    if limit is None or use <= limit + HAIR:
        return None
    return Denial(reason, f"{use:.6f}".rstrip("0").rstrip("."), f"{limit:g}")


def _reached(reason: DenialReason, use: float, limit: float | None) -> Denial | None:
    """A limit on what markets do to us stops entries as soon as it is reached."""
    if limit is None or use < limit - HAIR:
        return None
    return Denial(reason, f"{use:.4f} percent", f"{limit:g} percent")


MONEY_RULES: Final[tuple[MoneyRule, ...]] = (
    contracts_per_order,
    contracts_per_market,
    contracts_per_game,
    contracts_per_strategy,
    contracts_total,
    exposure_per_market,
    exposure_per_game,
    exposure_per_strategy,
    exposure_total,
    worst_case_per_game,
    balance,
    loss_per_trade,
    loss_per_day,
    loss_per_week,
    drawdown_strategy,
    drawdown_total,
    loss_streak,
    orders_per_minute,
    orders_per_hour,
    orders_per_day,
)
