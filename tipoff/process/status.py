"""The board of the live engine: connections, last messages, journal, recording, and what is degraded.

Asked by the control socket, metrics and pages; plain values, made anew for every look, never waiting for
anybody. Moments are UTC nanoseconds.
"""

import attrs

from tipoff.json_types import Json
from tipoff.live.engine import LiveEngine
from tipoff.sources.clients import Sources


def board(engine: LiveEngine, sources: Sources) -> dict[str, Json]:
    """Everything that can be seen without asking an actor."""
    system, heard = engine.system, engine.hearing.status
    return {
        "run": engine.plan.run,
        "phase": engine.phase,
        "started_at": engine.started_at,
        "now": system.now,
        "degraded": complaints(engine, sources),
        "inputs": {
            "lines": heard.lines,
            "events": heard.events,
            "by_source": dict(heard.by_source),
            "last_at": dict(heard.last_at),
            "not_recorded": heard.not_recorded,
        },
        "journal": attrs.asdict(engine.durable.status),
        "loop": {
            "slow_inputs": system.slow_inputs,
            "slowest_input_ns": system.slowest_input_ns,
            "restarts": system.lives.restarts,
            "dead_letters": system.dispatcher.dead_letters,
        },
        **sources.status(),
    }


def complaints(engine: LiveEngine, sources: Sources) -> list[str]:
    """What does not work as it should, a sentence each."""
    found = sources.complaints()
    if engine.hearing.status.not_recorded:
        found.append(f"nothing is recorded: {engine.hearing.status.not_recorded}")
    if engine.heartbeats.late():
        found.append(engine.heartbeats.late())
    if engine.durable.status.failing:
        found.append(f"nothing can be stored: {engine.durable.status.failing}")
    return found
