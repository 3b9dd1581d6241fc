"""`tipoff demo`: a whole simulated evening through the whole engine, then its report. No keys, no network.

Called by the command line. The evening is made from the seed, recorded like any other, and replayed through
the same actors that trade live; the recording is thrown away afterwards.
"""

import tempfile
from pathlib import Path

from daemon.config import load_or_template
from daemon.evening import record_evening
from daemon.output import Answer, progress
from daemon.replay import replay, run_name
from daemon.report import report_screen
from daemon.requests import DemoRequest
from daemon.trading import schema, trading_settings
from venues.recording import read_batches
from venues.simulator.settings import EveningSettings


def run_demo(request: DemoRequest) -> Answer:
    """Play the evening of `request.seed` and report what the strategies made of it."""
    settings = trading_settings(load_or_template(None, schema()), seed=request.seed)
    with tempfile.TemporaryDirectory(prefix="tipoff-demo-") as folder:
        recording = Path(folder) / "evening"
        progress(f"making an evening of {request.games} games from seed {request.seed}")
        lines = record_evening(EveningSettings(seed=request.seed, games=request.games), recording)
        progress(f"{lines} frames and bodies; trading it")
        replayed = replay(read_batches(recording), settings, run_name([recording], settings))
    return Answer(replayed.document, report_screen(replayed.document))
