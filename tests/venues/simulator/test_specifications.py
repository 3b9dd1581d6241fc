"""Every body and frame of the simulated evening against the services' published schemas.

The schemas are corrected where the specifications' own notes say that the live services differ.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from venues.simulator.world.settings import Output

FrameProblems = Callable[[str, object], list[str]]
AnswerProblems = Callable[[str, str, object], list[str]]
FRAME_SCHEMAS = {
    "subscribed": "subscribedResponsePayload",
    "ok": "okResponsePayload",
    "orderbook_snapshot": "orderbookSnapshotPayload",
    "orderbook_delta": "orderbookDeltaPayload",
    "ticker": "tickerPayload",
    "trade": "tradePayload",
    "market_lifecycle_v2": "marketLifecycleV2Payload",
}
PATHS = {
    "/exchange/status": "/exchange/status",
    "/exchange/schedule": "/exchange/schedule",
    "/series/fee_changes": "/series/fee_changes",
    "/series/": "/series/{series_ticker}",
    "/events": "/events",
    "/nba/v1/games": "/nba/v1/games",
    "/nba/v1/box_scores/live": "/nba/v1/box_scores/live",
    "/nba/v2/odds/opening": "/nba/v2/odds/opening",
    "/nba/v2/odds": "/nba/v2/odds",
}


@pytest.mark.parametrize("what", FRAME_SCHEMAS)
def test_frames_follow_the_published_schema(
    what: str, outputs: list[Output], frame_problems: FrameProblems
) -> None:
    texts = [output.body for output in outputs if output.source == "kalshi.ws" and output.what == what]
    assert texts
    step = max(1, len(texts) // 200)
    for text in texts[::step]:
        assert frame_problems(FRAME_SCHEMAS[what], json.loads(text)) == []


@pytest.mark.parametrize("start", PATHS)
def test_bodies_follow_the_published_schema(
    start: str, outputs: list[Output], answer_problems: AnswerProblems
) -> None:
    folder = "balldontlie" if start.startswith("/nba") else "kalshi"
    bodies = [output.body for output in outputs if matched(output.what) == start]
    assert bodies
    step = max(1, len(bodies) // 20)
    for text in bodies[::step]:
        assert answer_problems(folder, PATHS[start], json.loads(text)) == []


def matched(what: str) -> str:
    """The longest known beginning of a request's path."""
    path = what.split("?", maxsplit=1)[0]
    return max((start for start in PATHS if path.startswith(start)), key=len, default="")


def test_recorded_frames_have_no_key_that_ours_lack(outputs: list[Output], shared: Path) -> None:
    """Real recordings of two kinds of frames; the keys must be the same, the order too."""
    recording = (shared / "data/kalshi/ws_orderbook_prod_mlb_wnba_20260807.jsonl.gz").read_bytes()
    lines = gzip.decompress(recording).splitlines()
    real = {}
    for line in lines:
        frame = json.loads(line)["frame"]
        real[frame["type"]] = [list(frame), list(frame["msg"])]
    ours: dict[str, list[list[str]]] = {}
    for output in outputs:
        if output.source == "kalshi.ws" and output.what in real:
            frame = json.loads(output.body)
            ours.setdefault(output.what, [list(frame), list(frame["msg"])])
    assert ours["orderbook_delta"] == real["orderbook_delta"]
    assert ours["orderbook_snapshot"][0] == real["orderbook_snapshot"][0]
    assert set(real) <= set(ours)


def test_market_objects_have_the_keys_of_recorded_ones(outputs: list[Output], shared: Path) -> None:
    recording = (shared / "data/kalshi/rest_events_sports_nested.json.gz").read_bytes()
    events = json.loads(gzip.decompress(recording))
    for family in ("GAME", "SPREAD", "TOTAL"):
        real = next(event for event in events if event["series_ticker"] == f"KXWNBA{family}")
        body = next(output.body for output in outputs if f"KXNBA{family}&" in output.what)
        mine = json.loads(body)["events"][0]
        assert set(mine) == set(real)
        # `liquidity_dollars` went and `settlement_bounds_type` came on 2026-10-01.
        recorded = set(real["markets"][0]) - {"liquidity_dollars"} | {"settlement_bounds_type"}
        assert set(mine["markets"][0]) == recorded
