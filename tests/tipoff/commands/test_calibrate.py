"""`tipoff calibrate`: strategies speak over recordings, nobody trades, and the file it writes is believed."""

import json
from pathlib import Path

import pytest

from engine.trust import HORIZON, Source
from tipoff.cli.app import main
from tipoff.commands.calibrate import heard_of, run_calibrate
from tipoff.commands.options import CalibrateRequest
from tipoff.commands.simulated_recording import record_evening
from tipoff.config.load import template
from tipoff.exit_codes import Exit
from tipoff.output import Failure
from tipoff.runs.from_config import schema
from tipoff.runs.trust_file import read_trust
from venues.simulator.world.settings import EveningSettings


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evenings") / "one"
    record_evening(EveningSettings(seed=3, games=1), folder)
    return folder


@pytest.mark.slow
def test_every_source_that_spoke_is_estimated_and_the_file_says_so(evening: Path, tmp_path: Path) -> None:
    out = tmp_path / "trust.toml"
    answer = run_calibrate((evening.parent,), CalibrateRequest(out=out))
    document = json.loads(json.dumps(answer.document))
    spoke = set(document["trust"])
    assert {"consensus_pregame", "price_move"} <= spoke
    # One game, and the one that was called off, support nothing, however well prices followed.
    assert all(row["games"] <= 2 and row["believed"] == 0.0 for row in document["trust"].values())
    # From one game alone nothing bounds the slope, and JSON has no word for that but null.
    assert all((row["low"] is None) == (row["games"] == 1) for row in document["trust"].values())
    assert {row["recording"] for row in document["walk_forward"]} == {"one"}
    assert {source.value for source in read_trust(out)} == spoke
    with pytest.raises(Failure, match="--force"):
        run_calibrate((evening,), CalibrateRequest(out=out))


@pytest.mark.slow
def test_the_same_recording_gives_the_same_opinions(evening: Path) -> None:
    config = template(schema())
    first, again = (heard_of(evening, config, HORIZON) for _ in range(2))
    assert first == again
    assert first.day == "2026-11-20"
    assert Source.OWN not in {gap.source for gap in first.gaps}


def test_what_is_no_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="nowhere"):
        run_calibrate((tmp_path / "nowhere",), CalibrateRequest())


@pytest.mark.slow
def test_stored_runs_say_what_their_recordings_say(stored: str, evenings: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "trust.toml"
    document = json.loads(json.dumps(run_calibrate((), CalibrateRequest(db=stored, out=out)).document))
    assert document["trust"]
    assert set(document["trust"]) == {source.value for source in read_trust(out)}
    # The runs have what came near at least, so what was said is some of what a replay hears.
    config = template(schema())
    heard = {gap.source.value for folder in evenings for gap in heard_of(folder, config, HORIZON).gaps}
    assert set(document["trust"]) <= heard
    assert document["origin"].startswith("3 runs, ")
    one = run_calibrate((), CalibrateRequest(db=stored, runs=document["walk_forward"][0]["recording"]))
    assert json.loads(json.dumps(one.document))["origin"].startswith("1 runs, ")


def test_recordings_and_stored_runs_are_two_sources(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ((), ("somewhere", "--db", "sqlite:///nowhere.db")):
        assert main(["calibrate", *words]) == Exit.USAGE
        assert "one of the two" in capsys.readouterr().err


def test_a_run_that_is_not_there_is_named(stored: str) -> None:
    with pytest.raises(Failure, match="never"):
        run_calibrate((), CalibrateRequest(db=stored, runs="never"))
