"""One small simulated evening, generated once for all tests of this folder."""

import pytest

from venues.simulator.evening import generate
from venues.simulator.settings import EveningSettings, Output


@pytest.fixture(scope="session")
def small() -> EveningSettings:
    """Two played games, one postponed and one cancelled."""
    return EveningSettings(seed=5, games=2, postponed=True, cancelled=True)


@pytest.fixture(scope="session")
def outputs(small: EveningSettings) -> list[Output]:
    """Everything that a client records of the small evening."""
    return list(generate(small))
