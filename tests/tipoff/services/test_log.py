"""The log of a run: its level, what the metrics count of it, and the warnings that reach the database."""

from pathlib import Path

import attrs
import structlog
import trio
from sqlalchemy import select

from persistence import connect
from persistence.market_tables import system_logs
from tests.tipoff.contexts import context_of
from tests.tipoff.engines import live
from tipoff.services import log

SECONDS_MAX = 30.0


def kept(url: str) -> list[str]:
    """The events of the log that are in the database."""
    with connect.reading(url) as connection:
        return [row.event for row in connection.execute(select(system_logs.c.event))]


async def test_warnings_are_counted_and_kept_and_the_level_can_be_changed_until_the_run_ends(
    tmp_path: Path,
) -> None:
    async with live(tmp_path) as engine:
        context = context_of(engine)
        async with trio.open_nursery() as nursery:
            url = f"sqlite:///{tmp_path / 'tipoff.db'}"
            nursery.start_soon(log.run, context)
            await trio.testing.wait_all_tasks_blocked()
            assert context.logs is not None
            structlog.get_logger().warning("the disk is slow")
            with trio.fail_after(SECONDS_MAX):
                while "the disk is slow" not in kept(url):  # noqa: ASYNC110 - nothing tells of a row
                    await trio.sleep(0.05)
            assert context.counters.log_lines()["warning"] == 1
            assert context.counters.log_sink_dropped() == 0
            logging = attrs.evolve(context.config.logging, level="error")
            for subscriber in context.reloader._subscribers:
                subscriber(attrs.evolve(context.config, logging=logging))
            assert context.logs.set_level(None) == "error"
            nursery.cancel_scope.cancel()
        assert context.logs is None
