"""Every body and frame of the simulated evening against the services' published schemas.

The schemas are corrected where the specifications' own notes say that the live services differ.
"""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from venues.simulator.settings import Output

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


@cache
def document(path: Path) -> dict[str, Any]:
    """A specification, with OpenAPI 3.0's `nullable` said in JSON Schema's way."""
    loaded: dict[str, Any] = modern(yaml.safe_load(path.read_text()))
    return loaded


def modern(node: object) -> Any:  # noqa: ANN401 - a schema may be anything
    """The same schema without OpenAPI 3.0's `nullable`."""
    if isinstance(node, list):
        return [modern(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {key: modern(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is True:
        return {"anyOf": [changed, {"type": "null"}]}
    return changed


def validator(path: Path, pointer: str) -> Draft202012Validator:
    """A validator for the schema at a place in a specification."""
    resource = Resource.from_contents(document(path), default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:spec", resource)
    return Draft202012Validator({"$ref": f"urn:spec#{pointer}"}, registry=registry)


def answer_pointer(path: str) -> str:
    """Where an endpoint's answer is described."""
    escaped = path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    return f"/paths/{escaped}/get/responses/200/content/application~1json/schema"


def problems(check: Draft202012Validator, body: object) -> list[str]:
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in check.iter_errors(body)]


@pytest.mark.parametrize("what", FRAME_SCHEMAS)
def test_frames_follow_the_published_schema(what: str, outputs: list[Output], shared: Path) -> None:
    check = validator(shared / "specs/kalshi/asyncapi.yaml", f"/components/schemas/{FRAME_SCHEMAS[what]}")
    texts = [output.body for output in outputs if output.source == "kalshi.ws" and output.what == what]
    assert texts
    step = max(1, len(texts) // 200)
    for text in texts[::step]:
        assert problems(check, json.loads(text)) == []


@pytest.mark.parametrize("start", PATHS)
def test_bodies_follow_the_published_schema(start: str, outputs: list[Output], shared: Path) -> None:
    folder = "balldontlie" if start.startswith("/nba") else "kalshi"
    check = validator(shared / f"specs/{folder}/openapi.yaml", answer_pointer(PATHS[start]))
    bodies = [output.body for output in outputs if matched(output.what) == start]
    assert bodies
    step = max(1, len(bodies) // 20)
    for text in bodies[::step]:
        assert problems(check, json.loads(text)) == []


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
