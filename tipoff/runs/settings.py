"""What decides a run: settings, the plans of strategies, the parts and first facts made of them."""

import hashlib
import json
from collections.abc import Callable, Iterator

import attrs

from actors.addresses import PAPER_EXCHANGE, RISK_GATE
from actors.fact_history import FactHistory
from actors.messages import (
    AccountOpen,
    Numbered,
)
from actors.operator_outcomes import limit_text
from actors.runtime import Address
from engine.accounts import SHARED
from engine.configured_settings import Settings, StrategySetting
from engine.exchange import ExchangeRules
from engine.leagues import TRADED, leagues_of
from engine.risk import LIMIT_NAMES, RiskLimits
from engine.strategies.parameters import Parameters
from engine.strategies.strategy import Strategy, StrategyContext
from engine.strategy_traits import StrategyTraits
from engine.trust import STATED, TrustTable
from engine.units import Money
from tipoff.wiring import Parts


@attrs.frozen(kw_only=True)
class TradingSettings:
    """Who trades, under which limits, on what kind of exchange.

    Everything that decides a run but its input.
    """

    strategies: tuple["StrategyPlan", ...]
    limits: RiskLimits
    rules: ExchangeRules
    strategy_limits: dict[str, RiskLimits] = attrs.field(factory=dict)
    seed: int = 1
    every_market: bool = False
    leagues: tuple[str, ...] = TRADED
    """Whose games are traded, by their codes."""
    trust: TrustTable = STATED
    """What is believed of the sources of opinions."""
    apart: bool = False
    """Whether each strategy is a portfolio by itself: of the variants of a sweep only one will ever live."""


@attrs.frozen(kw_only=True)
class StrategyPlan:
    """One strategy instance: how to make it, and its account."""

    name: str
    kind: str
    bankroll: Money
    parameters: str
    traits: StrategyTraits
    make: Callable[[], Strategy]
    account: str = SHARED
    """On which account it trades."""
    enabled: bool = True
    """Whether it trades from the start; one that does not has an actor, and no account until it does."""

    @classmethod
    def of(
        cls, strategy: type[Strategy], name: str, parameters: Parameters, context: StrategyContext
    ) -> "StrategyPlan":
        """An instance of a kind, with the traits of the kind."""
        return cls(
            name=name,
            kind=strategy.kind,
            bankroll=context.bankroll,
            parameters=json.dumps(parameters.plain(), sort_keys=True, separators=(",", ":")),
            traits=strategy.traits(),
            make=lambda: strategy(name, parameters, context),
            account=context.account,
        )


def parts_of(
    settings: TradingSettings,
    history: FactHistory,
    store: Callable[[tuple[Numbered, ...]], int],
    cause: Callable[[], int],
) -> Parts:
    """What the tree of actors is made of, the same for virtual and live runs."""
    return Parts(
        strategies=tuple((plan.name, plan.make) for plan in settings.strategies),
        limits=settings.limits,
        strategy_limits=settings.strategy_limits,
        rules=settings.rules,
        seed=settings.seed,
        every_market=settings.every_market,
        leagues=leagues_of(settings.leagues),
        history=history,
        cause=cause,
        store=store,
        apart=settings.apart,
    )


def configured(settings: TradingSettings) -> Settings:
    """What of the settings may change while a run goes on."""
    return Settings(
        limits=tuple((name, limit_text(getattr(settings.limits, name))) for name in LIMIT_NAMES),
        strategies=tuple(
            StrategySetting(plan.name, plan.enabled, plan.parameters) for plan in settings.strategies
        ),
    )


def openings(settings: TradingSettings) -> Iterator[tuple[Address, object]]:
    """What is said at the start of every process: accounts, and what is configured now. A run that knows it
    all already takes no notice.
    """
    for plan in settings.strategies:
        if plan.enabled:
            yield (
                PAPER_EXCHANGE,
                AccountOpen(plan.name, plan.kind, plan.bankroll, plan.parameters, plan.traits, plan.account),
            )
    yield RISK_GATE, configured(settings)


def settings_digest(settings: TradingSettings) -> str:
    """sha256 over everything that decides a run beside its input, in canonical form."""
    plans = [
        [plan.name, plan.kind, plan.bankroll, plan.parameters, plan.enabled] for plan in settings.strategies
    ]
    parts = [
        plans,
        attrs.asdict(settings.limits),
        {name: attrs.asdict(limits) for name, limits in settings.strategy_limits.items()},
        repr(settings.rules),
        settings.seed,
        settings.every_market,
    ]
    # Runs from before there was a choice were of the usual leagues and on one account, and keep their
    # digests.
    parts += [list(settings.leagues)] if settings.leagues != TRADED else []
    own = [plan.account for plan in settings.strategies]
    parts += [{"accounts": own}] if any(own) else []
    # Runs from before trust was asked took every source at its word.
    parts += [{"trust": settings.trust.plain()}] if settings.trust != STATED else []
    parts += ["apart"] if settings.apart else []
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
