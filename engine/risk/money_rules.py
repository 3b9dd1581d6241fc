"""Rules on amounts: contracts, dollars, the worst outcome of a game, losses, drawdown, and order rates.

Asked by the risk gate for entries, in the order of `MONEY_RULES`. Every use is counted with the order in it
and with all that was approved before and may still fill, so that a limit can be reached but not passed by
anything we do. Prices can still move against a position; the two drawdown rules are about that.
"""

from collections.abc import Callable, Iterable
from typing import Final

from engine.calendar import game_day
from engine.reasons import DenialReason
from engine.risk.accounts import EVERYBODY, Account, Scope, game_week
from engine.risk.exposure import Exposure, pending
from engine.risk.limits import PORTFOLIO
from engine.risk.order_context import Denial, OrderContext, Rule
from engine.risk.scenarios import Payoff, worst_case
from engine.units import COUNT_ONE, MONEY_ONE, NANOS_PER_HOUR, NANOS_PER_MINUTE, Money, Nanos
from engine.view import MarketView, displayed

# Sums of floats: a limit that is exactly reached must not be passed by its last digit.
HAIR = 1e-9


def contracts_per_order(context: OrderContext) -> Denial | None:
    """One order."""
    limit = context.limits.strictest("contracts_per_order", context.account.strategy)
    return _over(DenialReason.CONTRACTS_PER_ORDER, context.order.count / COUNT_ONE, limit)


def contracts_per_market(context: OrderContext) -> Denial | None:
    """All positions in the market, those of an account added up, each at its worst filling."""
    return _contracts(
        context, DenialReason.CONTRACTS_PER_MARKET, lambda exposure: exposure.ticker == context.order.ticker
    )


def contracts_per_game(context: OrderContext) -> Denial | None:
    """All positions in the game's markets."""
    return _contracts(
        context, DenialReason.CONTRACTS_PER_GAME, lambda exposure: exposure.game == context.order.game
    )


def contracts_per_strategy(context: OrderContext) -> Denial | None:
    """All positions of the strategy."""
    limit = context.limits.strictest("contracts_per_strategy", context.account.strategy)
    own = context.accounts.select(strategy=context.account.strategy)
    return _over(DenialReason.CONTRACTS_PER_STRATEGY, _with_order(context, own, contracts_in), limit)


def contracts_total(context: OrderContext) -> Denial | None:
    """Everything."""
    return _contracts(context, DenialReason.CONTRACTS_TOTAL, _every)


def exposure_per_market(context: OrderContext) -> Denial | None:
    """Dollars paid or promised in the market."""
    return _exposure(
        context, DenialReason.EXPOSURE_PER_MARKET, lambda exposure: exposure.ticker == context.order.ticker
    )


def exposure_per_game(context: OrderContext) -> Denial | None:
    """Dollars paid or promised in the game."""
    return _exposure(
        context, DenialReason.EXPOSURE_PER_GAME, lambda exposure: exposure.game == context.order.game
    )


def exposure_per_strategy(context: OrderContext) -> Denial | None:
    """Dollars paid or promised by the strategy."""
    limit = context.limits.strictest("exposure_per_strategy", context.account.strategy)
    own = context.accounts.select(strategy=context.account.strategy)
    return _over(DenialReason.EXPOSURE_PER_STRATEGY, _with_order(context, own, dollars_in), limit)


def exposure_total(context: OrderContext) -> Denial | None:
    """Dollars paid or promised in all."""
    return _exposure(context, DenialReason.EXPOSURE_TOTAL, _every)


def worst_case_per_game(context: OrderContext) -> Denial | None:
    """The least favourable outcome of the game, over all its markets and open orders."""
    for limit, scope in _limits(context, "worst_case_per_game"):
        exposures = list(context.accounts.select(scope, game=context.order.game))
        loss = _with_order(context, exposures, lambda chosen: worst_loss(chosen, context.views))
        denial = _over(DenialReason.WORST_CASE_PER_GAME, loss, limit)
        if denial is not None:
            return denial
    return None


def loss_per_trade(context: OrderContext) -> Denial | None:
    """What the order itself can lose."""
    limit = context.limits.strictest("loss_per_trade", context.account.strategy)
    return _over(
        DenialReason.LOSS_PER_TRADE, pending(context.order, context.terms).collateral / MONEY_ONE, limit
    )


def loss_per_day(context: OrderContext) -> Denial | None:
    """The game day's realized loss, if everything at risk were lost on top."""
    day = game_day(context.now)

    def lost(accounts: Iterable[Account]) -> float:
        return max(0, -sum(account.by_day.get(day, 0) for account in accounts)) / MONEY_ONE

    return _losses(context, DenialReason.LOSS_PER_DAY, lost)


def loss_per_week(context: OrderContext) -> Denial | None:
    """The same of the week."""
    week = game_week(context.now)

    def lost(accounts: Iterable[Account]) -> float:
        return max(0, -sum(account.realized_in_week(week) for account in accounts)) / MONEY_ONE

    return _losses(context, DenialReason.LOSS_PER_WEEK, lost)


def drawdown_strategy(context: OrderContext) -> Denial | None:
    """How far the strategy is below its peak, its positions valued at what they would bring now."""
    limit = context.limits.strictest("drawdown_strategy", context.account.strategy)
    own = context.accounts.select(strategy=context.account.strategy)
    use = drawdown([context.account], own, context.views)
    return _reached(DenialReason.DRAWDOWN_STRATEGY, use, limit)


def drawdown_total(context: OrderContext) -> Denial | None:
    """The same of all strategies together."""
    scope = _portfolio(context)
    accounts = [account for account in context.accounts.owners(scope) if account.bankroll is not None]
    use = drawdown(accounts, context.accounts.select(scope), context.views)
    return _reached(DenialReason.DRAWDOWN_TOTAL, use, context.limits.number("drawdown_total"))


def balance(context: OrderContext) -> Denial | None:
    """The strategy's capital must cover all that it holds and promised."""
    own = context.accounts.select(strategy=context.account.strategy)
    return _over(
        DenialReason.BALANCE, _with_order(context, own, dollars_in), context.account.equity() / MONEY_ONE
    )


def loss_streak(context: OrderContext) -> Denial | None:
    """A pause after several losing positions in a row."""
    account = context.account
    limit = context.limits.strictest("loss_streak", account.strategy)
    pause = context.limits.strictest("loss_streak_pause_minutes", account.strategy)
    if limit is None or pause is None or account.streak < limit or account.streak == 0:
        return None
    until = account.streak_at + round(pause * NANOS_PER_MINUTE)
    if context.now >= until:
        return None
    return Denial(DenialReason.LOSS_STREAK, f"{account.streak} losses", f"{limit:g} losses")


def orders_per_minute(context: OrderContext) -> Denial | None:
    """Entries within a minute."""
    return _orders(context, DenialReason.ORDERS_PER_MINUTE, lambda at: at > context.now - NANOS_PER_MINUTE)


def orders_per_hour(context: OrderContext) -> Denial | None:
    """Entries within an hour."""
    return _orders(context, DenialReason.ORDERS_PER_HOUR, lambda at: at > context.now - NANOS_PER_HOUR)


def orders_per_day(context: OrderContext) -> Denial | None:
    """Entries within the game day."""
    day = game_day(context.now)
    return _orders(context, DenialReason.ORDERS_PER_DAY, lambda at: game_day(at) == day)


def contracts_in(exposures: Iterable[Exposure]) -> float:
    """Contracts of these exposures, each at its worst filling."""
    return sum(exposure.contracts() for exposure in exposures) / COUNT_ONE


def dollars_in(exposures: Iterable[Exposure]) -> float:
    """Dollars paid or promised in these exposures."""
    return sum(exposure.at_risk() for exposure in exposures) / MONEY_ONE


def worst_loss(exposures: Iterable[Exposure], views: dict[str, MarketView]) -> float:
    """Dollars that the least favourable outcome of a game costs these exposures; never negative."""
    payoffs: list[Payoff] = []
    for exposure in exposures:
        view = views.get(exposure.ticker)
        payoffs.append(exposure.payoff(None if view is None else view.claim))
    return max(0, -worst_case(payoffs)) / MONEY_ONE


def drawdown(
    accounts: Iterable[Account], exposures: Iterable[Exposure], views: dict[str, MarketView]
) -> float:
    """Percent that equity is below its peak.

    The peak is one of realized results, which facts restore exactly; paper losses count, paper gains do not.
    """
    chosen = list(accounts)
    peak = sum(account.peak for account in chosen)
    # An account that has lost everything, or never had anything, has no peak to measure from.
    if peak <= 0:
        return 100.0
    equity: int = sum(account.equity() for account in chosen)
    # Gains on paper are left out: they would raise a peak that no fact can restore after a restart.
    equity += sum(min(0, value_now(exposure, views) - exposure.cost) for exposure in exposures)
    return max(0.0, 100.0 * (peak - equity) / peak)


def value_now(exposure: Exposure, views: dict[str, MarketView]) -> Money:
    """What a position would bring at the best price; nothing if nobody bids, or no price was heard yet."""
    view = views.get(exposure.ticker)
    top = None if view is None else view.top
    # Worth nothing until a price is heard: after a restart that is the cautious answer.
    if exposure.count == 0 or top is None:
        return Money(0)
    price, _depth = displayed(top, buying=exposure.count < 0)
    if price is None:
        return Money(0)
    return Money(price * exposure.count if exposure.count > 0 else (10_000 - price) * -exposure.count)


def _every(_stake: Exposure) -> bool:
    return True


def _contracts(
    context: OrderContext, reason: DenialReason, chosen: Callable[[Exposure], bool]
) -> Denial | None:
    return _scoped(context, reason, chosen, contracts_in)


def _exposure(
    context: OrderContext, reason: DenialReason, chosen: Callable[[Exposure], bool]
) -> Denial | None:
    return _scoped(context, reason, chosen, dollars_in)


def _scoped(
    context: OrderContext,
    reason: DenialReason,
    chosen: Callable[[Exposure], bool],
    measure: Callable[[Iterable[Exposure]], float],
) -> Denial | None:
    """The global limit over its scope, then the strategy's own over itself."""
    for limit, scope in _limits(context, reason.value):
        exposures = [exposure for exposure in context.accounts.select(scope) if chosen(exposure)]
        denial = _over(reason, _with_order(context, exposures, measure), limit)
        if denial is not None:
            return denial
    return None


def _portfolio(context: OrderContext) -> Scope:
    """Who is a portfolio together: everybody, or each account by itself."""
    return Scope(account=context.account.shares) if context.limits.apart else EVERYBODY


def _limits(context: OrderContext, name: str) -> list[tuple[float, Scope]]:
    """The limits of that name that hold for the order, each with whose use counts against it."""
    own = context.account.strategy
    shared = _portfolio(context) if name in PORTFOLIO else Scope(account=context.account.shares)
    # Two limits, not the stricter of two numbers: the global one counts everybody's use or the account's, the
    # own one only the strategy's.
    pairs = (
        (context.limits.number(name), shared),
        (context.limits.own_number(name, own), Scope(strategy=own)),
    )
    return [(limit, scope) for limit, scope in pairs if limit is not None]


def _with_order(
    context: OrderContext, exposures: Iterable[Exposure], measure: Callable[[Iterable[Exposure]], float]
) -> float:
    """A measure of exposures as if the order had been approved."""
    counted = list(exposures)
    order_id = context.order.order_id
    # Measured with the order in place, by the same code as `risk show`, in place of adding it to each sum by
    # hand.
    context.exposure.orders[order_id] = pending(context.order, context.terms)
    try:
        return measure(counted if context.exposure in counted else [*counted, context.exposure])
    finally:
        del context.exposure.orders[order_id]


def _losses(
    context: OrderContext, reason: DenialReason, lost: Callable[[Iterable[Account]], float]
) -> Denial | None:
    for limit, scope in _limits(context, reason.value):
        # Everything at risk is taken for lost, so that a day's limit cannot be passed by positions that lose
        # later.
        at_risk = _with_order(context, context.accounts.select(scope), dollars_in)
        denial = _over(reason, lost(context.accounts.owners(scope)) + at_risk, limit)
        if denial is not None:
            return denial
    return None


def _orders(context: OrderContext, reason: DenialReason, counts: Callable[[Nanos], bool]) -> Denial | None:
    for limit, scope in _limits(context, reason.value):
        owners = context.accounts.owners(scope)
        sent = sum(1 for account in owners for at in account.entries if counts(at))
        denial = _over(reason, sent + 1, limit)
        if denial is not None:
            return denial
    return None


def _over(reason: DenialReason, use: float, limit: float | None) -> Denial | None:
    if limit is None or use <= limit + HAIR:
        return None
    return Denial(reason, f"{use:.6f}".rstrip("0").rstrip("."), f"{limit:g}")


def _reached(reason: DenialReason, use: float, limit: float | None) -> Denial | None:
    """A limit on what markets do to us stops entries as soon as it is reached."""
    if limit is None or use < limit - HAIR:
        return None
    return Denial(reason, f"{use:.4f} percent", f"{limit:g} percent")


MONEY_RULES: Final[tuple[Rule, ...]] = (
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
