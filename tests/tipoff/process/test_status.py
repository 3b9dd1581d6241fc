"""What a run says of itself: the issues of its parts, each with its subject, and one line for people."""

from pathlib import Path

from tests.tipoff.contexts import context_of
from tests.tipoff.engines import live
from tipoff.process.status import health_issues, status_line
from tipoff.sources.health import HealthIssue, IssueKind


async def test_the_issues_of_sources_recording_and_journal_are_told_together(tmp_path: Path) -> None:
    lost = HealthIssue("stream", "the stream is not connected: reset", IssueKind.FEED_LOST)
    async with live(tmp_path) as engine:
        context = context_of(engine)
        engine.ingress.status.not_recorded = ""
        assert health_issues(engine, context.sources) == []
        context.sources.degraded.append(lost)
        engine.ingress.status.not_recorded = "the disk is full"
        engine.commit_queue.status.failing = "no space left"
        assert health_issues(engine, context.sources) == [
            lost,
            HealthIssue("recording", "nothing is recorded: the disk is full"),
            HealthIssue("journal", "nothing can be stored: no space left"),
        ]
        behind = status_line(engine, context.sources)
        engine.commit_queue.status.failing = ""
        on_time = status_line(engine, context.sources)
    assert behind == "running, journal behind, run run, 1 complaints, 0 restarts"
    assert on_time == "running, run run, 1 complaints, 0 restarts"
