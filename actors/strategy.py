"""One strategy's actor: gets the games' news and its orders' outcomes, answers with signals and orders.

The thin shell of a strategy of `engine.strategies`; one actor for each configured instance, under a
supervisor that parks an instance which fails too often.
"""

import json
from collections.abc import Callable
from typing import Final, get_args

from actors.addresses import FAIR_VALUES, GAMES_TOPIC, PAPER_EXCHANGE, strategy_address
from actors.fact_history import STRATEGY, FactHistory
from actors.heartbeat import HeartbeatOfGame, through_strategy
from actors.messages import AccountOpen, NewsRepeated, NewsWanted, OperationWanted, StrategyOperation, Wake
from actors.operator_outcomes import cancel_resting, concluded, done, parsed, refused, signature
from actors.runtime import After, Outgoing, Publish
from actors.step_messages import SILENCE, announced, outgoing
from engine.configured_settings import Known, known_strategies
from engine.events import GameNews
from engine.fact_subjects import order_of
from engine.facts import FACTS, Fact, StrategyChanged
from engine.message import message
from engine.step import NOTHING, Step
from engine.strategies.parameters import Parameters
from engine.strategies.strategy import Strategy
from engine.units import Nanos

NEWS_KINDS: Final = frozenset(get_args(GameNews))
FACT_KINDS: Final = frozenset(FACTS.values())


HeardAfter = Callable[[str | None], int]
"""Nanoseconds until news of an order reaches its strategy, by order id; None is for facts about no order."""


@message
class Learned:
    """A fact that has reached the strategy after the acknowledgement's latency."""

    fact: Fact


class StrategyActor:
    """Runs one strategy."""

    def __init__(
        self, strategy: Strategy, history: FactHistory, heard_after: HeardAfter, *, values_told: bool = True
    ) -> None:
        """`heard_after` says how long the venue's answer about an order takes to come back, `values_told`
        whether somebody hears what it holds markets to be worth.
        """
        self.strategy = strategy
        strategy.values_told = values_told
        self._history = history
        self._heard_after = heard_after
        self.enabled = True
        self._address = strategy_address(strategy.name)

    def start(self, now: int) -> list[Outgoing]:
        """Fold what is remembered of this strategy; ask the games for what is current."""
        self._begin()
        return [Publish(GAMES_TOPIC, NewsWanted(self._address, again=True))]

    def receive(self, message: object, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
        """Handle news, a timer or the outcome of an order; tell what markets were found to be worth."""
        kind, at = type(message), Nanos(now)
        if kind in NEWS_KINDS:
            if not self.enabled:
                return SILENCE
            # Nearly all there is to hear, and nearly always there is nothing to say to it.
            step = self.strategy.on_news(message, at)  # type: ignore[arg-type]
            if step is NOTHING and not self.strategy.valued:
                return SILENCE
        elif kind is StrategyChanged:
            return self._changed(message, anew=True)  # type: ignore[arg-type]
        elif kind in FACT_KINDS:
            # The venue's answer takes time to come back: a strategy that knew of its fill at once would be
            # faster than it could be in reality.
            return [After(self._heard_after(order_of(message)), Learned(message))]  # type: ignore[arg-type]
        elif kind is Learned:
            step = self.strategy.on_fact(message.fact, at)  # type: ignore[attr-defined]
        elif kind is Wake:
            if not self.enabled:
                return SILENCE
            step = self.strategy.wake(message.key, at)  # type: ignore[attr-defined]
        elif kind is NewsRepeated:
            if not self.enabled:
                return SILENCE
            step = self.strategy.recall(message.news, at)  # type: ignore[attr-defined]
        elif kind is OperationWanted:
            return announced(self.strategy.name, self._history, self._operate(message, at))  # type: ignore[arg-type]
        elif isinstance(message, HeartbeatOfGame):
            return through_strategy(message)
        else:
            step = self.strategy.on_news(message, at)  # type: ignore[arg-type]
        out = announced(self.strategy.name, self._history, outgoing(self.strategy.name, step, now))
        return [*out, *self._fair_values()] if self.strategy.valued else out

    def _fair_values(self) -> list[Outgoing]:
        """What markets were found to be worth, and no longer kept."""
        told: list[Outgoing] = [Publish(FAIR_VALUES, each) for each in self.strategy.valued]
        self.strategy.valued.clear()
        return told

    def _begin(self) -> None:
        """Take the parameters in force, if somebody gave others since, and everything that is remembered."""
        known = known_strategies(self._history.settings_of(self.strategy.name)).get(self.strategy.name)
        if known is not None and known.in_force is not None:
            self.enabled = known.in_force.enabled
            if known.in_force != known.opened:
                self.strategy = self._with(known.in_force.parameters)
        # All facts at once and without the latency: they are the past, and what was still on its way then is
        # late now.
        self._restore(self.strategy)

    def _restore(self, strategy: Strategy) -> None:
        """Give a strategy with an empty memory what this one's facts were folded to, and those since."""
        name = strategy.name
        parts = self._history.parts(STRATEGY + name)
        strategy.recover(parts, self._history.of_strategy(name))

    def _with(self, text: str) -> Strategy:
        """The same strategy with other parameters (JSON), and with an empty memory."""
        parameters = self.strategy.parameters_class.parse(json.loads(text))
        anew = type(self.strategy)(self.strategy.name, parameters, self.strategy.context)
        anew.values_told = self.strategy.values_told
        return anew

    def _changed(self, fact: StrategyChanged, *, anew: bool) -> list[Outgoing]:
        """Switch on or off and take the parameters that the fact names.

        With `anew` the strategy is made again and restored from its facts, so that it keeps its positions and
        open orders.
        """
        name, was_on = self.strategy.name, self.enabled
        self.enabled = fact.enabled
        out: list[Outgoing] = []
        if fact.enabled and not was_on:
            # It may never have been on before; an account that is there already stays as it is.
            context, traits = self.strategy.context, self.strategy.traits()
            opening = AccountOpen(
                name, self.strategy.kind, context.bankroll, fact.parameters, traits, context.account
            )
            out.append((PAPER_EXCHANGE, opening))
        elif was_on and not fact.enabled:
            # A strategy that is off hears no news, so nobody would tend or withdraw what it has in the book.
            out.append(cancel_resting(name))
        if anew:
            begun = self._with(fact.parameters)
            self._restore(begun)
            self.strategy = begun
            out.append(Publish(GAMES_TOPIC, NewsWanted(self._address)))
        return out

    def _operate(self, wanted: OperationWanted, now: Nanos) -> list[Outgoing]:
        """Switch on or off, or take other parameters: all or nothing."""
        name, operation = self.strategy.name, wanted.operation
        if not isinstance(operation, StrategyOperation):
            return concluded(name, wanted, refused(f"a strategy cannot {type(operation).__name__}"), now)
        known = known_strategies(self._history.settings_of(name)).get(name, Known())
        text = known.in_force.parameters if known.in_force is not None else "{}"
        if operation.values:
            parameters = parsed(self.strategy.parameters_class, text, operation)
            if not isinstance(parameters, Parameters):
                return concluded(name, wanted, parameters, now)
            text = json.dumps(parameters.plain(), sort_keys=True, separators=(",", ":"))
        enabled = self.enabled if operation.enabled is None else operation.enabled
        fact = StrategyChanged(name, enabled, text, signature(wanted.request), now)
        words = f"{name} is {'on' if enabled else 'off'}" + "".join(
            f", {key} = {to}" for key, to in operation.values
        )
        anew = bool(operation.values) or (enabled and not self.enabled)
        return [
            *concluded(name, wanted, done(Step(facts=(fact,)), words), now),
            *self._changed(fact, anew=anew),
        ]
