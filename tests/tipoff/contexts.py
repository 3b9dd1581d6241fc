"""The context of a run, for the tests of a single service."""

from tipoff.config.load import Config, template
from tipoff.live.engine import LiveEngine
from tipoff.process.context import RunContext, RunDependencies, run_context
from tipoff.process.notifier import Notifier
from tipoff.process.shutdown import Shutdown, StoppedRun, stop_engine
from tipoff.runs.from_config import schema
from tipoff.sources.clients import Credentials, Sources


def context_of(
    engine: LiveEngine, config: Config | None = None, sources: Sources | None = None
) -> RunContext:
    """An engine with sources that ask nobody."""
    chosen = template(schema()) if config is None else config
    dependencies = RunDependencies(config=chosen, credentials=Credentials())
    return run_context(dependencies, engine, sources or Sources(chosen, Credentials()))


async def stop(engine: LiveEngine) -> StoppedRun:
    """End an engine as the daemon does; every step comes to its end."""
    words: list[str] = []
    shutdown = Shutdown(words.append, Notifier({}))
    stopped = await stop_engine(engine, "end of test", shutdown)
    assert shutdown.late == [], words
    return stopped
