"""Stand-ins for what the configuration is handed: limits of a risk gate, parameters of strategies."""

import attrs
import pytest

from engine.units import COUNT_ONE, MONEY_ONE, Count, Money, Price
from tests.tipoff.installs import install
from tipoff.config.fields import between, setting
from tipoff.config.load import Schema
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.bundled.kalshi.section import KalshiSection

__all__ = ["install"]


@attrs.frozen(kw_only=True)
class Limits:
    """Limits of a risk gate."""

    contracts_per_market: Count = setting(Count(100 * COUNT_ONE), "most contracts in a market")
    loss_per_day: Money = setting(Money(200 * MONEY_ONE), "most dollars lost on a day", unit="dollars")
    collar: Price = setting(Price(500), "most distance from fair", unit="dollars")
    ratio: float = setting(0.25, "share of the depth", check=between(0, 1))


@attrs.frozen(kw_only=True)
class Sharp:
    """Parameters of a strategy."""

    threshold_percent: float = setting(5.0, "least edge", unit="percent", check=between(0.1, 50))
    market_types: tuple[str, ...] = setting(("moneyline",), "markets that it trades")
    window_seconds: int | None = attrs.field(default=None, metadata={"help": "how far it looks back"})

    def __attrs_post_init__(self) -> None:
        """Refuse a pair of values that contradict each other."""
        if self.threshold_percent > 40 and "total" in self.market_types:
            raise ValueError("totals never have an edge of more than 40 percent")


@attrs.frozen(kw_only=True)
class Plain:
    """Parameters of a strategy that must be told something."""

    file: str = attrs.field(metadata={"help": "which file"})


@pytest.fixture(scope="session")
def schema() -> Schema:
    """A risk gate with four limits, and two kinds of strategies."""
    return Schema(
        risk=Limits,
        strategies={"sharp": Sharp, "plain": Plain},
        sources={"kalshi": KalshiSection, "balldontlie": BalldontlieSection},
    )
