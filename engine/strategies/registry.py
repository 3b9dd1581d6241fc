"""Which kinds of strategies there are: the configuration's word for each, and how an instance is made.

Called by the wiring, the configuration and the manual. Strategies of other packages are added by the daemon,
which reads their entry points and calls `register`.
"""

from collections.abc import Mapping

from engine.strategies.buy_and_cross_back import BuyAndCrossBack
from engine.strategies.correlation import Correlation
from engine.strategies.ev_multi import EvMulti
from engine.strategies.join_the_bid import JoinTheBid
from engine.strategies.mean_reversion import MeanReversion
from engine.strategies.momentum import Momentum
from engine.strategies.parameters import Parameters, Plain
from engine.strategies.random_taker import RandomTaker
from engine.strategies.scripted import Scripted
from engine.strategies.sharp_line import SharpLine
from engine.strategies.strategy import Strategy, StrategyContext

STRATEGIES: dict[str, type[Strategy]] = {}
"""Kind to class, in the order in which the manual lists them."""


class KindUnknown(LookupError):
    """No strategy of that kind is known."""


def register(strategy: type[Strategy]) -> type[Strategy]:
    """Add a kind. Raises ValueError if another class already has its word."""
    known = STRATEGIES.setdefault(strategy.kind, strategy)
    if known is not strategy:
        raise ValueError(f"two strategies call themselves {strategy.kind!r}: {known!r} and {strategy!r}")
    return strategy


def strategy_class(kind: str) -> type[Strategy]:
    """The class of a kind. Raises KindUnknown, naming those there are."""
    try:
        return STRATEGIES[kind]
    except KeyError:
        raise KindUnknown(f"no strategy is called {kind!r}; there are {', '.join(STRATEGIES)}") from None


def parse_parameters(kind: str, values: Mapping[str, Plain]) -> Parameters:
    """The parameters of a kind from plain values. Raises KindUnknown or ParametersRefused (all problems at
    once).
    """
    return strategy_class(kind).parameters_class.parse(values)


def make(kind: str, name: str, parameters: Parameters, context: StrategyContext) -> Strategy:
    """A new instance."""
    return strategy_class(kind)(name, parameters, context)


for _class in (
    SharpLine,
    Momentum,
    EvMulti,
    MeanReversion,
    Correlation,
    Scripted,
    RandomTaker,
    JoinTheBid,
    BuyAndCrossBack,
):
    register(_class)
