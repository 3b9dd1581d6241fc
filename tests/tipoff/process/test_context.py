"""A run's end is asked for once, and two runs of a process share nothing but what the process counts."""

from pathlib import Path

from tests.tipoff.engines import live
from tipoff.config.load import template
from tipoff.process.context import RunDependencies, StopRequest, run_context
from tipoff.runs.from_config import schema
from tipoff.sources.clients import Credentials, Sources


async def test_the_first_reason_to_end_is_the_reason() -> None:
    stop = StopRequest()
    stop.request("stopped by SIGTERM")
    stop.request("the game day is over")
    assert (stop.reason, stop.requested.is_set()) == ("stopped by SIGTERM", True)


async def test_two_runs_of_a_process_share_its_counters_and_nothing_else(tmp_path: Path) -> None:
    config = template(schema())
    dependencies = RunDependencies(config=config, credentials=Credentials())
    async with live(tmp_path) as engine:
        first, second = (run_context(dependencies, engine, Sources(config, Credentials())) for _ in range(2))
    first.metrics_port, first.control_ready = 9464, True
    first.counters.reloads += 1
    assert (second.metrics_port, second.control_ready) == (None, False)
    assert second.counters.reloads == 1
    assert first.reloader is not second.reloader
    assert first.exposition is not second.exposition
