"""The commands `run`, `simulate` and `dashboard`: what lives until it is ended.

Arguments in, requests out. Registered by `cli`. What they do is in `tipoff.commands.run`,
`tipoff.commands.simulate` and `tipoff.commands.dashboard`, imported when they are called.
"""

import sys
from typing import Annotated

import attrs
from cyclopts import Parameter

from tipoff.commands.options import (
    FIRST_EVENING,
    LIVE_DASHBOARD,
    DashboardRequest,
    RunRequest,
    SimulateRequest,
)
from tipoff.commands.switches import ConfigFile
from tipoff.output import Answer


def run(*, config: ConfigFile = None) -> Answer:
    """Run the daemon: find the evening's games, follow and trade them on paper, until SIGTERM or Ctrl-C.

    Without a key of Kalshi books are polled; without one of balldontlie there are no scores and no odds.
    """
    from tipoff.commands.run import run_daemon

    return run_daemon(RunRequest(config=config))


def simulate(
    *faults: Annotated[str, Parameter(name="FAULT=VALUE")], on: SimulateRequest = FIRST_EVENING
) -> Answer | None:
    """Serve the simulated Kalshi and balldontlie on loopback until Ctrl-C, and print where they are.

    Parameters
    ----------
    faults
        Fault switches to begin with, such as http_500=3 or freeze=true; all of them are also switched while
        it runs, by POST to the admin address.
    """
    from tipoff.commands.simulate import run_simulate
    from tipoff.commands.simulated_recording import record_evenings

    if on.record is not None:
        return record_evenings(on, on.record)
    run_simulate(attrs.evolve(on, faults=faults), as_json="--json" in sys.argv)
    return None


def dashboard(*, on: DashboardRequest = LIVE_DASHBOARD) -> Answer | None:
    """Show the evening in a browser, live or looking back.

    Where the daemon serves its dashboard already, this prints the address with its token. Else the page is
    served from here until Ctrl-C: of a daemon that serves none, or with --db of a run that is stored.
    """
    from tipoff.commands.dashboard import run_dashboard

    return run_dashboard(on)
