"""Two sources of a score that contradict each other: from what the venues say to the refused order."""

from collections.abc import Callable

import pytest

from engine.events import GamePhase, ScoreSeen
from engine.facts import OrderDenied
from engine.milestones import KALSHI, MilestoneSeen, reference_of
from engine.reasons import DenialReason
from engine.score_agreement import DISAGREEMENT_NS, LAG_NS
from engine.units import NANOS_PER_SECOND, Nanos
from tipoff.control.ports import Hooks

from .conftest import TICKER, Bench, Serve, snapshot

RECORD = reference_of("m")
POLL_S = 15
POLLS = (LAG_NS + DISAGREEMENT_NS) // NANOS_PER_SECOND // POLL_S + 1
"""So many polls later no lag can explain a difference any more, and it has lasted."""

ORDER: dict[str, object] = {
    "strategy": "mean_reversion",
    "ticker": TICKER,
    "side": "bid",
    "price": "0.45",
    "count": "1",
    "p_fair": 0.6,
    "tif": "gtc",
}
Say = Callable[..., None]


def speaking(bench: Bench) -> Say:
    """A way to have both sources say what they show; each is heard, and the book is confirmed."""
    bench.hand_in(MilestoneSeen(RECORD, ("KXNBAGAME-26NOV20MEMPOR",), Nanos(bench.now)))
    seq = 1

    def say(league: int, venue: int) -> None:
        nonlocal seq
        seq += 1
        now = Nanos(bench.now)
        bench.hand_in(ScoreSeen("bdl:1", "bdl", GamePhase.LIVE, 1, 600_000, league, 10, now, now))
        bench.hand_in(ScoreSeen(RECORD, KALSHI, GamePhase.LIVE, 0, None, venue, 10, None, now))
        bench.hand_in(snapshot(seq=seq))

    return say


@pytest.mark.promise("score-two-sources-tell")
async def test_entries_stop_while_two_sources_contradict_each_other_and_pass_again_afterwards(
    serve: Serve, bench: Bench
) -> None:
    async with serve(Hooks()) as at:
        wire, say = await at.greeted(), speaking(bench)
        say(12, 12)
        assert "result" in await wire.call("orders.place", request_id="before", **ORDER)
        for _ in range(POLLS):
            bench.later(POLL_S)
            say(12, 22)
        assert await wire.error("orders.place", request_id="while", **ORDER) == "refused"
        (denied,) = [each.fact for each in bench.facts if isinstance(each.fact, OrderDenied)]
        assert denied.reason is DenialReason.SCORES_DISAGREE
        games = await wire.result("games")
        assert "disagree" in str(games)
        say(22, 22)
        assert "result" in await wire.call("orders.place", request_id="after", **ORDER)


async def test_the_record_of_a_game_is_remembered_when_the_schedule_is_restarted(
    serve: Serve, bench: Bench
) -> None:
    async with serve(Hooks()) as at:
        wire, say = await at.greeted(), speaking(bench)
        await wire.result("actors.restart", request_id="r", name="schedule")
        for _ in range(POLLS):
            bench.later(POLL_S)
            say(12, 22)
        assert await wire.error("orders.place", request_id="while", **ORDER) == "refused"
    (denied,) = [each.fact for each in bench.facts if isinstance(each.fact, OrderDenied)]
    assert denied.reason is DenialReason.SCORES_DISAGREE
