"""A database with evenings that were replayed, for the tests of what is read back from it."""

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tipoff.cli.app import main
from tipoff.config.load import template
from tipoff.config.render import render
from tipoff.exit_codes import Exit
from tipoff.runs.from_config import at_its_word, schema
from venues.recordings.recorder import Recorder
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings

SEEDS = (1, 2)
LINES = 10_000
"""An evening that ends in the middle of its game: positions are open, and it is replayed in a few seconds."""


def recordings(folder: Path) -> list[Path]:
    """Two simulated evenings of one game each, with different games."""
    made = []
    for seed in SEEDS:
        made.append(folder / f"evening-{seed}")
        with Recorder(made[-1], made_by="test") as recorder:
            for line in islice(generate(EveningSettings(seed=seed, games=1)), LINES):
                recorder.write(line.at, line.source, line.conn, line.what, line.body)
    return made


def replayed(evenings: list[Path], url: str, *more: str) -> None:
    """Each evening replayed by itself into a database, with every source at its word."""
    stated = evenings[0].parent / "stated.toml"
    stated.write_text(render(at_its_word(template(schema()))), "utf-8")
    config = () if "--config" in more else ("--config", str(stated))
    for evening in evenings:
        assert main(["replay", str(evening), "--db", url, *config, *more]) == Exit.OK


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Exit code and document of a command."""
    capsys.readouterr()
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)
