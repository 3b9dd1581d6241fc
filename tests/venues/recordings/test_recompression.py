"""A finished segment in fewer bytes: the same lines, one rename, and never what a crash cut off."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from backports import zstd

from venues.errors import RecordingError
from venues.recordings import recompression
from venues.recordings.recompression import FRESH, recompress, to_recompress
from venues.recordings.recorder import FLUSH_AFTER_NS, OWNER_ONLY, Recorder, read, segment_paths

LINES = 300


def recorded(folder: Path, *, segment_bytes: int = 1 << 30) -> Path:
    """An evening of a line a second, so that every line is flushed."""
    with Recorder(folder, segment_bytes=segment_bytes) as recorder:
        for number in range(LINES):
            recorder.write(number * FLUSH_AFTER_NS, "kalshi.ws", 1, "trade", f"some body {number} \ud800")
    return folder


def raw(path: Path) -> bytes:
    return zstd.decompress(path.read_bytes())


@pytest.mark.promise("recompressed-segments-hold-the-same")
def test_every_segment_holds_the_same_bytes_in_fewer_and_is_done_once(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "r", segment_bytes=10_000)
    paths, lines = segment_paths(folder), list(read(folder))
    before = [raw(path) for path in paths]
    sizes = [path.stat().st_size for path in paths]
    assert len(paths) > 2
    assert to_recompress(folder) == paths
    saved = [recompress(path) for path in paths]
    assert [path.stat().st_size + less for path, less in zip(paths, saved, strict=True)] == sizes
    assert sum(saved) > sum(sizes) / 2
    assert [raw(path) for path in paths] == before
    assert list(read(folder)) == lines
    assert {path.stat().st_mode & 0o777 for path in paths} == {OWNER_ONLY}
    assert to_recompress(folder) == []
    with Recorder(folder) as recorder:
        recorder.write(LINES * FLUSH_AFTER_NS, "kalshi.ws", 1, "trade", "gone on with")
    assert to_recompress(folder) == [segment_paths(folder)[-1]]


def test_a_segment_that_was_cut_off_stays_to_the_byte(tmp_path: Path) -> None:
    (path,) = segment_paths(recorded(tmp_path / "r"))
    path.write_bytes(path.read_bytes()[:-9])
    before = path.read_bytes()
    assert recompress(path) == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize("damaged", [b"", b"no frame at all, but text"])
def test_a_damaged_segment_is_told_with_its_name_and_stays(tmp_path: Path, damaged: bytes) -> None:
    folder = recorded(tmp_path / "r")
    (path,) = segment_paths(folder)
    path.write_bytes(damaged)
    with pytest.raises(RecordingError, match="segment-00000"):
        to_recompress(folder)
    assert path.read_bytes() == damaged


def test_what_does_not_hold_the_same_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = recorded(tmp_path / "r")
    (path,) = segment_paths(folder)
    before = path.read_bytes()
    other = zstd.compress(b"something else\n")
    monkeypatch.setattr(recompression, "_compress", lambda _path, fresh, _size: fresh.write_bytes(other))
    with pytest.raises(RecordingError, match="does not hold what"):
        recompress(path)
    assert path.read_bytes() == before
    assert not path.with_name(path.name + FRESH).exists()


@pytest.mark.promise("recompressed-segments-hold-the-same")
@pytest.mark.parametrize("call", range(1, 6))
def test_killed_at_any_step_the_old_or_the_new_segment_is_there(tmp_path: Path, call: int) -> None:
    """The process ends at its first, second, ... opening for writing, renaming or removing."""
    folder = recorded(tmp_path / "r")
    lines = list(read(folder))
    (path,) = segment_paths(folder)
    program = (
        "import os, pathlib, signal, sys\n"
        "from venues.recordings.recompression import recompress\n"
        "left = [int(sys.argv[2])]\n"
        "def watched(event, arguments):\n"
        "    fresh = event == 'open' and str(arguments[0]).endswith('.new')\n"
        "    if fresh or event in ('os.rename', 'os.remove'):\n"
        "        left[0] -= 1\n"
        "        if left[0] == 0:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.addaudithook(watched)\n"
        "recompress(pathlib.Path(sys.argv[1]))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path), str(call)], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert list(read(folder)) == lines
    for left in to_recompress(folder):
        recompress(left)
    assert list(read(folder)) == lines
    assert to_recompress(folder) == []
    assert not path.with_name(path.name + FRESH).exists()
