"""One strategy: hears the games' news and the fate of its own orders, answers with signals and wishes.

The thin shell of a strategy of `engine.strategies`; one actor for each configured instance, under a
supervisor that parks an instance which fails too often. Must not import venues, persistence or the daemon.
"""

import json
from typing import Final, get_args

from actors.addresses import GAMES_TOPIC, strategy_address
from actors.heartbeat import HeartbeatOfGame, through_strategy
from actors.memory import FactMemory
from actors.messages import NewsWanted, StrategyWish, Wake, Wished
from actors.operating import cancel_resting, concluded, done, parsed, refused, signature
from actors.runtime import After, Outgoing, Publish
from actors.steps import SILENCE, outgoing
from engine.events import GameNews
from engine.facts import FACTS, Fact, StrategyChanged, StrategyOpened
from engine.message import message
from engine.step import NOTHING, Step
from engine.strategies.parameters import Parameters
from engine.strategies.strategy import Strategy
from engine.units import Nanos

NEWS_KINDS: Final = frozenset(get_args(GameNews))
FACT_KINDS: Final = frozenset(FACTS.values())


@message
class Learned:
    """A fact that has reached the strategy after the acknowledgement's latency."""

    fact: Fact


class StrategyActor:
    """Runs one strategy."""

    def __init__(self, strategy: Strategy, memory: FactMemory, acknowledge_ns: int) -> None:
        """`acknowledge_ns` is how long the venue's answer takes to come back."""
        self.strategy = strategy
        self._memory = memory
        self._acknowledge_ns = acknowledge_ns
        self.enabled = True
        self._address = strategy_address(strategy.name)

    def start(self, now: int) -> list[Outgoing]:
        """Fold what is remembered of this strategy; ask the games for what is current."""
        self._begin()
        return [Publish(GAMES_TOPIC, NewsWanted(self._address))]

    def receive(self, message: object, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
        """Hear news, a timer or the fate of an order."""
        kind, at = type(message), Nanos(now)
        if kind in NEWS_KINDS:
            # Nearly all there is to hear, and nearly always there is nothing to say to it.
            step = self.strategy.hear(message, at)  # type: ignore[arg-type]
            if step is NOTHING:
                return SILENCE
        elif kind in FACT_KINDS:
            return [After(self._acknowledge_ns, Learned(message))]  # type: ignore[arg-type]
        elif kind is Learned:
            step = self.strategy.learn(message.fact, at)  # type: ignore[attr-defined]
        elif kind is Wake:
            step = self.strategy.wake(message.key, at)  # type: ignore[attr-defined]
        elif kind is Wished:
            return self._wished(message, at)  # type: ignore[arg-type]
        elif isinstance(message, HeartbeatOfGame):
            return through_strategy(message)
        else:
            step = self.strategy.hear(message, at)  # type: ignore[arg-type]
        return outgoing(self.strategy.name, step, now)

    def _begin(self) -> None:
        """Take the latest parameters that an operator gave, then everything that is remembered."""
        facts = self._memory.of_strategy(self.strategy.name)
        texts = _parameters_in(facts)
        if len(texts) > 1 and texts[-1] != texts[0]:
            self.strategy = self._with(self.strategy.parameters_class.parse(json.loads(texts[-1])))
        changes = [fact.enabled for fact in facts if isinstance(fact, StrategyChanged)]
        self.enabled = changes[-1] if changes else True
        self.strategy.restore(facts)

    def _with(self, parameters: Parameters) -> Strategy:
        """The same strategy with other parameters, and with an empty memory."""
        return type(self.strategy)(self.strategy.name, parameters, self.strategy.context)

    def _wished(self, wished: Wished, now: Nanos) -> list[Outgoing]:
        """Switch on or off, or begin anew with other parameters and all that is remembered: all or nothing.

        Positions and open orders are facts, so the new one has them too.
        """
        name, wish = self.strategy.name, wished.wish
        if not isinstance(wish, StrategyWish):
            return concluded(name, wished, refused(f"a strategy cannot {type(wish).__name__}"), now)
        facts = self._memory.of_strategy(name)
        text = (_parameters_in(facts) or ["{}"])[-1]
        out: list[Outgoing] = []
        if wish.values:
            parameters = parsed(self.strategy.parameters_class, text, wish)
            if not isinstance(parameters, Parameters):
                return concluded(name, wished, parameters, now)
            text = json.dumps(parameters.plain(), sort_keys=True, separators=(",", ":"))
            begun = self._with(parameters)
            begun.restore(facts)
            self.strategy = begun
            out.append(Publish(GAMES_TOPIC, NewsWanted(self._address)))
        enabled = self.enabled if wish.enabled is None else wish.enabled
        if self.enabled and not enabled:
            out.append(cancel_resting(name))
        self.enabled = enabled
        fact = StrategyChanged(name, enabled, text, signature(wished.request), now)
        words = f"{name} is {'on' if enabled else 'off'}" + "".join(
            f", {key} = {to}" for key, to in wish.values
        )
        return [*concluded(name, wished, done(Step(facts=(fact,)), words), now), *out]


def _parameters_in(facts: list[Fact]) -> list[str]:
    """The parameters that the strategy has had, first to last, as canonical JSON."""
    return [fact.parameters for fact in facts if isinstance(fact, StrategyOpened | StrategyChanged)]
