"""The log of the process: written to standard error, its warnings kept in the database, its level changed."""

from tipoff.logs.structured import begin, secrets_of
from tipoff.logs.to_database import DatabaseLogSink
from tipoff.process.context import RunContext


async def run(context: RunContext) -> None:
    """Log until cancelled."""
    config, commit_queue, counters = context.config, context.engine.commit_queue, context.counters
    logs = context.logs = begin(config.logging, secrets_of(config), clock=context.engine.plan.clock)
    sink = DatabaseLogSink(
        commit_queue.add_records, lambda: bool(commit_queue.status.failing), context.engine.plan.clock
    )
    logs.on_warning = sink.take
    context.engine.last_words.append(sink.hand_on)
    counters.log_lines, counters.log_dropped = lambda: logs.lines, lambda: logs.dropped
    counters.log_sink_dropped = lambda: sink.dropped
    context.reloader.subscribe(lambda after: logs.set_level(after.logging.level))
    try:
        await sink.run()
    finally:
        context.logs = None
        logs.close()
