"""The floor that tests of the paper exchange stand on, uninterrupted and restarted after every step."""

import pytest

from tests.engine.exchange.floor import Floor, rules


@pytest.fixture(params=["uninterrupted", "restarting"])
def floor(request: pytest.FixtureRequest) -> Floor:
    """A floor without a book."""
    return Floor(rules(), restarting=request.param == "restarting")
