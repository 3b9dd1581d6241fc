"""`tipoff calibrate`: strategies speak over recordings, nobody trades, and the file it writes is believed."""

import json
from pathlib import Path

import pytest

from engine.trust import HORIZON, Source
from tipoff.commands.calibrate import heard_of, run_calibrate
from tipoff.commands.options import CalibrateRequest
from tipoff.commands.simulated_recording import record_evening
from tipoff.config.load import template
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
    answer = run_calibrate(CalibrateRequest(recordings=(evening.parent,), out=out))
    document = json.loads(json.dumps(answer.document))
    spoke = set(document["trust"])
    assert {"consensus_pregame", "price_move"} <= spoke
    # One game, and the one that was called off, support nothing, however well prices followed.
    assert all(row["games"] <= 2 and row["believed"] == 0.0 for row in document["trust"].values())
    assert {row["recording"] for row in document["walk_forward"]} == {"one"}
    assert {source.value for source in read_trust(out)} == spoke
    with pytest.raises(Failure, match="--force"):
        run_calibrate(CalibrateRequest(recordings=(evening,), out=out))


@pytest.mark.slow
def test_the_same_recording_gives_the_same_opinions(evening: Path) -> None:
    config = template(schema())
    first, again = (heard_of(evening, config, HORIZON) for _ in range(2))
    assert first == again
    assert first.day == "2026-11-20"
    assert Source.OWN not in {gap.source for gap in first.gaps}


def test_what_is_no_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="nowhere"):
        run_calibrate(CalibrateRequest(recordings=(tmp_path / "nowhere",)))
