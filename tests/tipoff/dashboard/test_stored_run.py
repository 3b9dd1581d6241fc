"""A run that is over on the same pages: its tables at a moment, its chart of results, its chains."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from engine.units import Nanos
from tests.tipoff.dashboard.serving import ask, command, run, served
from tests.tipoff.dashboard.test_hub import events
from tipoff.commands.demo import run_demo
from tipoff.commands.options import DemoRequest
from tipoff.dashboard.hub import Hub
from tipoff.dashboard.stored_run import StoredRun
from tipoff.json_types import utc_text
from tipoff.output import Failure


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database of an evening of one game."""
    folder = tmp_path_factory.mktemp("stored")
    run_demo(DemoRequest(speed=0, seed=1, games=1, keep=folder))
    return f"sqlite:///{folder / 'tipoff.db'}"


@pytest.fixture
def stored(url: str) -> StoredRun:
    return StoredRun.open(url, None)


def rows(hub: Hub, topic: str) -> dict[str, Any]:
    return {key: json.loads(row) for key, row in hub.rows(topic).items()}


@pytest.mark.slow
def test_the_end_of_a_run_is_shown_and_any_moment_of_it(stored: StoredRun) -> None:
    async def test() -> None:
        end, middle, begin = Hub(), stored.facts[len(stored.facts) // 2].at, stored.about()["from"]
        feeding = asyncio.create_task(stored.feed(end))
        while not end.rows("status"):  # noqa: ASYNC110 - nothing tells when it is read
            await asyncio.sleep(0.05)
        feeding.cancel()
        assert rows(end, "status")["status"]["state"] == "over"
        assert len(rows(end, "fills")) > 0
        half = await stored.at(_text(middle))
        assert 0 < len(rows(half, "orders")) < len(rows(end, "orders"))
        assert rows(half, "status")["status"]["at"] <= _text(middle)
        # Before anything was decided nothing is there.
        assert rows(await stored.at(str(begin)), "fills") == {}
        viewer = end.join(["journal"], lambda: None)
        (facts,) = [data for name, data in events(end.take(viewer)) if name == "facts"]
        assert facts["facts"][-1]["seq"] == stored.facts[-1].seq

    run(test())


@pytest.mark.slow
def test_a_fill_tells_why_and_results_are_drawn(stored: StoredRun) -> None:
    async def test() -> None:
        async with served(stored) as port:
            hub = await stored.at(str(stored.about()["to"]))
            fill = next(iter(rows(hub, "fills")))
            found = await ask(port, f"/api/ask/why?id={fill}")
            assert found.document["result"]["steps"]
            result = await stored.ask("history", {"kind": "pnl", "strategy": "all"})
            assert isinstance(result, dict)
            columns = result["columns"]
            realized = rows(hub, "pnl")["all"]["realized"]
            assert columns["base"][-1] == pytest.approx(float(realized))
            assert columns["at"] == sorted(columns["at"])
            ticker = rows(hub, "fills")[fill]["ticker"]
            bars = await stored.ask("history", {"kind": "bars", "ticker": ticker})
            assert isinstance(bars, dict)
            assert len(bars["columns"]["at"]) == len(bars["columns"]["yes_bid"]) > 10

    run(test())


@pytest.mark.slow
def test_nothing_of_it_can_be_changed_and_what_only_a_daemon_knows_is_not_asked(stored: StoredRun) -> None:
    async def test() -> None:
        async with served(stored) as port:
            assert (await command(port, "halt")).status == 409
            assert (await ask(port, "/api/ask/risk")).status == 503
            unknown = await ask(port, "/api/ask/why?id=nothing-1")
            assert unknown.document["error"]["code"] == "not_found"
            assert (await ask(port, "/api/stream?until=yesterday")).status == 400
            about = (await ask(port, "/api/about")).document["result"]
            assert about["read_only"]
            assert about["stored"]["run"] == stored.run

    run(test())


def test_a_database_without_a_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(Failure):
        StoredRun.open(f"sqlite:///{tmp_path / 'none.db'}", None)


def _text(at: int) -> str:
    return utc_text(Nanos(at))
