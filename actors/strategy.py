"""One strategy: hears the games' news and the fate of its own orders, answers with signals and wishes.

The thin shell of a strategy of `engine.strategies`; one actor for each configured instance, under a
supervisor that parks an instance which fails too often. Must not import venues, persistence or the daemon.
"""

from actors.addresses import GAMES_TOPIC, strategy_address
from actors.memory import FactMemory
from actors.messages import NewsWanted, Wake
from actors.runtime import After, Outgoing, Publish
from actors.steps import outgoing
from engine.facts import FACTS, Fact
from engine.message import message
from engine.strategies.strategy import Strategy
from engine.units import Nanos

FACT_KINDS = tuple(FACTS.values())


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
        self._address = strategy_address(strategy.name)

    def start(self, now: int) -> list[Outgoing]:
        """Fold what is remembered of this strategy; ask the games for what is current."""
        self.strategy.restore(self._memory.of_strategy(self.strategy.name))
        return [Publish(GAMES_TOPIC, NewsWanted(self._address))]

    def receive(self, message: object, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
        """Hear news, a timer or the fate of an order."""
        kind, at = type(message), Nanos(now)
        if kind is Wake:
            step = self.strategy.wake(message.key, at)  # type: ignore[attr-defined]
        elif kind is Learned:
            step = self.strategy.learn(message.fact, at)  # type: ignore[attr-defined]
        elif kind in FACT_KINDS:
            return [After(self._acknowledge_ns, Learned(message))]  # type: ignore[arg-type]
        else:
            step = self.strategy.hear(message, at)  # type: ignore[arg-type]
        return outgoing(self.strategy.name, step, now)
