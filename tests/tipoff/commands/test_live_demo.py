"""`tipoff demo --live`: the simulated evening with everything that a daemon has, to be looked at meanwhile.

Covers: tipoff.commands.live_demo, tipoff.commands.run.
"""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import attrs
import pytest

from engine.units import NANOS_PER_SECOND
from tipoff.commands import live_demo
from tipoff.commands.live_demo import PREGAME_MINUTES_MAX, evening_of, hints, run_live_demo
from tipoff.commands.options import DemoRequest
from tipoff.config.load import template
from tipoff.control.client import ControlClient, NotRunning
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Failure
from tipoff.process.context import RunDependencies
from tipoff.runs.from_config import schema

S_MAX = 120.0


@pytest.mark.parametrize("speed", [1.0, 10.0, 160.0, 5_000.0])
def test_the_first_game_begins_within_a_minute_of_ours(speed: float) -> None:
    evening = evening_of(DemoRequest(speed=speed, seed=1, games=1))
    wait_s = (evening.tip_at(0) - evening.starts_at) / NANOS_PER_SECOND / speed
    assert 0 < wait_s <= 60
    assert evening.tip_delay_minutes == (0, 0)
    assert evening.pregame_minutes <= PREGAME_MINUTES_MAX


def test_it_is_said_how_one_looks_at_it() -> None:
    usual = template(schema())
    config = attrs.evolve(usual, engine=attrs.evolve(usual.engine, state_directory=Path("/tmp/x")))
    request = DemoRequest(speed=10.0, seed=1, games=1)
    lines = hints(config, evening_of(request), request.speed)
    assert lines[0] == "the evening begins at 18:52 in New York, 10 of its seconds in one of ours"
    assert lines[1] == "the first game begins in 48 s"
    assert "tipoff top --socket /tmp/x/control.sock" in lines[2]


def test_an_evening_as_fast_as_possible_cannot_be_looked_at() -> None:
    with pytest.raises(Failure, match="above 0"):
        run_live_demo(DemoRequest(speed=0, seed=1, games=1))


def test_simulated_sources_are_taken_at_their_word_as_in_every_demo(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What the simulator makes of them needs no estimate, and nearly nothing would trade."""
    played: list[RunDependencies] = []

    def not_played(dependencies: RunDependencies, *_: object) -> dict[str, Json]:
        played.append(dependencies)
        raise Failure("enough", "not played")

    monkeypatch.setattr(live_demo, "run_until_signal", not_played)
    with pytest.raises(Failure, match="not played"):
        run_live_demo(DemoRequest(speed=10, seed=1, games=1))
    assert [each.config.trust.of for each in played] == ["stated"]
    assert '[trust] of = "stated"' in json.loads(capfd.readouterr().err)["event"]


def connected(path: Path) -> ControlClient:
    """The socket comes a little later than the engine."""
    while True:
        try:
            return ControlClient(path)
        except NotRunning:
            threading.Event().wait(0.05)


@pytest.mark.slow
@pytest.mark.timeout(2 * S_MAX)
@pytest.mark.parametrize("ended", ["by a signal", "by itself"])
def test_it_can_be_asked_while_it_plays_and_reports_when_it_ends(tmp_path: Path, ended: str) -> None:
    speed = "300" if ended == "by a signal" else "2500"
    words = ("demo", "--live", "--speed", speed, "--games", "1", "--keep", "kept")
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "tipoff", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    guard = threading.Timer(S_MAX, process.kill)
    guard.start()
    with process:
        assert process.stdout is not None
        said = ""
        while "ready: run" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        with connected(tmp_path / "kept" / "control.sock") as client:
            told = client.watch(topics=["games", "status"])
            games: dict[str, object] = {}
            while not games:
                notification = next(told)
                if notification["params"]["topic"] == "games":
                    games |= notification["params"]["rows"]
        if ended == "by a signal":
            process.send_signal(signal.SIGINT)
        said += process.stdout.read()
        code = process.wait(S_MAX)
    guard.cancel()
    assert code == Exit.OK, said
    assert len(games) == 1
    assert "Traceback" not in said
    assert "imbalance 0.000000" in said
    assert "simulated sources of opinion are taken at their word" in said
    assert ("the evening is over" in said) == (ended == "by itself")
