"""A real Prometheus watches a daemon that plays a simulated evening: it is up, and every rule works.

Covers: tipoff.services.metrics.
"""

import http.client
import json
import shutil
import subprocess
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
import pytest
import trio
import yaml

from tests.tipoff.live_scene import SERVED, Scene, running
from tests.tipoff.managed import free_port
from tipoff.commands.simulate import write_keys
from tipoff.config.load import Config, load
from tipoff.live.heartbeats import STAGES
from tipoff.runs.from_config import schema
from tipoff.services import metrics
from tipoff.sources.clients import Credentials
from venues.simulator.service import Simulator, serve

pytestmark = pytest.mark.slow
SECONDS_MAX = 50.0
RULES = "deploy/prometheus/tipoff.rules.yml"


@attrs.frozen
class Prometheus:
    """The watcher and how it is asked."""

    port: int

    def get(self, path: str) -> Any:  # noqa: ANN401 - whatever its interface answers
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return json.loads(answer.read())["data"] if answer.status == 200 else None
        except OSError:
            return None
        finally:
            connection.close()

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an instant query; none while it does not answer yet."""
        data = await trio.to_thread.run_sync(self.get, f"/api/v1/query?query={quote(expression)}")
        return list(data["result"]) if data else []

    async def rules(self) -> list[dict[str, Any]]:
        data = await trio.to_thread.run_sync(self.get, "/api/v1/rules")
        return [rule for group in data["groups"] for rule in group["rules"]] if data else []


@pytest.fixture
async def simulator(nursery: trio.Nursery) -> Simulator:
    """The simulated venues, whose time begins with the run."""
    served: Simulator = await nursery.start(serve, SERVED)
    return served


@pytest.fixture
def config(simulator: Simulator, tmp_path: Path) -> Config:
    """The usual configuration, with a page of metrics on a free port."""
    read = load(write_keys(simulator, tmp_path), schema())
    return attrs.evolve(read, metrics=attrs.evolve(read.metrics, port=free_port()))


@pytest.fixture
def prometheus(config: Config, tmp_path: Path, root: Path) -> Iterator[Prometheus]:
    """It asks every second, and works our rules out as often."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed")
    rules = yaml.safe_load((root / RULES).read_text("utf-8"))
    for group in rules["groups"]:
        group["interval"] = "1s"
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules), "utf-8")
    settings = yaml.safe_load((root / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
    settings["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    settings["rule_files"] = ["rules.yml"]
    settings["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{config.metrics.port}"]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(settings), "utf-8")
    port = free_port()
    process = subprocess.Popen(
        [
            program,
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'watched'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error",
        ]
    )
    yield Prometheus(port)
    process.kill()
    process.wait()


@asynccontextmanager
async def played(folder: Path, config: Config, simulator: Simulator) -> AsyncGenerator[Scene]:
    """A run whose metrics are served."""
    async with (
        running(folder, config, Credentials.named_in(config), simulator) as scene,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(metrics.run, scene.context)
        yield scene
        nursery.cancel_scope.cancel()


async def until(found: Callable[[], Any], what: str) -> None:
    """Wait until an asynchronous question has an answer that is not empty."""
    with trio.move_on_after(SECONDS_MAX):
        while not await found():  # noqa: ASYNC110 - Prometheus tells nobody when it has something
            await trio.sleep(0.5)
        return
    pytest.fail(f"after {SECONDS_MAX:.0f} s there is still no {what}")


async def test_prometheus_finds_the_daemon_up_and_every_rule_works(
    prometheus: Prometheus, simulator: Simulator, config: Config, tmp_path: Path, root: Path
) -> None:
    written = yaml.safe_load((root / RULES).read_text("utf-8"))["groups"]
    records = [rule["record"] for group in written for rule in group["rules"] if "record" in rule]
    rules = sum(len(group["rules"]) for group in written)
    async with played(tmp_path, config, simulator) as scene:
        await scene.until_books()
        await until(partial(prometheus.query, 'up{job="tipoff"} == 1'), "daemon that is up")
        for record in records:
            await until(partial(prometheus.query, record), f"result of {record}")
        await until(partial(evaluated, prometheus, rules), f"evaluation of all {rules} rules")
        found = await prometheus.rules()
        beats = await prometheus.query("time() - (tipoff_heartbeat_timestamp_seconds > 0) < 60")
        counts = [
            await prometheus.query(f"sum(tipoff_{name}_seconds_count) > 0")
            for name in ("input", "durable", "handler", "mailbox_wait")
        ]
        broken = await prometheus.query("tipoff_collector_up == 0")
    assert [rule["lastError"] for rule in found if rule.get("lastError")] == []
    assert {rule["health"] for rule in found} == {"ok"}
    assert [rule["name"] for rule in found if rule.get("state") == "firing"] == []
    assert {line["metric"]["stage"] for line in beats} == set(STAGES)
    assert all(counts)
    assert broken == []


async def evaluated(prometheus: Prometheus, rules: int) -> bool:
    """Whether every rule was worked out at least once."""
    found = await prometheus.rules()
    return len(found) == rules and all(rule["health"] != "unknown" for rule in found)
