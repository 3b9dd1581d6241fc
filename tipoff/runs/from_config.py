"""From the configuration to what trades: the exchange's rules, the gate's limits, a plan a strategy.

Called by replays, the demo and the daemon, so that all of them read a configuration in the same way.
"""

import hashlib
import json
from pathlib import Path

import attrs

from engine.accounts import Accounts
from engine.exchange import ExchangeRules
from engine.latency import Delay
from engine.risk import RiskLimits
from engine.strategies.opinion import OpinionListener
from engine.strategies.parameters import Parameters, Plain
from engine.strategies.scripted import Scripted, ScriptedParameters
from engine.strategies.strategy import StrategyContext
from engine.trust import TrustTable
from engine.units import MONEY_ONE, NANOS_PER_MILLISECOND, Money, Nanos
from tipoff.config.load import Config, Schema, StrategySettings
from tipoff.config.sections import ExchangeSection, TrustSection
from tipoff.output import Failure
from tipoff.runs.plugins import installed
from tipoff.runs.settings import StrategyPlan, TradingSettings
from tipoff.runs.trust_file import STATED_WORD, trust_of
from tipoff.sources.registry import installed as sources

MEDIAN, P95 = 500, 950
SCRIPTED_BANKROLL = Money(100_000 * MONEY_ONE)
"""A scripted list tests the exchange, so its account shall not be what stops it."""


def schema() -> Schema:
    """The classes a configuration is read into: risk limits, and parameters and sections by kind and source.

    Raises Failure where our own kinds cannot be found.
    """
    found, heard = installed(), sources()
    return Schema(
        RiskLimits,
        {kind: strategy.parameters_class for kind, strategy in found.strategies.items()},
        sources=heard.sections(),
        packages=found.packages,
        broken=found.broken,
        broken_sources=heard.broken,
    )


def at_its_word(config: Config) -> Config:
    """The same for a simulated evening, whose sources are what the simulator makes them: taken at their
    word.
    """
    return attrs.evolve(config, trust=TrustSection(of=STATED_WORD))


def trading_settings(
    config: Config,
    *,
    seed: int | None = None,
    every_market: bool = False,
    listener: OpinionListener | None = None,
) -> TradingSettings:
    """Return what decides a run beside its input; `seed` wins over the configuration's.

    A `listener` hears every opinion, and nothing is believed then, so that nothing is traded. Raises
    ConfigError for a file of trust that cannot be used.
    """
    limits = config.risk
    assert isinstance(limits, RiskLimits)  # noqa: S101 - the schema says so
    chosen = config.engine.seed if seed is None else seed
    trust = trust_of(config.trust.of, config.source) if listener is None else TrustTable()
    own = StrategyContext(seed=chosen, trust=trust, listener=listener)
    return TradingSettings(
        strategies=tuple(_plan(settings, own, config.engine.accounts) for settings in config.strategies),
        trust=trust,
        limits=limits,
        rules=exchange_rules(config.exchange),
        seed=chosen,
        every_market=every_market,
        leagues=config.engine.leagues,
    )


def exchange_rules(section: ExchangeSection) -> ExchangeRules:
    """The paper exchange's rules from milliseconds and names."""
    return ExchangeRules(
        decide_to_send=_delay(section.decide_to_send_ms, section.decide_to_send_ms_p95),
        entry=_delay(section.entry_ms, section.entry_ms_p95),
        optimistic_way_in_ns=_nanos(section.decide_to_send_ms_p05 + section.entry_ms_p05),
        pessimistic_depth_percent=section.pessimistic_depth_percent,
        acknowledge=_delay(section.acknowledge_ms, section.acknowledge_ms_p95),
        cancel=_delay(section.cancel_ms, section.cancel_ms_p95),
        in_game_delay_ns=_nanos(section.in_game_delay_ms),
        fee_regime=section.fee_regime,
        member=section.member,
        credit_window_ns=_nanos(section.credit_window_ms),
    )


def _delay(median_ms: int, p95_ms: int) -> Delay:
    if median_ms == p95_ms:
        return Delay(((MEDIAN, _nanos(median_ms)),))
    return Delay(((MEDIAN, _nanos(median_ms)), (P95, _nanos(p95_ms))))


def _nanos(milliseconds: int) -> Nanos:
    return Nanos(milliseconds * NANOS_PER_MILLISECOND)


def _plan(settings: StrategySettings, own: StrategyContext, accounts: Accounts) -> StrategyPlan:
    parameters = settings.parameters
    assert isinstance(parameters, Parameters)  # noqa: S101 - the schema says so
    context = attrs.evolve(own, bankroll=settings.bankroll, account=accounts.of(settings.name))
    plan = StrategyPlan.of(installed().strategies[settings.kind], settings.name, parameters, context)
    return attrs.evolve(plan, enabled=settings.enabled)


def scripted_plan(path: Path, seed: int, accounts: Accounts) -> StrategyPlan:
    """A strategy that replays the orders of a file of JSON lines.

    Raises Failure naming the file and the line of what is wrong.
    """
    lines: list[dict[str, Plain | None]] = []
    try:
        for number, text in enumerate(path.read_text("utf-8").splitlines(), start=1):
            line = json.loads(text) if text.strip() else {}
            if not isinstance(line, dict):
                raise Failure("orders", f"{path}, line {number}: not a JSON object")
            lines += [line] if line else []
        parameters = ScriptedParameters(file=path.name).with_lines(lines)
    except OSError as error:
        raise Failure("orders", f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Failure("orders", f"{path}: {error}") from error
    account = accounts.of(Scripted.kind)
    context = StrategyContext(seed=seed, bankroll=SCRIPTED_BANKROLL, account=account)
    plan = StrategyPlan.of(Scripted, Scripted.kind, parameters, context)
    return attrs.evolve(plan, parameters=hashlib.sha256(repr(parameters.orders).encode()).hexdigest())
