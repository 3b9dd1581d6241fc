"""Recordings of runs go by age and by size, oldest first, whole or not at all, and never what is in use."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.units import NANOS_PER_DAY, Nanos
from tipoff.config.load import load
from tipoff.process.rollover import run_of
from tipoff.runs.from_config import schema
from tipoff.runs.recording_retention import (
    KEEP,
    OF_A_RUN,
    REMOVED,
    Reason,
    RecordingPolicy,
    clear,
    directory_of,
    overdue,
    policy_of,
    remove,
    stored_recordings,
)
from venues.recordings.recorder import MANIFEST, Recorder, read

NOW = Nanos(1_000 * NANOS_PER_DAY)
FOR_EVER = RecordingPolicy()


def recorded(directory: Path, run: str, last_at: int, *, lines: int = 1, closed: bool = True) -> Path:
    """The recording of a run whose last line came then."""
    folder = directory / run
    recorder = Recorder(folder)
    beginning = (folder / MANIFEST).read_bytes()
    for _ in range(lines):
        recorder.write(last_at, "kalshi.ws", 1, "trade", "x" * 1_000)
    recorder.close()
    if not closed:
        # As a kill leaves it.
        (folder / MANIFEST).write_bytes(beginning)
        for file in folder.iterdir():
            os.utime(file, ns=(last_at, last_at))
    return folder


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def gone(directory: Path, policy: RecordingPolicy, open_run: str | None = None) -> list[tuple[str, Reason]]:
    """What is overdue by name, in order."""
    found = overdue(stored_recordings(directory), NOW, policy, open_run)
    return [(each.folder.name, reason) for each, reason in found]


def day(number: int) -> str:
    return f"prod-2026-01-{number:02}"


@pytest.mark.limit("engine.toml:recording.keep_days")
@pytest.mark.promise("recordings-go-by-age-and-size")
def test_a_recording_goes_one_nanosecond_after_its_time_and_not_before(tmp_path: Path) -> None:
    limit = NOW - 30 * NANOS_PER_DAY
    for number, at in enumerate((limit - 1, limit, limit + 1, NOW), start=1):
        recorded(tmp_path, day(number), at)
    assert gone(tmp_path, RecordingPolicy(days=30)) == [(day(1), Reason.AGE)]
    assert gone(tmp_path, FOR_EVER) == []


@pytest.mark.limit("engine.toml:recording.gigabytes_max")
@pytest.mark.promise("recordings-go-by-age-and-size")
def test_the_oldest_go_until_the_rest_fits_to_the_byte(tmp_path: Path) -> None:
    sizes = [size_of(recorded(tmp_path, day(number), NOW + number, lines=number)) for number in range(1, 5)]
    total = sum(sizes)
    assert gone(tmp_path, RecordingPolicy(bytes_max=total)) == []
    assert gone(tmp_path, RecordingPolicy(bytes_max=total - 1)) == [(day(1), Reason.SIZE)]
    assert gone(tmp_path, RecordingPolicy(bytes_max=total - sizes[0])) == [(day(1), Reason.SIZE)]
    over = RecordingPolicy(bytes_max=total - sizes[0] - 1)
    assert gone(tmp_path, over) == [(day(1), Reason.SIZE), (day(2), Reason.SIZE)]


def test_what_went_by_age_makes_room(tmp_path: Path) -> None:
    sizes = [size_of(recorded(tmp_path, day(n), NOW - (50 - n) * NANOS_PER_DAY)) for n in (1, 2, 45)]
    both = RecordingPolicy(days=48, bytes_max=sum(sizes[1:]))
    assert gone(tmp_path, both) == [(day(1), Reason.AGE)]


@pytest.mark.promise("recordings-in-use-stay")
def test_the_newest_the_open_the_marked_and_the_one_without_an_end_stay(tmp_path: Path) -> None:
    nothing = RecordingPolicy(days=1, bytes_max=1)
    for number in range(1, 6):
        recorded(tmp_path, day(number), NOW - (20 - number) * NANOS_PER_DAY)
    (tmp_path / day(1) / KEEP).touch()
    left = [(day(number), Reason.AGE) for number in (2, 4)]
    assert gone(tmp_path, nothing, open_run=day(3)) == left
    for number, at in ((6, NOW - NANOS_PER_DAY - 1), (7, NOW - NANOS_PER_DAY), (8, NOW)):
        recorded(tmp_path, day(number), at, closed=False)
    left = [*left, (day(5), Reason.AGE), (day(6), Reason.AGE)]
    assert gone(tmp_path, nothing, open_run=day(3)) == left


@pytest.mark.promise("recordings-in-use-stay")
def test_what_the_daemon_did_not_record_here_is_never_touched(tmp_path: Path) -> None:
    directory, elsewhere = tmp_path / "recordings", tmp_path / "elsewhere"
    moved = recorded(elsewhere, day(1), 1)
    for name in ("import-2024", "prod-2026-01-02-copy", "evening-2026-01-02", "replay-prod-2026-01-02"):
        recorded(directory, name, 1)
    (directory / day(1)).symlink_to(moved)
    (directory / day(2)).mkdir()
    (directory / day(3)).write_text("a file", "utf-8")
    recorded(directory, day(4), NOW)
    assert [each.folder.name for each in stored_recordings(directory)] == [day(4)]
    assert stored_recordings(tmp_path / "none") == []


@pytest.mark.parametrize("environment", ["demo", "prod"])
def test_every_run_of_the_daemon_is_known_by_its_name(environment: str) -> None:
    assert OF_A_RUN.fullmatch(run_of(environment, NOW))


def test_the_configuration_says_how_long_and_how_much(tmp_path: Path) -> None:
    file = tmp_path / "engine.toml"
    file.write_text("", "utf-8")
    assert policy_of(load(file, schema())) == RecordingPolicy(days=400, bytes_max=None)
    file.write_text(
        '[engine]\nstate_directory = "s"\n'
        '[recording]\ndirectory = "r"\nkeep_days = 0\ngigabytes_max = 3\n', "utf-8"
    )  # fmt: skip
    config = load(file, schema())
    assert policy_of(config) == RecordingPolicy(days=None, bytes_max=3 * 2**30)
    assert directory_of(config).parts[-2:] == ("s", "r")


def test_removed_means_gone_and_what_is_gone_already_is_no_error(tmp_path: Path) -> None:
    folder, other = recorded(tmp_path, day(1), 1), recorded(tmp_path, day(2), 2)
    remove(folder)
    remove(folder)
    assert [each.name for each in tmp_path.iterdir()] == [other.name]


@pytest.mark.promise("recording-whole-or-gone")
@pytest.mark.parametrize("calls", range(1, 9))
def test_killed_at_any_step_a_recording_is_whole_or_gone(tmp_path: Path, calls: int) -> None:
    """The process ends at its first, second, ... call that changes the disk."""
    directory = tmp_path / "recordings"
    folder = recorded(directory, day(1), 1, lines=3)
    other = recorded(directory, day(2), 2)
    program = (
        "import os, pathlib, signal, sys\n"
        "from tipoff.runs.recording_retention import remove\n"
        "left = [int(sys.argv[2])]\n"
        "def watched(event, _arguments):\n"
        "    if event in ('os.mkdir', 'os.rename', 'os.remove', 'os.rmdir'):\n"
        "        left[0] -= 1\n"
        "        if left[0] == 0:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.addaudithook(watched)\n"
        "remove(pathlib.Path(sys.argv[1]))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(folder), str(calls)], check=False, timeout=60)
    changes = 2 + 2 + 2
    assert ended.returncode == (-signal.SIGKILL if calls <= changes else 0)
    if folder.exists():
        assert len(list(read(folder))) == 3
    else:
        assert [each.folder for each in stored_recordings(directory)] == [other]
    assert not (directory / REMOVED / MANIFEST).exists()
    clear(directory)
    assert not (directory / REMOVED).exists()
    remove(folder)
    assert [each.name for each in directory.iterdir()] == [other.name]
    assert len(list(read(other))) == 1


def test_two_that_remove_at_once_do_not_meet(tmp_path: Path) -> None:
    for number in range(1, 21):
        recorded(tmp_path, day(number), number)
    program = (
        "import pathlib, sys\n"
        "from tipoff.runs.recording_retention import remove, stored_recordings\n"
        "for each in stored_recordings(pathlib.Path(sys.argv[1])): remove(each.folder)\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(2)]
    assert [each.wait(60) for each in both] == [0, 0]
    assert list(tmp_path.iterdir()) == []


def test_the_clock_of_the_disk_counts_where_a_recording_has_no_end(tmp_path: Path) -> None:
    recorded(tmp_path, day(1), 5, closed=False)
    with Recorder(tmp_path / day(2)):
        first, second = stored_recordings(tmp_path)
    assert (first.last_at, first.closed) == (5, False)
    assert abs(second.last_at - time.time_ns()) < NANOS_PER_DAY
