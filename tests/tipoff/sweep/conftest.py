"""Small evenings as recordings, and the configuration of a sweep over them."""

from pathlib import Path

import attrs
import pytest

from tests.stories.plays import SMALL, lines_of
from tipoff import __version__
from tipoff.config.load import template
from tipoff.config.render import render
from tipoff.runs.from_config import at_its_word, schema
from tipoff.sweep.task import SweepSetup
from venues.recordings.recorder import Recorder


def recorded(folder: Path, seed: int) -> Path:
    """A small evening in a folder."""
    with Recorder(folder) as recorder:
        for line in lines_of(attrs.evolve(SMALL, seed=seed)):
            recorder.write(line.at, line.source, line.conn, line.what, line.body)
    return folder


@pytest.fixture(scope="session")
def evenings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small evenings."""
    folder = tmp_path_factory.mktemp("evenings")
    for seed in (3, 4):
        recorded(folder / f"evening-{seed}", seed)
    return folder


@pytest.fixture(scope="session")
def config_text() -> str:
    """What `tipoff init` would write, with every source taken at its word."""
    return render(at_its_word(template(schema())))


@pytest.fixture
def setup(config_text: str) -> SweepSetup:
    """A sweep of momentum."""
    return SweepSetup(config=config_text, strategy="momentum", seed=1, version=__version__)
