"""The daemon as `tipoff run` starts it, but for its clock: that of the simulated evening.

Started by `tests.simulation.soak.processes`. Every second it writes down how many tasks live on its loop,
which nobody can see from outside. Ends with the exit codes of the command line.
"""

import json
import sys
import traceback
import urllib.request
from functools import partial
from pathlib import Path

import trio

from engine.calendar import parse_time
from tipoff.cli.app import in_words
from tipoff.commands.run import run_until_signal
from tipoff.config.load import load
from tipoff.live.clock import EveningClock
from tipoff.output import Answer, Output
from tipoff.process.context import RunContext, RunDependencies
from tipoff.runs.from_config import schema
from tipoff.services import SERVICES
from tipoff.sources.clients import Credentials

ASK_S_MAX = 10.0


def clock_of(admin: str, speed: float) -> EveningClock:
    """The evening's time, as the venues say it now."""
    with urllib.request.urlopen(f"{admin}/state", timeout=ASK_S_MAX) as answer:
        now = parse_time(json.load(answer)["now"])
    return EveningClock(now, speed)


async def count_tasks(file: Path, _context: RunContext) -> None:
    """Keep the number of living tasks in a file."""
    while True:
        partial_file = file.with_suffix(".new")
        partial_file.write_text(str(trio.lowlevel.current_statistics().tasks_living), "ascii")
        partial_file.rename(file)
        await trio.sleep(1.0)


def main(config_file: str, admin: str, speed: str, tasks: str) -> int:
    """Run until a signal ends it; prints the last report as JSON."""
    output = Output(as_json=True)
    try:
        config = load(Path(config_file), schema())
        dependencies = RunDependencies(
            config=config,
            credentials=Credentials.named_in(config),
            clock=partial(clock_of, admin, float(speed)),
            services=(*SERVICES, partial(count_tasks, Path(tasks))),
        )
        return output.answer(Answer(run_until_signal(dependencies), ""))
    except Exception as error:  # noqa: BLE001 - as the command line does
        traceback.print_exc()
        return output.failure(in_words(error))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
