"""How a run stands, without asking an actor: what does not work, and a line for people."""

import structlog

from tipoff.live.engine import LiveEngine
from tipoff.sources.clients import Sources
from tipoff.sources.health import HealthIssue


def health_issues(engine: LiveEngine, sources: Sources) -> list[HealthIssue]:
    """What does not work as it should."""
    found = sources.health_issues()
    if engine.ingress.status.not_recorded:
        reason = engine.ingress.status.not_recorded
        found.append(HealthIssue("recording", f"nothing is recorded: {reason}"))
    if engine.heartbeats.late():
        found.append(HealthIssue("heartbeat", engine.heartbeats.late()))
    if engine.commit_queue.status.failing:
        found.append(HealthIssue("journal", f"nothing can be stored: {engine.commit_queue.status.failing}"))
    return found


def status_line(engine: LiveEngine, sources: Sources) -> str:
    """One line for `systemctl status`."""
    halted = "halted, " if engine.tally.halted else ""
    behind = "" if engine.commit_queue.drained else "journal behind, "
    return (
        f"{engine.phase}, {halted}{behind}run {engine.plan.run}, {len(sources.health_issues())} complaints, "
        f"{engine.system.lives.restarts} restarts"
    )


def log_state(engine: LiveEngine, sources: Sources) -> None:
    """Write into the log how things stand, as a signal asks for."""
    actors = {str(each.address): f"{each.state}, {each.depth} waiting" for each in engine.status()}
    issues = [issue.text for issue in sources.health_issues()]
    structlog.get_logger().info("state", line=status_line(engine, sources), complaints=issues, actors=actors)
