"""The commands `sweep`, `sweep resume`, `sweep show`, `sweep best`.

Arguments in, requests out. Registered by `cli`. What they do is in `tipoff.commands.sweep`, imported when the
command is called.
"""

from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from tipoff.commands.options import SweepObjective, SweepRequest, SweepWorkers
from tipoff.commands.switches import Whole
from tipoff.output import Answer

app = App(name="sweep", help="Search a strategy's parameters over recorded evenings, on all cores.")

NEW: Final = SweepRequest()
HERE: Final = SweepWorkers()

OtherObjective = Annotated[
    SweepObjective | None, Parameter(name="--objective", help="Rank by another one than the plan's.")
]


@app.default
def sweep(plan: Path | None = None, /, *, on: SweepRequest = NEW, where: SweepWorkers = HERE) -> Answer:
    """Search a strategy's parameters over recorded evenings, on all cores or on a cluster.

    Every trial trades alone, on an account of its own. What is played is kept in one file, and never played
    again; Ctrl-C or a kill costs what was under way, and `tipoff sweep resume` goes on.

    Parameters
    ----------
    plan
        A plan (TOML) of strategy, parameters, mode, trials, seed, objective; switches win over it.
    """
    from tipoff.commands.sweep import run_sweep

    return run_sweep(plan, on, where)


@app.command
def resume(file: Path, /, *, where: SweepWorkers = HERE) -> Answer:
    """Play what is missing of a sweep.

    Parameters
    ----------
    file
        File of the sweep.
    """
    from tipoff.commands.sweep import run_resume

    return run_resume(file, where)


@app.command
def show(
    file: Path,
    /,
    *,
    objective: OtherObjective = None,
    html: Annotated[Path | None, Parameter(help="Write it as one HTML file with charts too.")] = None,
    controls: Annotated[
        Path | None,
        Parameter(help="File of a sweep of a control over the same recordings, to draw luck from."),
    ] = None,
) -> Answer:
    """Show what came of a sweep so far, also while it is under way, and whether its best is more than luck.

    Parameters
    ----------
    file
        File of the sweep.
    """
    from tipoff.commands.sweep import run_show

    return run_show(file, objective, html, controls)


@app.command
def best(
    file: Path,
    /,
    *,
    objective: OtherObjective = None,
    trial: Annotated[Whole | None, Parameter(help="This one instead of the best.")] = None,
    out: Annotated[Path | None, Parameter(help="Write the whole configuration with it here.")] = None,
) -> Answer:
    """Show what the best trial changes of the configuration, to try it live.

    Parameters
    ----------
    file
        File of the sweep.
    """
    from tipoff.commands.sweep import run_best

    return run_best(file, objective, trial, out)
