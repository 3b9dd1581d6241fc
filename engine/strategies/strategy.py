"""The interface of a strategy: its four inputs (news, facts, timers, restored facts) and its steps.

Implemented by every file of this folder and by strategies of other packages; driven by one actor each. A
strategy is a pure state machine: the same news and facts in the same order give the same steps. It sends
nothing itself; its orders are wishes for the risk gate.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar, Final

import attrs

from engine.accounts import SHARED
from engine.events import FairValued, GameNews
from engine.facts import Fact
from engine.step import Step
from engine.strategies.opinion import OpinionListener
from engine.strategies.parameters import Parameters
from engine.strategy_traits import STRICTEST, StrategyTraits
from engine.trust import STATED, TrustTable
from engine.units import MONEY_ONE, Money, Nanos


@attrs.frozen
class StrategyContext:
    """What a strategy is given beside its parameters: a seed for what it draws, its starting capital, the
    account on which it trades, and what is believed of its sources.
    """

    seed: int = 0
    bankroll: Money = Money(1_000 * MONEY_ONE)
    account: str = SHARED
    trust: TrustTable = STATED
    listener: OpinionListener | None = None
    """Who is told of every opinion that is formed; a calibration listens."""


class Strategy(ABC):
    """A named instance of a kind of strategy with its parameters.

    Order ids are `NAME-1`, `NAME-2`…; signal ids `NAME/s1`, `NAME/s2`…: the same after every replay.
    """

    kind: ClassVar[str]
    """The word in the configuration."""

    parameters_class: ClassVar[type[Parameters]]
    """Its attrs class of parameters; validators, defaults, help and units are the configuration's."""

    listed: ClassVar[int] = 100
    """Its place among the kinds of its package, in lists and in a new engine.toml; then the name decides."""

    rests_on_odds: ClassVar[bool] = STRICTEST.rests_on_odds
    """Whether entries rest on sportsbook odds; the risk gate then lets none pass on missing or old ones."""

    has_opinion: ClassVar[bool] = STRICTEST.has_opinion
    """Whether every entry claims a fair value; the risk gate then lets none pass without one and an edge."""

    by_hand: ClassVar[bool] = STRICTEST.by_hand
    """Whether a person wrote the orders down; the risk gate then does not ask them for a matched NBA game, a
    kind of market, a narrow spread, a price near the middle or a share of the depth.
    """

    def __init__(self, name: str, parameters: Parameters, context: StrategyContext) -> None:
        """Begin with no memory; `restore` brings it back."""
        self.name = name
        self.context = context
        self.valued: list[FairValued] = []
        """What markets were found to be worth since somebody last looked; whoever drives it tells and clears
        it. For charts: it is no part of a step, and nobody trades on it.
        """
        self.values_told = True
        """Whether somebody hears it; where nobody does it need not be found out."""
        if not isinstance(parameters, self.parameters_class):
            raise TypeError(f"{self.kind} takes {self.parameters_class.__name__}, not {parameters!r}")

    @classmethod
    def traits(cls) -> StrategyTraits:
        """What the risk gate goes by."""
        return StrategyTraits(cls.rests_on_odds, cls.has_opinion, cls.by_hand)

    @abstractmethod
    def on_news(self, news: GameNews, now: Nanos) -> Step:
        """Take news of a game: best prices, terms, score, odds. Cheap when nothing relevant changed."""

    def recall(self, news: GameNews, now: Nanos) -> Step:
        """Take current news that an earlier life may have heard, after a restart and before anything new.

        Nothing happened, so a strategy should not do now what it would not have done undisturbed.
        """
        return self.on_news(news, now)

    @abstractmethod
    def on_fact(self, fact: Fact, now: Nanos) -> Step:
        """Take a committed fact about own orders and positions, heard after the acknowledgement's latency."""

    @abstractmethod
    def wake(self, key: str, now: Nanos) -> Step:
        """A timer asked for under `key` is due."""

    @abstractmethod
    def restore(self, facts: Iterable[Fact]) -> None:
        """Fold the facts of an earlier life, oldest first, before anything else is heard."""

    def memory(self) -> dict[str, object] | None:
        """What the facts of earlier lives were folded to, by name, for the journal's snapshots.

        None, as here, lets a snapshot keep all facts of the strategy instead. What is given may be changed
        by nobody but this strategy and is not changed while somebody writes it down.
        """
        return None

    def remember(self, memory: Mapping[str, object]) -> None:
        """Begin with the memory of another life; `restore` then brings what came after it."""
        raise NotImplementedError(f"{self.kind} has no memory to begin with")

    def recover(self, parts: Mapping[str, object] | None, facts: Iterable[Fact]) -> None:
        """Begin with a memory or with the facts that stand for it, if there are any, and what came since."""
        if parts is None:
            self.restore(facts)
        elif UNFOLDED in parts:
            self.restore([*_facts_in(parts), *facts])
        else:
            self.remember(parts)
            self.restore(facts)


UNFOLDED: Final = "facts"
"""The part that holds the facts themselves, of a strategy that has no memory of its own."""


def _facts_in(parts: Mapping[str, object]) -> list[Fact]:
    facts = parts[UNFOLDED]
    assert isinstance(facts, list)  # noqa: S101 - so they were kept
    return facts
