"""Which runs of a database are meant: all, those of a span of game days or of a configuration, or by name.

Used by the commands that take more than one run.
"""

from collections.abc import Sequence
from datetime import date

from engine.calendar import game_day
from engine.units import Nanos
from persistence.stored_runs import StoredRun
from tipoff.exit_codes import Exit
from tipoff.output import Failure

ALL = "all"
SPAN = ".."
CONFIGURATION = "config:"


def day_of(run: StoredRun) -> date | None:
    """The game day on which a run began; None for one that has said nothing yet."""
    return None if run.row.started_at is None else game_day(Nanos(run.row.started_at))


def day_typed(text: str) -> date:
    """A game day as it is typed. Raises Failure."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no game day: write it as 2026-01-14"
        raise Failure("usage", message, exit_code=Exit.USAGE) from None


def selected(runs: Sequence[StoredRun], text: str) -> list[StoredRun]:
    """The runs that a text means, each once, oldest first: `all`, `FROM..TO` in game days (either may be
    left out), `config:DIGEST` by the first characters of a configuration's digest, or names with commas.
    Raises Failure where there is none, or where a digest is that of several configurations.
    """
    if text == ALL:
        found = list(runs)
    elif text.startswith(CONFIGURATION):
        found = _configured(runs, text.removeprefix(CONFIGURATION))
    elif SPAN in text:
        found = _within(runs, text)
    else:
        found = _named(runs, [name.strip() for name in text.split(",") if name.strip()])
    if not found:
        raise Failure("not_found", f"there are no runs {text!r}; `tipoff runs` lists what there is")
    return found


def _within(runs: Sequence[StoredRun], text: str) -> list[StoredRun]:
    first, _, last = text.partition(SPAN)
    since = day_typed(first) if first else date.min
    until = day_typed(last) if last else date.max
    days = ((run, day_of(run)) for run in runs)
    return [run for run, day in days if day is not None and since <= day <= until]


def _configured(runs: Sequence[StoredRun], digest: str) -> list[StoredRun]:
    found = [run for run in runs if digest and (run.row.config_digest or "").startswith(digest)]
    kinds = sorted({str(run.row.config_digest) for run in found})
    if len(kinds) > 1:
        listed = ", ".join(kinds)
        raise Failure("ambiguous", f"{digest!r} begins the digests of several configurations: {listed}")
    return found


def _named(runs: Sequence[StoredRun], names: Sequence[str]) -> list[StoredRun]:
    missing = [name for name in names if name not in {run.row.run for run in runs}]
    if missing:
        listed = ", ".join(map(repr, missing))
        raise Failure("not_found", f"there is no run {listed}; `tipoff runs` lists what there is")
    return [run for run in runs if run.row.run in names]
