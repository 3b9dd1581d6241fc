"""What Kalshi is asked for, with a key and without, never exceeds what it allows in a second.

Covers: tipoff.sources.bundled.kalshi.connection.
"""

import pytest
import trio
from trio.testing import MockClock

from tests.venues.transport.test_client import Service, ok
from tipoff.sources.bundled.kalshi.connection import TOKENS_PER_READ, budget_of
from tipoff.sources.bundled.kalshi.section import KalshiSection

READS = {True: KalshiSection().reads_per_second, False: KalshiSection().reads_per_second_keyless}
SAVED_S = {True: 2, False: 1}
"""Seconds of the budget that are saved up."""


@pytest.mark.fault("B4")
@pytest.mark.promise("second-holds-requests-budget")
@pytest.mark.limit("engine.toml:kalshi.reads_per_second", "engine.toml:kalshi.reads_per_second_keyless")
@pytest.mark.parametrize("keyed", [True, False])
async def test_b4_with_a_key_two_seconds_of_the_budget_are_saved_up_and_without_one_a_single_one(
    autojump_clock: MockClock, *, keyed: bool
) -> None:
    """And not more than that in any pause, however long."""
    budget = budget_of(KalshiSection(), keyed=keyed)
    service = Service([ok()])
    client = service.client(per_second=budget.tokens_per_s, burst=budget.burst)
    each_second, saved = round(READS[keyed]), round(READS[keyed] * SAVED_S[keyed])
    for pause_s in (0.0, 60.0):
        await trio.sleep(pause_s)
        service.asked_at.clear()
        began = autojump_clock.current_time()
        for _ in range(saved + 3 * each_second):
            await client.get("/x", cost=TOKENS_PER_READ)
        asked = service.asked_at
        assert sum(at == began for at in asked) == saved
        assert asked[-1] - began == pytest.approx(3.0)
        assert max(sum(start <= at < start + 1.0 for at in asked) for start in asked) <= saved + each_second
