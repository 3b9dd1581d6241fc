"""A small evening that every story shares."""

import attrs
import pytest

from engine.risk import RiskLimits
from tests.stories.plays import SMALL, lines_of
from tipoff.config.load import template
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import TradingSettings
from venues.recordings.recorder import Line


@pytest.fixture(scope="session")
def small_evening() -> list[Line]:
    """One game, discovery to settlement."""
    return lines_of(SMALL)


@pytest.fixture(scope="session")
def free_settings() -> TradingSettings:
    """The defaults with one strategy of odds and one of prices, and no risk limits."""
    settings = trading_settings(at_its_word(template(schema())), seed=1)
    kept = tuple(plan for plan in settings.strategies if plan.name in ("sharp_line", "mean_reversion"))
    unlimited = RiskLimits(**{field.name: None for field in attrs.fields(RiskLimits)})
    return attrs.evolve(settings, limits=unlimited, strategies=kept)
