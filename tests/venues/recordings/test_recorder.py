"""Recordings: what was written comes back to the letter, whatever was cut off and however it is read.

Covers: venues.recordings.segments.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from venues.errors import RecordingError
from venues.recordings.recorder import (
    FLUSH_AFTER_NS,
    LINES_PER_FLUSH,
    Line,
    Recorder,
    read,
    read_batches,
    read_manifest,
    segment_paths,
)

TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


def write(folder: Path, bodies: list[str], *, step: int = 1, first: int = 0) -> Path:
    with Recorder(folder) as recorder:
        for index, body in enumerate(bodies):
            recorder.write(first + index * step, "kalshi.ws", 1, "trade", body)
    return folder


def bodies_of(folder: Path) -> list[str]:
    return [line.body for line in read(folder)]


def compressed(folder: Path, data: bytes) -> Path:
    """A recording whose only segment holds `data`."""
    write(folder, ["x"])
    segment_paths(folder)[0].write_bytes(zstd.compress(data))
    return folder


@settings(max_examples=30)
@given(bodies=st.lists(TEXTS, max_size=30), batch=st.sampled_from([None, 1, 2, 64]))
def test_every_text_comes_back_as_it_was_written_lone_surrogates_included(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[str], batch: int | None
) -> None:
    folder = write(tmp_path_factory.mktemp("recording") / "r", bodies)
    lines = list(read(folder, batch=batch))
    assert [line.body for line in lines] == bodies
    assert [line.seq for line in lines] == list(range(1, len(bodies) + 1))
    assert all((line.source, line.conn, line.what) == ("kalshi.ws", 1, "trade") for line in lines)


@pytest.mark.parametrize("batch", [1, 3, 64, 1_024, None])
def test_the_size_of_a_batch_never_changes_what_is_read(tmp_path: Path, batch: int | None) -> None:
    first = write(tmp_path / "a", [f"a{index}" for index in range(500)], step=3)
    second = write(tmp_path / "b", [f"b{index}" for index in range(500)], step=2)
    assert bodies_of(first) == [line.body for line in read(first, batch=batch)]
    merged = [line.body for line in read(first, second)]
    assert merged == [line.body for line in read(first, second, batch=batch)]
    sizes = [len(lines) for lines in read_batches(first, second, batch=batch)]
    assert sum(sizes) == 1_000
    assert batch is None or max(sizes) <= batch


def test_a_batch_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="1 or more"):
        list(read(write(tmp_path / "a", ["x"]), batch=0))


def test_several_recordings_are_merged_by_time_and_then_by_argument(tmp_path: Path) -> None:
    first = write(tmp_path / "a", ["a0", "a1", "a2"], step=10)
    second = write(tmp_path / "b", ["b0", "b1", "b2"], step=10)
    third = write(tmp_path / "c", ["c5"], first=5)
    assert [line.body for line in read(second, third, first)] == ["b0", "a0", "c5", "b1", "a1", "b2", "a2"]


def test_a_line_is_what_the_contract_promises(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", ['{"type":"trade"}'], first=7)
    row = json.loads(zstd.decompress(segment_paths(folder)[0].read_bytes()))
    assert row == {
        "at": 7,
        "seq": 1,
        "source": "kalshi.ws",
        "conn": 1,
        "what": "trade",
        "body": '{"type":"trade"}',
    }
    manifest = read_manifest(folder)
    assert (manifest.closed, manifest.lines, manifest.first_at, manifest.last_at) == (True, 1, 7, 7)


@pytest.mark.limit("engine.toml:recording.segment_megabytes_max")
def test_segments_rotate_and_read_as_one(tmp_path: Path) -> None:
    bodies = [f"{index:0100d}" for index in range(2_000)]
    with Recorder(tmp_path / "r", segment_bytes=50_000) as recorder:
        for index, body in enumerate(bodies):
            recorder.write(index, "kalshi.ws", 1, "trade", body)
    assert len(segment_paths(tmp_path / "r")) > 3
    assert bodies_of(tmp_path / "r") == bodies


def test_what_was_flushed_is_readable_while_the_recording_goes_on(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r")
    for index in range(LINES_PER_FLUSH):
        recorder.write(FLUSH_AFTER_NS // 2, "kalshi.ws", 1, "trade", str(index))
    recorder.write(FLUSH_AFTER_NS // 2, "kalshi.ws", 1, "trade", "not yet flushed")
    notes: list[str] = []
    assert len(list(read(tmp_path / "r", on_note=notes.append))) == LINES_PER_FLUSH
    assert len(notes) == 1
    assert "cut off" in notes[0]
    recorder.close()
    recorder.close()
    assert len(bodies_of(tmp_path / "r")) == LINES_PER_FLUSH + 1


@pytest.mark.parametrize("after_ns", [FLUSH_AFTER_NS, 10_000_000, 60_000_000_000])
def test_a_line_after_a_second_or_what_else_was_wanted_flushes_what_waited(
    tmp_path: Path, after_ns: int
) -> None:
    recorder = Recorder(tmp_path / "r", flush_after_ns=after_ns)
    recorder.write(after_ns - 1, "timer", 0, "tick", "")
    assert bodies_of(tmp_path / "r") == []
    recorder.write(after_ns, "timer", 0, "tick", "")
    assert bodies_of(tmp_path / "r") == ["", ""]
    recorder.close()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_last_segment_loses_only_its_tail_and_says_so(tmp_path: Path, share: float) -> None:
    bodies = [f"{index} {index * index}" for index in range(5_000)]
    folder = write(tmp_path / "r", bodies)
    segment = segment_paths(folder)[0]
    data = segment.read_bytes()
    segment.write_bytes(data[: int(len(data) * share)])
    notes: list[str] = []
    kept = [line.body for line in read(folder, on_note=notes.append)]
    assert kept == bodies[: len(kept)]
    assert len(kept) >= (share - 0.1) * len(bodies)
    assert any("cut off" in note for note in notes)
    assert any("missing at its end" in note for note in notes) or len(kept) == len(bodies)


def test_a_recorder_goes_on_after_a_crash_of_the_one_before(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r", made_by="first")
    for index in range(3):
        recorder.write(index, "timer", 0, "tick", str(index))
    recorder.flush()
    recorder.write(3, "timer", 0, "tick", "lost: never flushed")
    recorder._file.close()  # a crash: nothing more is written
    with Recorder(tmp_path / "r") as again:
        assert again.write(10, "timer", 0, "tick", "3") == 4
    notes: list[str] = []
    lines = list(read(tmp_path / "r", on_note=notes.append))
    assert [line.body for line in lines] == ["0", "1", "2", "3"]
    assert [line.seq for line in lines] == [1, 2, 3, 4]
    assert len(notes) == 1
    manifest = read_manifest(tmp_path / "r")
    assert (manifest.made_by, manifest.lines, manifest.first_at, manifest.last_at) == ("first", 4, 0, 10)


@pytest.mark.promise("recording-survives-death-writer")
def test_a_killed_process_leaves_everything_up_to_its_last_flush(tmp_path: Path, root: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from venues.recordings.recorder import Recorder\n"
        "recorder = Recorder(Path(sys.argv[1]))\n"
        "for index in range(1000): recorder.write(index, 'timer', 0, 'tick', str(index))\n"
        "print('flushed', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "r")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    assert child.stdout is not None
    assert child.stdin is not None
    child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert bodies_of(tmp_path / "r") == [str(index) for index in range(1_000)]


def test_missing_lines_in_the_middle_are_said(tmp_path: Path) -> None:
    with Recorder(tmp_path / "r", segment_bytes=1) as recorder:
        for index in range(LINES_PER_FLUSH * 3):
            recorder.write(1, "timer", 0, "tick", str(index))
    segment_paths(tmp_path / "r")[1].unlink()
    notes: list[str] = []
    assert len(list(read(tmp_path / "r", on_note=notes.append))) == LINES_PER_FLUSH * 2
    assert any(f"{LINES_PER_FLUSH + 1} to {LINES_PER_FLUSH * 2} are missing" in note for note in notes)


def test_a_folder_that_is_missing_or_no_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no such folder"):
        list(read(tmp_path / "absent"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordingError, match=r"no manifest\.json"):
        list(read(tmp_path / "empty"))
    (tmp_path / "file").write_text("{}")
    with pytest.raises(RecordingError, match="tipoff import"):
        list(read(tmp_path / "file"))


@pytest.mark.parametrize(
    "manifest, complaint",
    [
        ("{", "not the manifest"),
        ("[]", "not the manifest"),
        ('{"format":"other","version":1}', "format is 'other'"),
        ('{"format":"tipoff-recording","version":2}', "version is 2"),
    ],
)
def test_a_wrong_manifest_is_one_clear_error(tmp_path: Path, manifest: str, complaint: str) -> None:
    folder = write(tmp_path / "r", ["x"])
    (folder / "manifest.json").write_text(manifest)
    with pytest.raises(RecordingError, match=complaint):
        list(read(folder))


def test_a_segment_that_is_not_zstd_is_one_clear_error(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", ["x"])
    segment_paths(folder)[0].write_text('{"at":1}\n')
    with pytest.raises(RecordingError, match=r"segment-00000.*not a zstd file"):
        list(read(folder))


def test_a_flipped_byte_is_one_clear_error(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", [f"{index * 7919}" for index in range(3_000)])
    segment = segment_paths(folder)[0]
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0xFF
    segment.write_bytes(data)
    with pytest.raises(RecordingError, match=r"segment-00000\.jsonl\.zst"):
        list(read(folder))


GOOD = b'{"at":1,"seq":1,"source":"timer","conn":0,"what":"tick","body":""}\n'


@pytest.mark.parametrize(
    "data, complaint",
    [
        (GOOD + b'{"at":1,"seq":2,"sour', "line 2 is cut off"),
        (GOOD + b'{"at":1,"seq":2,"sour\n' + GOOD, "line 2 does not fit"),
        (GOOD + b'{"at":"1","seq":2}\n', "line 2 does not fit"),
        (GOOD + b"[]\n", "line 2 does not fit"),
        (GOOD + b"\xff\xfe\n", "line 2 does not fit"),
        (GOOD + b"[" * 100_000 + b"\n", "line 2 does not fit"),
        (GOOD + GOOD, "several recordings"),
    ],
)
def test_a_broken_line_in_the_middle_is_named_by_file_and_line(
    tmp_path: Path, data: bytes, complaint: str
) -> None:
    with pytest.raises(RecordingError, match=complaint) as caught:
        list(read(compressed(tmp_path / "r", data)))
    assert "segment-00000" in str(caught.value)


def test_a_recorder_refuses_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RecordingError):
        Recorder(tmp_path)


def test_a_line_is_a_plain_value() -> None:
    line = Line(1, 2, "timer", 0, "tick", "")
    assert line == Line(1, 2, "timer", 0, "tick", "")


@pytest.mark.limit("venues.recordings.segments:LINE_BYTES_MAX")
def test_a_line_at_the_limit_is_read_and_one_byte_more_is_refused_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def line(body: str) -> bytes:
        return json.dumps(
            {"at": 1, "seq": 1, "source": "kalshi.ws", "conn": 1, "what": "trade", "body": body}
        ).encode()

    monkeypatch.setattr("venues.recordings.segments.LINE_BYTES_MAX", len(line("x" * 100)))
    whole = compressed(tmp_path / "whole", line("x" * 100) + b"\n")
    assert bodies_of(whole) == ["x" * 100]
    longer = compressed(tmp_path / "longer", line("x" * 101) + b"\n")
    with pytest.raises(RecordingError, match=r"line 1 is longer than \d+ bytes"):
        bodies_of(longer)


@pytest.mark.promise("readable-by-owner-only")
def test_a_recording_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Recorder(tmp_path / "evening") as recorder:
            recorder.write(1, "kalshi.ws", 1, "trade", "{}")
    finally:
        os.umask(before)
    assert (tmp_path / "evening").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "evening" / "segment-00000.jsonl.zst").stat().st_mode & 0o777 == 0o600
