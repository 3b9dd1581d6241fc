"""Simulated evenings as recordings: what the demo, newcomers and the stories of the test suite replay.

Called by `tipoff demo`, by `tipoff simulate --record` and by tests. The evenings come from the simulated
venues, the folders are ordinary recordings.
"""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import attrs
from rich.console import Group
from rich.text import Text

from tipoff.commands.options import SimulateRequest
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, long_work, table
from venues.errors import RecordingError
from venues.recordings.recorder import Recorder
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings


def _nobody_counts(lines: int) -> None:
    """For callers who do not care how far it is."""


def record_evening(
    settings: EveningSettings, folder: Path, on_line: Callable[[int], None] = _nobody_counts
) -> int:
    """Write the whole evening of `settings` into `folder`; returns the number of lines.

    `on_line` hears how many lines there are so far. Raises RecordingError where the folder cannot be written.
    """
    lines = 0
    with Recorder(folder, made_by=f"simulated evening, seed {settings.seed}") as recorder:
        for output in generate(settings):
            recorder.write(output.at, output.source, output.conn, output.what, output.body)
            lines += 1
            on_line(lines)
    return lines


def record_evenings(request: SimulateRequest, folder: Path) -> Answer:
    """Record as many evenings as are asked for, a day and a seed apart. Raises Failure."""
    told: list[dict[str, Json]] = []
    settings = EveningSettings(
        seed=request.seed,
        games=request.games,
        surprises=request.surprises,
        edges=not request.no_edges,
    )
    for number in range(request.evenings):
        day = date.fromisoformat(settings.date) + timedelta(days=number)
        evening = attrs.evolve(settings, seed=request.seed + number, date=day.isoformat())
        place = folder / f"evening-{day}"
        if place.exists():
            raise Failure("exists", f"{place} is there already; name another folder, or remove it")
        try:
            with long_work(f"evening {number + 1} of {request.evenings}, {place}", "lines") as work:
                lines = record_evening(evening, place, work.reached)
        except RecordingError as error:
            raise Failure("recording", str(error)) from error
        told.append({"recording": str(place), "date": evening.date, "seed": evening.seed, "frames": lines})
    rows = [tuple(str(value) for value in each.values()) for each in told]
    hint = Text(f"`tipoff replay {folder}` replays them, evening by evening", "dim")
    return Answer({"evenings": told}, Group(table(("recording", "date", "seed", "frames"), rows), hint))
