"""The report of a live run, from the engine while it is still there."""

from engine.units import NANOS_PER_SECOND, Nanos
from tipoff.json_types import Json, utc_text
from tipoff.live.engine import LiveEngine
from tipoff.reports.document import RunSnapshot, failed_actors, report_document


async def live_document(engine: LiveEngine) -> dict[str, Json]:
    """The contract's document of a run in which nothing happens any more."""
    system, heard, feed = engine.system, engine.ingress.status, await engine.feed()
    snapshot = RunSnapshot(
        run=engine.plan.run,
        digest=engine.plan.writer.digest(),
        frames=heard.lines,
        first_at=None if engine.started_at is None else utc_text(Nanos(engine.started_at)),
        last_at=utc_text(Nanos(system.now)),
        gaps=feed.gaps,
        refused=sum(feed.refused.values()),
        events=heard.events,
        seconds=(system.now - (engine.started_at or 0)) / NANOS_PER_SECOND / engine.plan.clock.speed,
        restarts=system.lives.restarts,
        dead_letters=system.dispatcher.dead_letters,
        failed=failed_actors(system.status()),
    )
    return report_document(snapshot, engine.tally, await engine.games())
