"""A replay that is killed at any moment goes on by `--resume` and ends as if nothing had happened."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.stories.bad_histories import odd_books, odd_fees, standing_still
from venues.recordings.recorder import Line, Recorder

KILLS = int(os.environ.get("RESUME_KILLS", "5"))
"""Kills in a row on one database; `make soak` raises it to 200."""

SECONDS_MAX = 120
FIRST_SHARE, LAST_SHARE = 0.1, 0.7
"""Between these shares of an undisturbed process's time a process is killed, however fast the machine is:
from before the first commit to near the end."""


def recorded(lines: list[Line], folder: Path) -> Path:
    """Lines as a folder."""
    with Recorder(folder) as recorder:
        for line in lines:
            recorder.write(line.at, line.source, line.conn, line.what, line.body)
    return folder


@pytest.fixture(scope="module")
def recording(small_evening: list[Line], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small evening as a folder."""
    return recorded(small_evening, tmp_path_factory.mktemp("resuming") / "evening")


@pytest.fixture(scope="module")
def bad_recording(small_evening: list[Line], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with unknown fee terms, a venue that stands still, nulls, other names and nonsense."""
    quarter = len(small_evening) // 4
    lines = odd_books(
        standing_still(odd_fees(small_evening, 2 * quarter), quarter),
        quarter + 1,
    )
    return recorded(lines, tmp_path_factory.mktemp("resuming") / "bad")


def command(recording: Path, database: Path, *arguments: str) -> list[str]:
    """The command line of a replay into a database."""
    url = f"sqlite:///{database}"
    return [sys.executable, "-m", "tipoff", "replay", str(recording), "--db", url, "--json", *arguments]


def ended(recording: Path, database: Path, *arguments: str) -> dict[str, object]:
    """What an undisturbed process prints."""
    done = subprocess.run(
        command(recording, database, *arguments),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document: dict[str, object] = json.loads(done.stdout)
    return document


@pytest.mark.promise("process-killed-random-moments")
def test_killed_at_random_moments_it_resumes_and_ends_with_the_same_digest(
    recording: Path, tmp_path: Path
) -> None:
    killed_and_resumed(recording, tmp_path)


@pytest.mark.timeout(600)
@pytest.mark.promise("bad-histories-killed-are-repeatable")
def test_an_evening_at_its_worst_that_is_killed_at_random_moments_ends_with_the_same_digest(
    bad_recording: Path, tmp_path: Path
) -> None:
    killed_and_resumed(bad_recording, tmp_path)


def killed_and_resumed(recording: Path, tmp_path: Path) -> None:
    """Kill the process at random moments until it has been killed often enough; then let it end."""
    began = time.monotonic()
    undisturbed = ended(recording, tmp_path / "undisturbed.db")
    lasted = time.monotonic() - began
    database = tmp_path / "killed.db"
    draw = random.Random(20_261_122)
    killed = 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            command(recording, database, "--resume"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(lasted * draw.uniform(FIRST_SHARE, LAST_SHARE))
        process.kill()
        killed += process.wait(SECONDS_MAX) == -signal.SIGKILL
    assert killed > KILLS // 2
    resumed = ended(recording, database, "--resume")
    assert resumed["digest"] == undisturbed["digest"]
    assert resumed["strategies"] == undisturbed["strategies"]
    verified = subprocess.run(
        [sys.executable, "-m", "tipoff", "db", "verify", "--db", f"sqlite:///{database}", "--json"],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_run_that_is_there_already_is_not_written_twice(recording: Path, tmp_path: Path) -> None:
    database = tmp_path / "run.db"
    ended(recording, database)
    again = subprocess.run(command(recording, database), capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert json.loads(again.stdout)["error"]["code"] == "run_exists"


@pytest.mark.promise("another-configuration-resume-run")
def test_another_configuration_does_not_resume_a_run(recording: Path, tmp_path: Path) -> None:
    database = tmp_path / "run.db"
    first = ended(recording, database)
    second = ended(recording, database, "--resume", "--seed", "9")
    assert second["run"] != first["run"]
