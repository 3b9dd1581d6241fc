"""What a venue seldom does, played by the simulator: late markets, own fees, results taken back.

Covers: venues.simulator.world.agenda, venues.simulator.world.game, venues.simulator.world.world.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import httpx
import pytest
import trio

from venues.simulator.evening import generate
from venues.simulator.service import ServiceSettings, Simulator
from venues.simulator.world.events import FeesOverridden, WorldEvent
from venues.simulator.world.game import MarketCreated
from venues.simulator.world.market import LifeChanged
from venues.simulator.world.settings import EveningSettings, Output
from venues.simulator.world.world import World

SETTINGS = EveningSettings(
    seed=4, games=1, rungs=2, activity=0.2, box_players=0, postponed=False, cancelled=False, surprises=True
)
Start = Callable[[ServiceSettings], Awaitable[Simulator]]
FrameProblems = Callable[[str, object], list[str]]
AnswerProblems = Callable[[str, str, object], list[str]]


@pytest.fixture(scope="module")
def surprising() -> list[Output]:
    """Everything that a client records of an evening with surprises."""
    return list(generate(SETTINGS))


def frames(outputs: list[Output], what: str) -> list[dict[str, Any]]:
    """The frames of a type."""
    return [json.loads(output.body) for output in outputs if output.what == what]


def lives(outputs: list[Output], ticker: str) -> list[dict[str, Any]]:
    """What the stream says of one market's life."""
    found = [frame["msg"] for frame in frames(outputs, "market_lifecycle_v2")]
    return [msg for msg in found if msg["market_ticker"] == ticker]


def listed(outputs: list[Output], ticker: str) -> list[dict[str, Any]]:
    """The market's rows in the listings, in order."""
    bodies = [json.loads(output.body) for output in outputs if output.what.startswith("/events?")]
    markets = [market for body in bodies for event in body["events"] for market in event["markets"]]
    return [market for market in markets if market["ticker"] == ticker]


def test_the_same_seed_surprises_in_the_same_way_and_another_seed_in_another(
    surprising: list[Output],
) -> None:
    def said(outputs: list[Output]) -> list[str]:
        return [
            output.body for output in outputs if output.what in {"market_lifecycle_v2", "event_fee_update"}
        ]

    assert said(list(generate(SETTINGS))) == said(surprising)
    assert said(list(generate(attrs.evolve(SETTINGS, seed=5)))) != said(surprising)


def test_what_it_says_follows_the_published_schema(
    surprising: list[Output], frame_problems: FrameProblems
) -> None:
    for frame in frames(surprising, "market_lifecycle_v2"):
        assert frame_problems("marketLifecycleV2Payload", frame) == []
    fees = frames(surprising, "event_fee_update")
    assert len(fees) == 2
    for frame in fees:
        assert frame_problems("eventFeeUpdatePayload", frame) == []


def test_a_market_is_not_listed_before_it_is_created_and_is_followed_from_then_on(
    surprising: list[Output],
) -> None:
    (created,) = [
        frame["msg"]
        for frame in frames(surprising, "market_lifecycle_v2")
        if frame["msg"]["event_type"] == "created"
    ]
    ticker = created["market_ticker"]
    assert [msg["event_type"] for msg in lives(surprising, ticker)][:2] == ["created", "activated"]
    at = next(output.at for output in surprising if '"event_type":"created"' in output.body)
    assert not any(ticker in output.body for output in surprising if output.at < at)
    assert listed(surprising, ticker)[0]["status"] == "initialized"
    assert any(ticker in output.body for output in surprising if output.what == "orderbook_delta")
    assert created["additional_metadata"]["event_ticker"] == ticker.rpartition("-")[0]


def test_an_event_has_its_own_fees_for_a_while(surprising: list[Output]) -> None:
    begun, ended = (frame["msg"] for frame in frames(surprising, "event_fee_update"))
    assert begun["event_ticker"] == ended["event_ticker"]
    assert begun["event_ticker"].startswith("KXNBAGAME-")
    assert (begun["fee_type_override"], begun["fee_multiplier_override"]) == (
        "quadratic_with_maker_fees",
        0.5,
    )
    assert (ended["fee_type_override"], ended["fee_multiplier_override"]) == (None, None)


def test_numbers_of_the_channel_have_no_hole(surprising: list[Output]) -> None:
    numbers = [
        json.loads(output.body)["seq"]
        for output in surprising
        if output.what in {"market_lifecycle_v2", "event_fee_update"}
    ]
    assert numbers == list(range(1, len(numbers) + 1))


def happenings() -> tuple[World, list[tuple[WorldEvent, str]]]:
    """The whole evening, with the status of the market of each happening at that moment."""
    world = World(SETTINGS)
    found = []
    for happened in world.run():
        market = getattr(happened, "market", None)
        found.append((happened, market.status if market is not None else ""))
    return world, found


def test_a_result_is_announced_disputed_amended_and_paid() -> None:
    """The last word agrees with the score."""
    world, found = happenings()
    (market,) = [market for market in world.markets.values() if market.amended_later]
    told = [
        (happened.event_type, status, happened.at)
        for happened, status in found
        if isinstance(happened, LifeChanged) and happened.market is market
    ]
    kinds = [(kind, status) for kind, status, _ in told][-3:]
    assert kinds == [("determined", "determined"), ("determined", "amended"), ("settled", "finalized")]
    game = world.games[0]
    assert market.listing.pays(game.now.home, game.now.away) == (market.result == "yes")
    assert sum(isinstance(happened, MarketCreated) for happened, _ in found) == 1
    assert sum(isinstance(happened, FeesOverridden) for happened, _ in found) == 2


async def test_the_interfaces_say_it_too(
    started: Start, nursery: trio.Nursery, answer_problems: AnswerProblems
) -> None:
    """A market that is not created yet is unknown, and a change of fees is in its list."""
    simulator = await started(ServiceSettings(SETTINGS, speed=100_000, held=True, limited=False))
    world = simulator.live.world
    late = world.games[0].markets[-1].listing.ticker
    async with httpx.AsyncClient(base_url=simulator.addresses.kalshi_rest, trust_env=False) as client:
        assert (await client.get(f"/markets/{late}")).status_code == 404
        assert (await client.get("/events/fee_changes")).json()["event_fee_changes"] == []
        simulator.clock.begin()
        with trio.fail_after(60):
            await simulator.live.over.wait()
        assert (await client.get(f"/markets/{late}")).json()["market"]["status"] == "finalized"
        changes = (await client.get("/events/fee_changes")).json()
    assert [row["fee_multiplier_override"] for row in changes["event_fee_changes"]] == [0.5, None]
    assert answer_problems("kalshi", "/events/fee_changes", changes) == []
    nursery.cancel_scope.cancel()
