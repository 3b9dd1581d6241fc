"""A simulated evening as a recording: what the demo and the stories of the test suite replay.

Called by `tipoff demo` and by tests. The evening comes from `venues.simulator`, the folder is an ordinary
recording.
"""

from pathlib import Path

from venues.recordings.recorder import Recorder
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings


def record_evening(settings: EveningSettings, folder: Path) -> int:
    """Write the whole evening of `settings` into `folder`; returns the number of lines.

    Raises RecordingError where the folder cannot be written.
    """
    lines = 0
    with Recorder(folder, made_by=f"simulated evening, seed {settings.seed}") as recorder:
        for output in generate(settings):
            recorder.write(output.at, output.source, output.conn, output.what, output.body)
            lines += 1
    return lines
