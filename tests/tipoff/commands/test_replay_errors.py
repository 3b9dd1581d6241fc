"""Bad recordings, imports and orders: one clear error each, with the place, and nothing half-written.

Covers: tipoff.cli.offline, tipoff.commands.import_recording, tipoff.commands.replay.
"""

import json
import shutil
from pathlib import Path

import pytest

from tipoff.cli.app import main
from tipoff.exit_codes import Exit
from venues.recordings.recorder import Recorder

AT = 1_795_217_400_000_000_000


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A recording of two lines that say little."""
    folder = tmp_path / "recording"
    with Recorder(folder) as recorder:
        recorder.write(AT, "kalshi.ws", 1, "connected", "")
        recorder.write(AT + 1, "kalshi.ws", 1, "lost", '{"reason":"test"}')
    return folder


def failure(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, error code and message of a command that must fail."""
    code = main([*map(str, arguments), "--json"])
    error = json.loads(capsys.readouterr().out)["error"]
    return code, error["code"], error["message"]


def segment(recording: Path) -> Path:
    """The only segment of a recording."""
    return next(recording.glob("segment-*"))


def test_a_missing_recording(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, word, message = failure(capsys, "replay", tmp_path / "nowhere")
    assert (code, word) == (Exit.FAILED, "recording")
    assert "nowhere: no such folder" in message


def test_a_file_where_a_folder_is_meant(capsys: pytest.CaptureFixture[str], recording: Path) -> None:
    _code, word, message = failure(capsys, "replay", segment(recording))
    assert word == "recording"
    assert "not a folder" in message


def test_a_segment_that_is_not_compressed(capsys: pytest.CaptureFixture[str], recording: Path) -> None:
    segment(recording).write_text('{"at":1}\n')
    _code, word, message = failure(capsys, "replay", recording)
    assert word == "recording"
    assert segment(recording).name in message


def test_half_a_line_in_the_middle_names_file_and_line(
    capsys: pytest.CaptureFixture[str], recording: Path
) -> None:
    from venues.recordings.segments import zstd

    segment(recording).write_bytes(zstd.compress(b'{"at":1,"seq":1,"sou\n{"at":2}\n'))
    _code, word, message = failure(capsys, "replay", recording)
    assert word == "recording"
    assert segment(recording).name in message
    assert "line 1" in message


def test_a_cut_off_segment_is_read_up_to_the_cut_and_said(
    capsys: pytest.CaptureFixture[str], recording: Path
) -> None:
    whole = segment(recording).read_bytes()
    segment(recording).write_bytes(whole[:-6])
    code = main(["replay", str(recording), "--json"])
    said = capsys.readouterr()
    assert "cut off" in said.err or "missing" in said.err
    assert code in (Exit.OK, Exit.FAILED)


def test_an_empty_recording(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with Recorder(tmp_path / "empty"):
        pass
    _code, word, message = failure(capsys, "replay", tmp_path / "empty")
    assert word == "recording"
    assert "empty" in message


def test_resuming_needs_a_database(capsys: pytest.CaptureFixture[str], recording: Path) -> None:
    code, word, _message = failure(capsys, "replay", recording, "--resume")
    assert (code, word) == (Exit.USAGE, "usage")


def test_a_database_of_somebody_else_is_refused(
    capsys: pytest.CaptureFixture[str], recording: Path, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign.db"
    foreign.write_bytes(b"not a database at all, but long enough to be read as one" * 20)
    code, word, message = failure(capsys, "replay", recording, "--db", f"sqlite:///{foreign}")
    assert code == Exit.FAILED
    assert word.startswith("storage")
    assert "foreign.db" in message


@pytest.mark.parametrize("size", ["0", "-1"])
def test_a_batch_is_one_or_more(capsys: pytest.CaptureFixture[str], recording: Path, size: str) -> None:
    code, word, _message = failure(capsys, "replay", recording, f"--batch={size}")
    assert (code, word) == (Exit.USAGE, "usage")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1"),
        ("[1]", "line 1"),
        ('{"at": "+1", "do": "place", "id": "a"}', "line 1"),
        ('{"at": "+1", "do": "dance", "id": "a"}', "dance"),
        ('{"at": "+1", "do": "cancel", "id": "a", "colour": "red"}', "colour"),
    ],
)
def test_bad_orders_name_the_line(
    capsys: pytest.CaptureFixture[str], recording: Path, tmp_path: Path, text: str, said: str
) -> None:
    orders = tmp_path / "orders.jsonl"
    orders.write_text(text + "\n")
    _code, word, message = failure(capsys, "replay", recording, "--orders", orders)
    assert word == "orders"
    assert said in message


def test_several_mistakes_in_the_configuration_are_told_at_once(
    capsys: pytest.CaptureFixture[str], recording: Path, tmp_path: Path
) -> None:
    config = tmp_path / "engine.toml"
    config.write_text('[engine]\nsead = 1\nseed = "one"\n\n[risk]\ncontracts_total = -1\n')
    code = main(["replay", str(recording), "--config", str(config), "--json"])
    error = json.loads(capsys.readouterr().out)["error"]
    assert code == Exit.CONFIG
    assert {problem["line"] for problem in error["details"]} == {2, 3, 6}


def test_importing_a_wrong_kind_leaves_nothing_behind(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    source = tmp_path / "frames.jsonl"
    source.write_text('{"received_ms": 1, "frame": {"type": "ticker"')
    out = tmp_path / "out"
    _code, word, message = failure(capsys, "import", f"kalshi-frames={source}", "--out", out)
    assert word == "import"
    assert "frames.jsonl" in message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames.jsonl"]
    _code, word, message = failure(capsys, "import", f"no-such-kind={source}", "--out", out)
    assert "no-such-kind" in message


def test_importing_over_something_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, recording: Path
) -> None:
    source = tmp_path / "frames.jsonl"
    source.write_text("")
    before = sorted(recording.iterdir())
    _code, word, _message = failure(capsys, "import", f"kalshi-frames={source}", "--out", recording)
    assert word == "import"
    assert sorted(recording.iterdir()) == before
    shutil.rmtree(recording)
