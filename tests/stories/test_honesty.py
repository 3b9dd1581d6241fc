"""The control strategies through the whole tree: who trades without knowing anything must lose what it costs.

`make honesty` plays many evenings and prints the long-run numbers; every test run plays a few and looks at
the signs. If one of these earns money, the exchange is too kind.
"""

import os
import sys

import pytest

from tests.stories.honesty import (
    JOINER,
    ROUND_TRIPPER,
    TAKER,
    Estimate,
    Evening,
    contracts,
    estimate,
    paid,
    played,
    still_trips,
)
from tipoff.runs.settings import TradingSettings

pytestmark = [pytest.mark.honesty, pytest.mark.slow]

EVENINGS = int(os.environ.get("HONESTY_EVENINGS", "5"))
LONG_RUN = 50
"""With at least so many evenings the numbers are held against what chance allows."""
CENT = 0.01


@pytest.fixture(scope="module")
def takers(free_settings: TradingSettings) -> list[Evening]:
    """Evenings of the two that only take, side by side."""
    return [played(free_settings, seed, (TAKER, ROUND_TRIPPER)) for seed in range(1, EVENINGS + 1)]


@pytest.fixture(scope="module")
def joiners(free_settings: TradingSettings) -> list[Evening]:
    """Evenings of the one that rests."""
    return [played(free_settings, seed, (JOINER,)) for seed in range(1, EVENINGS + 1)]


def say(capsys: pytest.CaptureFixture[str], *lines: str) -> None:
    """Print past pytest."""
    with capsys.disabled():
        sys.stdout.write("\n  ".join(["", *lines]) + "\n")


@pytest.mark.promise("trades-without-opinion-loses")
def test_a_random_taker_loses_about_half_the_spread_and_fees(
    takers: list[Evening], capsys: pytest.CaptureFixture[str]
) -> None:
    pnl = estimate([each.pnl[TAKER] / contracts(each.fills[TAKER]) for each in takers])
    cost = estimate([-paid(each.fills[TAKER]) / contracts(each.fills[TAKER]) for each in takers])
    surplus = estimate(
        [(each.pnl[TAKER] + paid(each.fills[TAKER])) / contracts(each.fills[TAKER]) for each in takers]
    )
    traded = sum(contracts(each.fills[TAKER]) for each in takers)
    say(
        capsys,
        f"random_taker, {EVENINGS} evenings, {traded:.0f} contracts:",
        f"result per contract {pnl}, half spread and fees {cost}, difference {surplus}",
    )
    assert pnl.mean < 0
    assert cost.mean < 0
    if EVENINGS >= LONG_RUN:
        assert abs(surplus.mean) < 3 * surplus.error


@pytest.mark.promise("joining-bid-gains-nothing")
def test_joining_the_bid_gains_nothing_before_fees(
    joiners: list[Evening], capsys: pytest.CaptureFixture[str]
) -> None:
    with_fills = [each for each in joiners if each.markouts_mid]
    bid, mid = (
        estimate([sum(each) / len(each) for each in values])
        for values in (
            [each.markouts_bid for each in with_fills],
            [each.markouts_mid for each in with_fills],
        )
    )
    fills = sum(len(each.markouts_mid) for each in joiners)
    pnl = estimate([each.pnl[JOINER] / contracts(each.fills[JOINER]) for each in with_fills])
    say(
        capsys,
        f"join_the_bid, {EVENINGS} evenings, {fills} fills of resting bids, a minute later and before fees:",
        f"against the middle {mid}, against the bid {bid}; result per contract {pnl}",
    )
    assert fills > EVENINGS
    assert bid.mean <= mid.mean <= 0
    assert pnl.mean < 0


@pytest.mark.promise("trades-without-opinion-loses")
def test_who_buys_and_crosses_back_loses_exactly_spread_and_fees(
    takers: list[Evening], capsys: pytest.CaptureFixture[str]
) -> None:
    trips = [pair for each in takers for pair in still_trips(each.fills[ROUND_TRIPPER])]
    exact = sum(
        buy.fact.price - sale.fact.price == round((buy.ask - buy.bid) * 10_000) for buy, sale in trips
    )
    drift = _drift(takers)
    say(
        capsys,
        f"buy_and_cross_back, {EVENINGS} evenings: {exact} of {len(trips)} round trips on a book that stood "
        "still lost exactly the spread, and the fees;",
        f"result and cost per contract of all differ by {drift}",
    )
    assert len(trips) > EVENINGS
    assert exact == len(trips)
    assert all(each.pnl[ROUND_TRIPPER] < 0 for each in takers)
    if EVENINGS >= LONG_RUN:
        assert abs(drift.mean) < max(3 * drift.error, CENT / 10)


def _drift(takers: list[Evening]) -> Estimate:
    """What the price did between a purchase and its sale."""
    return estimate(
        [
            (each.pnl[ROUND_TRIPPER] + paid(each.fills[ROUND_TRIPPER])) / contracts(each.fills[ROUND_TRIPPER])
            for each in takers
        ]
    )
