"""The commands `run` and `simulate`: what lives until it is ended.

Arguments in, requests out. Registered by `cli`. What they do is in `tipoff.commands.run` and
`tipoff.commands.simulate`, imported when they are called.
"""

import sys
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from tipoff.cli.arguments import ConfigFile, Flag, Seed, Whole
from tipoff.commands.options import EVENINGS_MAX, RunRequest, SimulateRequest
from tipoff.output import Answer

Port = Annotated[Whole, Parameter(validator=Number(gte=0, lte=65_535))]


def run(*, config: ConfigFile = None) -> Answer:
    """Run the daemon: find the evening's games, follow and trade them on paper, until SIGTERM or Ctrl-C.

    Without a key of Kalshi books are polled; without one of balldontlie there are no scores and no odds.
    """
    from tipoff.commands.run import run_daemon

    return run_daemon(RunRequest(config=config))


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class SimulateOptions:
    """What is simulated, and where it is served."""

    seed: Annotated[Seed, Parameter(help="Which evening; the same seed is the same evening.")] = 1
    games: Annotated[Whole, Parameter(validator=Number(gte=1, lte=15), help="How many games are played.")] = 3
    speed: Annotated[
        float, Parameter(validator=Number(gt=0, lte=100_000), help="Seconds of the evening in one of ours.")
    ] = 1.0
    port: Annotated[Port, Parameter(help="Port of Kalshi; 0 takes a free one.")] = 0
    balldontlie_port: Annotated[Port, Parameter(help="Port of balldontlie; 0 takes a free one.")] = 0
    today: Annotated[
        Flag, Parameter(help="Let the evening begin now by the machine's clock, for `tipoff run` beside it.")
    ] = False
    wall_clock: Annotated[
        Flag, Parameter(help="Judge signatures by the machine's clock, for clients that know no other.")
    ] = False
    surprises: Annotated[
        Flag, Parameter(help="Create a market late, change an event's fees, take a result back.")
    ] = False
    held: Annotated[Flag, Parameter(help="Let time stand still until a client has subscribed.")] = False
    recording: Annotated[
        Path | None, Parameter(name="--serve", help="Serve the frames of this recording instead.")
    ] = None
    keys: Annotated[Path | None, Parameter(help="Folder for the keys and an engine.toml that uses them.")] = (
        None
    )
    record: Annotated[
        Path | None,
        Parameter(
            help="Serve nothing: write recordings of whole evenings into this folder, for `tipoff replay`."
        ),
    ] = None
    evenings: Annotated[
        Whole,
        Parameter(
            validator=Number(gte=1, lte=EVENINGS_MAX), help="How many are recorded, a day and a seed apart."
        ),
    ] = 1


def simulate(
    *faults: Annotated[str, Parameter(name="FAULT=VALUE")], on: SimulateOptions = SimulateOptions()
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

    request = SimulateRequest(faults=faults, **attrs.asdict(on, recurse=False))
    if request.record is not None:
        return record_evenings(request, request.record)
    run_simulate(request, as_json="--json" in sys.argv)
    return None
