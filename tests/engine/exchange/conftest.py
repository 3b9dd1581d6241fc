"""The floor that tests of the paper exchange stand on, uninterrupted and restarted after every step.

Whatever a test does, a change of the depth that is passed by is held against what it would have done.
"""

import pytest

from engine.events import BookDelta
from engine.exchange import depth, paper
from engine.exchange.market import VenueMarket
from engine.exchange.state import ExchangeState
from engine.exchange.step_context import StepContext
from engine.units import Nanos
from tests.engine.exchange.floor import Floor, rules


@pytest.fixture(params=["uninterrupted", "restarting"])
def floor(request: pytest.FixtureRequest) -> Floor:
    """A floor without a book."""
    return Floor(rules(), restarting=request.param == "restarting")


@pytest.fixture(autouse=True)
def what_is_passed_by_would_have_done_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """In every test of this folder, those with drawn evenings among them."""
    nowhere = ExchangeState(Nanos(0), Nanos(0), Nanos(0), Nanos(0))

    def held_against(market: VenueMarket, delta: BookDelta) -> bool:
        by = depth.passes_by(market, delta)
        if by:
            assert market.book.synced
            context = StepContext(nowhere, rules(), delta.at)
            for each in market.watching():
                assert not each.arriving
                depth.depth_changed(context, each, delta)
            assert not context.facts
            assert not context.again
        return by

    monkeypatch.setattr(paper, "passes_by", held_against)
