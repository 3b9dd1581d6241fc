"""Loading and unloading games: who hears of them afterwards, what is refused, and what outlives a restart."""

import pytest

from actors.addresses import GAMES, MARKET_FEED, NEWS, RISK_GATE, SCHEDULE, game_address
from actors.messages import FollowOperation, ListingWanted, LoadedWanted
from actors.runtime import ChildSpec, Outgoing
from engine.events import GameKnown, MarketDetermined, ScoreSeen, TopChanged
from engine.facts import FollowingChanged, OrderDenied, OrderFilled, PositionSettled
from engine.reasons import DenialReason
from engine.units import PRICE_ONE
from tipoff.control.ports import Hooks

from .conftest import GAME, NAME, ORDER, START, TICKER, Bench, Serve, Wire, opening, snapshot

EVENT = "KXNBAGAME-26NOV20MEMPOR"


def hooks() -> Hooks:
    """A daemon whose venue knows the one game."""

    async def load(game: str) -> FollowOperation:
        return FollowOperation(game, followed=True, events=(EVENT,))

    async def unload(game: str) -> FollowOperation:
        return FollowOperation(game, followed=False)

    return Hooks(load_game=load, unload_game=unload)


def listed(bench: Bench) -> list[str]:
    """The games that the schedule knows."""
    found = bench.system.ask(SCHEDULE, ListingWanted(), 10**9)
    assert isinstance(found, dict)
    return list(found)


def loaded(bench: Bench) -> object:
    """The games that an operator loaded."""
    return bench.system.ask(SCHEDULE, LoadedWanted(), 10**9)


def alive(bench: Bench) -> bool:
    """Whether the game's actor is there."""
    return any(actor.address == game_address(GAME) for actor in bench.status())


def listening(bench: Bench) -> list[object]:
    """The news of games from now on, as a strategy hears them."""
    heard: list[object] = []

    class Listener:
        def receive(self, message: object, now: int) -> list[Outgoing]:
            heard.append(message)
            return []

    bench.system.start_child(GAMES, ChildSpec(name="listener", factory=Listener, subscriptions=(NEWS,)))
    return heard


async def refusal(wire: Wire, method: str, **params: object) -> str:
    """The words of a refused request."""
    answer = await wire.call(method, **params)
    error = answer["error"]
    assert isinstance(error, dict)
    assert error["data"]["name"] == "refused"
    return str(error)


async def test_an_unloaded_game_is_heard_of_no_more_and_nothing_is_sent_into_it(
    serve: Serve, bench: Bench
) -> None:
    async with serve(hooks()) as at:
        wire = await at.greeted()
        heard = listening(bench)
        await wire.result("games.unload", request_id="u", game=GAME)
        (last,) = heard
        assert isinstance(last, GameKnown)
        assert not last.matched
        assert (listed(bench), alive(bench)) == ([], False)
        bench.hand_in(snapshot(4_000, 4_200, seq=2), *opening())
        assert heard == [last]
        assert (listed(bench), alive(bench)) == ([], False)
        for table in ("games", "markets"):
            assert await wire.result(table) == await wire.result("fills")
        assert "unloaded" in await refusal(wire, "orders.place", request_id="o", **ORDER)
    (denied,) = [each.fact for each in bench.facts if isinstance(each.fact, OrderDenied)]
    assert denied.reason is DenialReason.MISSING_DATA


@pytest.mark.parametrize("restarted", [(), (SCHEDULE,), (MARKET_FEED,), (RISK_GATE, SCHEDULE, MARKET_FEED)])
async def test_a_game_that_is_loaded_again_is_met_anew_whoever_was_restarted_meanwhile(
    serve: Serve, bench: Bench, restarted: tuple[object, ...]
) -> None:
    async with serve(hooks()) as at:
        wire = await at.greeted()
        await wire.result("games.unload", request_id="u", game=GAME)
        for address in restarted:
            await wire.result("actors.restart", request_id=str(address).replace("/", "."), name=str(address))
        bench.hand_in(*opening())
        assert listed(bench) == []
        heard = listening(bench)
        await wire.result("games.load", request_id="l", game=GAME)
        assert loaded(bench) == {GAME: (EVENT,)}
        bench.hand_in(*opening(), snapshot(seq=2))
        assert (listed(bench), alive(bench)) == ([GAME], True)
        assert {type(each) for each in heard} >= {GameKnown, TopChanged, ScoreSeen}
        assert await wire.result("orders.place", request_id="o", **ORDER)
    changes = [each.fact for each in bench.facts if isinstance(each.fact, FollowingChanged)]
    assert [(each.game, each.followed) for each in changes] == [(GAME, False), (GAME, True)]


async def test_a_schedule_that_dies_while_a_game_is_let_go_lets_it_go_afterwards(
    serve: Serve, bench: Bench
) -> None:
    async with serve(hooks()) as at:
        wire = await at.greeted()
        bench.system.restart(SCHEDULE)
        assert listed(bench) == [GAME]
        await wire.result("games.unload", request_id="u", game=GAME)
        bench.system.restart(SCHEDULE)
        assert (listed(bench), alive(bench)) == ([], False)


@pytest.mark.promise("game-unloaded-there-position")
async def test_a_game_with_a_position_or_an_order_of_ours_is_not_unloaded(serve: Serve, bench: Bench) -> None:
    async with serve(hooks()) as at:
        wire = await at.greeted()
        await wire.result("orders.place", request_id="rest", **{**ORDER, "price": "0.45", "tif": "gtc"})
        bench.later(1)
        said = await refusal(wire, "games.unload", request_id="u1", game=GAME)
        assert f"{NAME} has the order operator:rest in {TICKER}" in said
        await wire.result("orders.cancel", request_id="c", order_id="operator:rest")
        bench.later(1)
        await wire.result("orders.place", request_id="held", **ORDER)
        bench.later(1)
        said = await refusal(wire, "games.unload", request_id="u2", game=GAME)
        assert f"{NAME} holds 10.00 of {TICKER}" in said
        assert (listed(bench), alive(bench)) == ([GAME], True)
        await wire.result("games.unload", request_id="u3", game="26NOV20GSWLAL")
    assert any(isinstance(each.fact, OrderFilled) for each in bench.facts)


async def test_what_a_game_came_to_is_settled_though_it_was_unloaded_after_the_result(
    serve: Serve, bench: Bench
) -> None:
    result = MarketDetermined(TICKER, "yes", PRICE_ONE, START, START)
    async with serve(hooks()) as at:
        wire = await at.greeted()
        await wire.result("orders.place", request_id="held", **ORDER)
        bench.later(1)
        bench.hand_in(result)
        await wire.result("games.unload", request_id="u", game=GAME)
        bench.hand_in(MarketDetermined(TICKER, "no", PRICE_ONE, START, START))
    settled = [each.fact for each in bench.facts if isinstance(each.fact, PositionSettled)]
    assert [each.reversal for each in settled] == [False, True, False]
