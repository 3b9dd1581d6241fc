"""How far the reading of a recording is, whether its manifest says how many lines there are or not."""

import shutil
from pathlib import Path

import pytest

from tipoff.commands import watched_reading
from tipoff.commands.watched_reading import read_watched
from tipoff.output import Work
from venues.errors import RecordingError
from venues.recordings import segments
from venues.recordings.recorder import Recorder


def recorded(folder: Path, lines: int, *, killed: bool = False) -> Path:
    recorder = Recorder(folder.with_name("whole") if killed else folder)
    for number in range(lines):
        # Bodies that compress to nothing would all come from the first bytes.
        recorder.write(number, "kalshi.ws", 1, "trade", f"{number * 2654435761 % 2**64:x}" * 4)
    if killed:
        recorder.flush()
        shutil.copytree(recorder.folder, folder)
    recorder.close()
    return folder


def shares(work: Work, *recordings: Path) -> list[tuple[int, int | None]]:
    """Lines done and in all, whenever a batch was asked for."""
    return [(work.done, work.total) for _ in read_watched(recordings, work, 100)]


def test_what_was_closed_says_how_many_lines_there_are(tmp_path: Path) -> None:
    work = Work("replaying", "lines")
    one, two = recorded(tmp_path / "one", 150), recorded(tmp_path / "two", 100)
    assert shares(work, one, two) == [(0, None), (100, 250), (200, 250)]
    assert (work.done, work.total) == (250, 250)


def test_what_was_cut_off_is_reckoned_from_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "READ_BYTES", 2_000)
    work = Work("replaying", "lines")
    found = shares(work, recorded(tmp_path / "cut", 1_000, killed=True))
    assert all(total is not None and 500 < total < 2_000 for _, total in found[2:])
    assert (work.done, work.total) == (1_000, 1_000)


def test_what_is_no_recording_is_refused_as_ever(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no manifest"):
        next(watched_reading.read_watched([tmp_path], Work("replaying")))
