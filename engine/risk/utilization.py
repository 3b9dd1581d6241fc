"""Every limit beside its use: what `tipoff risk show` prints and the metrics export.

Called by the risk gate only, and seldom: everything is added up anew here, whatever the running totals say.
Where a limit holds for many markets or games, the one that uses most of it is shown.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import attrs

from engine.accounts import SHARED
from engine.calendar import game_day
from engine.risk.accounts import EVERYBODY, Account, Accounts, Scope, game_week
from engine.risk.exposure import Exposure
from engine.risk.limits import LimitInUse, LimitTable, LimitValue, RiskLimits
from engine.risk.marks import on_paper
from engine.risk.money_rules import fall
from engine.risk.scenarios import Payoff, worst_case
from engine.units import COUNT_ONE, MONEY_ONE, NANOS_PER_HOUR, NANOS_PER_MINUTE, Nanos
from engine.view import MarketView

Use: TypeAlias = tuple[float, str]
"""How much, and where most of it is."""


def limits_in_use(
    limits: LimitTable, accounts: Accounts, views: dict[str, MarketView], now: Nanos
) -> list[LimitInUse]:
    """A line for each global limit, then one for each limit of a strategy's own."""
    lines: list[LimitInUse] = []
    for strategy in (None, *limits.strategies()):
        uses = _uses(accounts, views, strategy, now)
        for name, limit in limits.all_of(strategy).items():
            use, where = uses.get(name, (None, ""))
            unit = str(attrs.fields_dict(RiskLimits)[name].metadata["unit"])
            text = "" if use is None else f"{use:g}"
            passed = use is not None and isinstance(limit, int | float) and use > limit
            lines.append(LimitInUse(name, strategy, text, _limit_text(limit), unit, where, passed))
    return lines


def _uses(
    accounts: Accounts, views: dict[str, MarketView], strategy: str | None, now: Nanos
) -> dict[str, Use]:
    """The use of each limit that has one; the others are asked of each order by itself."""
    scope = EVERYBODY if strategy is None else Scope(strategy=strategy)
    exposures, owners = list(accounts.select(scope)), accounts.owners(scope)
    shares = {account.strategy: account.shares for account in owners}

    def of_account(subject: str) -> Callable[[Exposure], str]:
        """What an account has of a subject counts together."""
        return lambda exposure: " of ".join(
            word for word in (getattr(exposure, subject), shares.get(exposure.strategy)) if word
        )

    at_risk = dollars_in(exposures)
    day, week = game_day(now), game_week(now)
    lost_day = max(0, -sum(account.results.by_day.get(day, 0) for account in owners)) / MONEY_ONE
    lost_week = max(0, -sum(account.results.by_week.get(week, 0) for account in owners)) / MONEY_ONE
    return {
        "contracts_per_market": _most(exposures, of_account("ticker"), contracts_in),
        "contracts_per_game": _most(exposures, of_account("game"), contracts_in),
        "contracts_per_strategy": _most(exposures, lambda exposure: exposure.strategy, contracts_in),
        "contracts_total": (contracts_in(exposures), ""),
        "exposure_per_market": _most(exposures, of_account("ticker"), dollars_in),
        "exposure_per_game": _most(exposures, of_account("game"), dollars_in),
        "exposure_per_strategy": _most(exposures, lambda exposure: exposure.strategy, dollars_in),
        "exposure_total": (at_risk, ""),
        "worst_case_per_game": _most(
            exposures, lambda exposure: exposure.game, lambda chosen: worst_loss(chosen, views)
        ),
        "loss_per_day": (lost_day + at_risk, ""),
        "loss_per_week": (lost_week + at_risk, ""),
        "drawdown_strategy": _worst_drawdown(owners, accounts, views),
        "drawdown_total": (drawdown(owners, exposures, views) if owners else 0.0, ""),
        "loss_streak": max(((account.streak, account.strategy) for account in owners), default=(0, "")),
        "orders_per_minute": _sent(owners, lambda at: at > now - NANOS_PER_MINUTE),
        "orders_per_hour": _sent(owners, lambda at: at > now - NANOS_PER_HOUR),
        "orders_per_day": _sent(owners, lambda at: game_day(at) == day),
    }


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
    """Percent that the equity of these accounts is below its peak, these exposures at present prices."""
    chosen = list(accounts)
    equity = sum(account.equity() for account in chosen) + sum(on_paper(each, views) for each in exposures)
    return fall(sum(account.peak for account in chosen), equity)


def _most(
    exposures: Iterable[Exposure],
    key: Callable[[Exposure], str],
    measure: Callable[[Iterable[Exposure]], float],
) -> Use:
    groups: dict[str, list[Exposure]] = {}
    for exposure in exposures:
        groups.setdefault(key(exposure), []).append(exposure)
    best: Use = (0.0, "")
    for name, group in groups.items():
        use = measure(group)
        if use > best[0]:
            best = (use, name)
    return best


def _worst_drawdown(owners: list[Account], accounts: Accounts, views: dict[str, MarketView]) -> Use:
    best: Use = (0.0, "")
    for account in owners:
        use = drawdown([account], accounts.select(strategy=account.strategy), views)
        # A strategy that was never opened has no capital, and would show a drawdown of everything.
        if account.bankroll is not None and use > best[0]:
            best = (use, account.strategy)
    return best


def _sent(owners: Iterable[Account], counts: Callable[[Nanos], bool]) -> Use:
    """The most that one account has sent, and which that is."""
    sent: dict[str, int] = {}
    for account in owners:
        sent[account.shares] = sent.get(account.shares, 0) + sum(1 for at in account.entries if counts(at))
    most = max(sent, key=lambda name: sent[name], default=SHARED)
    return sent.get(most, 0), most


def _limit_text(limit: LimitValue) -> str:
    if limit is None:
        return "none"
    return " ".join(limit) if isinstance(limit, tuple) else f"{limit:g}"
