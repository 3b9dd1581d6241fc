"""An evening in which the venue does what it seldom does: late markets, new fees, results taken back."""

import attrs
import pytest

from engine.events import MarketStatus
from engine.facts import Fact, PositionSettled
from engine.units import PRICE_ONE, PRICE_ZERO
from engine.venue_facts import FeeTermsChanged, MarketResultKnown, MarketTermsChanged, PositionPaid
from tests.stories.plays import SMALL, Played, lines_of, play, scripted
from tipoff.runs.settings import TradingSettings
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings
from venues.simulator.world.world import World

SURPRISING = attrs.evolve(SMALL, seed=4, surprises=True, listing_poll_seconds=60)


def outcome(settings: EveningSettings) -> tuple[str, str]:
    """The market whose result is taken back, and its true result."""
    world = World(settings)
    for _ in world.run():
        pass
    (market,) = [market for market in world.markets.values() if market.amended_later]
    return market.listing.ticker, market.result


@pytest.fixture(scope="module")
def played(free_settings: TradingSettings) -> Played:
    """The evening, with orders at fixed moments in both winners."""
    lines = lines_of(SURPRISING)
    return play(lines, scripted(free_settings, lines, orders=40))


def facts(played: Played, *kinds: type[Fact]) -> list[Fact]:
    return [numbered.fact for numbered in played.facts if isinstance(numbered.fact, kinds)]


def test_a_market_that_is_created_late_is_followed_from_its_first_word_to_its_payment(played: Played) -> None:
    (created,) = [output for output in generate(SURPRISING) if '"event_type":"created"' in output.body]
    (ticker,) = {
        fact.ticker
        for fact in facts(played, MarketTermsChanged)
        if isinstance(fact, MarketTermsChanged) and f'"{fact.ticker}"' in created.body
    }
    terms = [
        fact
        for fact in facts(played, MarketTermsChanged)
        if isinstance(fact, MarketTermsChanged) and fact.ticker == ticker
    ]
    assert terms[0].at >= created.at
    statuses = list(dict.fromkeys(fact.status for fact in terms))
    assert statuses[:2] == [MarketStatus.INITIALIZED, MarketStatus.ACTIVE]
    assert terms[-1].fee_type == "quadratic_with_maker_fees"
    (result,) = [
        fact
        for fact in facts(played, MarketResultKnown)
        if isinstance(fact, MarketResultKnown) and fact.ticker == ticker and fact.settled
    ]
    assert result.result in {"yes", "no"}


def test_an_events_own_fees_hold_until_they_are_taken_back(played: Played) -> None:
    own = [
        (fact.fee_type, fact.fee_multiplier)
        for fact in facts(played, FeeTermsChanged)
        if isinstance(fact, FeeTermsChanged) and fact.scope.startswith("KXNBAGAME-")
    ]
    assert own == [("quadratic_with_maker_fees", "0.5"), (None, None)]


def test_a_result_that_is_taken_back_is_booked_the_other_way_and_paid_once(played: Played) -> None:
    ticker, right = outcome(SURPRISING)
    known = [
        (fact.result, fact.settled)
        for fact in facts(played, MarketResultKnown)
        if isinstance(fact, MarketResultKnown) and fact.ticker == ticker
    ]
    wrong = "no" if right == "yes" else "yes"
    assert known == [(wrong, False), (right, False), (right, True)]
    booked = [
        fact
        for fact in facts(played, PositionSettled)
        if isinstance(fact, PositionSettled) and fact.ticker == ticker
    ]
    assert [(fact.result, fact.reversal) for fact in booked] == [
        (wrong, False),
        (wrong, True),
        (right, False),
    ]
    assert booked[0].position == booked[2].position != 0
    assert booked[2].value == (PRICE_ONE if right == "yes" else PRICE_ZERO)
    paid = [
        fact
        for fact in facts(played, PositionPaid)
        if isinstance(fact, PositionPaid) and fact.ticker == ticker
    ]
    assert [fact.amount for fact in paid] == [booked[2].payout]
    assert played.store.tally.ledger.verify() == 0
