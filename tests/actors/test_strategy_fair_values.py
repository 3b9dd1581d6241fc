"""What a strategy holds a market to be worth is published, and is nothing that anybody trades on.

Covers: actors.strategy.
"""

from actors.addresses import FAIR_VALUES
from actors.fact_history import FactHistory
from actors.runtime import Publish
from actors.strategy import StrategyActor
from engine.events import FairValued, TopChanged, Trust
from engine.strategies.momentum import Momentum, MomentumParameters
from engine.strategies.strategy import StrategyContext
from engine.units import Count, Nanos

AT = Nanos(1_000)
TOP = TopChanged("T", "G", None, Count(0), None, Count(0), Trust.TRUSTED, None, AT)


def test_it_is_published_once() -> None:
    actor = StrategyActor(
        Momentum("momentum", MomentumParameters(), StrategyContext(1)), FactHistory(), lambda _: 0
    )
    valued = FairValued("T", 0.5, "momentum", AT)
    actor.strategy.valued.append(valued)
    assert list(actor.receive(TOP, AT)) == [Publish(FAIR_VALUES, valued)]
    assert list(actor.receive(TOP, AT)) == []
