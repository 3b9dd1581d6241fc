"""The method `history`: columns of equal length for a chart, from whoever knows.

Covers: tipoff.control.queries.charts.
"""

from collections.abc import Callable
from typing import Any

import pytest

from engine.readings import POINTS_MAX, Chart
from engine.units import NANOS_PER_SECOND
from tipoff.control.ports import Hooks
from tipoff.json_types import utc_text

from .conftest import GAME, START, TICKER, Bench, Serve, word_of


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench(charts=True)


def columns(answer: object) -> dict[str, Any]:
    assert isinstance(answer, dict)
    found = answer["columns"]
    assert isinstance(found, dict)
    assert len({len(column) for column in found.values()}) == 1
    return found


async def test_prices_are_told_with_their_least_and_most(serve: Serve, bench: Bench) -> None:
    bench.later(30)
    async with serve() as served:
        wire = await served.greeted()
        found = columns(await wire.result("history", kind="bars", ticker=TICKER, points=1))
        assert next(iter(found)) == "at"
        assert found["yes_bid"] == found["yes_bid_min"] == found["yes_bid_max"] == ["0.5000"]
        assert found["traded"] == ["1.00"]
        of_old = utc_text(START - 60 * NANOS_PER_SECOND)  # type: ignore[arg-type]  # a moment
        found = columns(await wire.result("history", kind="bars", ticker=TICKER, to=of_old))
        assert found["at"] == []


async def test_who_will_win_and_profit_and_loss(serve: Serve, bench: Bench) -> None:
    bench.later(30)
    async with serve() as served:
        wire = await served.greeted()
        found = columns(await wire.result("history", kind="win_probability", game=GAME))
        assert found["market"][-1] == pytest.approx(0.51)
        found = columns(await wire.result("history", kind="pnl", strategy="all"))
        assert (len(found["at"]), set(found["base"])) == (6, {"0.000000"})


async def test_the_latency_is_asked_of_the_engine(serve: Serve) -> None:
    async with serve() as served:
        wire = await served.greeted()
        assert await wire.error("history", kind="latency") == "not_available"
    chart = Chart([1], {"decision_p50_ms": [500]})
    async with serve(Hooks(latency=lambda _first, _last: chart)) as served:
        found = columns(await (await served.greeted()).result("history", kind="latency"))
        assert found["decision_p50_ms"] == [0.5]
        assert found["at"] == ["1970-01-01T00:00:01.000000Z"]


@pytest.mark.limit("engine.readings:POINTS_MAX")
async def test_what_cannot_be_drawn_is_said(serve: Serve) -> None:
    async with serve() as served:
        wire = await served.greeted()
        wrong: tuple[dict[str, object], ...] = (
            {"kind": "bars"},
            {"kind": "weather"},
            {"kind": "bars", "ticker": TICKER, "points": POINTS_MAX + 1},
            {"kind": "bars", "ticker": TICKER, "from": "yesterday"},
        )
        for params in wrong:
            assert word_of(await wire.call("history", **params)) == "invalid_params"
        await wire.result("history", kind="bars", ticker=TICKER, points=POINTS_MAX)
        assert await wire.error("history", kind="bars", ticker="KXNBAGAME-X") == "not_found"
        assert await wire.error("history", kind="pnl", strategy="nobody") == "not_found"
