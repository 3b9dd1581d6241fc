"""Answers on the disk: whole or not at all, and as they were."""

from pathlib import Path

import pytest

from tipoff.download.stage import Answered, Stage, put_in_place, spilt
from venues.importers.entries import Entry


def test_an_answer_comes_back_as_it_was(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "day")
    answered = Answered("/markets?x=1", ('{"a" : 1}', "ü\n"), "NOT_THERE")
    assert stage.get(answered.target) is None
    stage.put(answered)
    assert Stage(tmp_path / "day").get(answered.target) == answered
    assert stage.get("/markets?x=2") is None


@pytest.mark.parametrize("cut", [0, 1, 20])
def test_an_answer_that_is_not_whole_is_none(tmp_path: Path, cut: int) -> None:
    stage = Stage(tmp_path)
    stage.put(Answered("/a", ("{}",)))
    (path,) = tmp_path.glob("*.answer")
    path.write_bytes(path.read_bytes()[:cut])
    assert stage.get("/a") is None


def test_what_a_kill_left_half_written_is_in_nobodys_way(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.put(Answered("/a", ("{}",)))
    (path,) = tmp_path.glob("*.answer")
    path.with_suffix(".new").write_bytes(b"half")
    stage.put(Answered("/a", ("{}", "{}")))
    assert stage.get("/a") == Answered("/a", ("{}", "{}"))


def test_a_text_that_is_no_unicode_is_kept_as_its_replacements(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.put(Answered("/a", ("\ud800",)))
    assert stage.get("/a") == Answered("/a", ("?",))


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "day")
    stage.put(Answered("/a", ("{}",)))
    stage.spill("game", [])
    assert (tmp_path / "day").stat().st_mode & 0o77 == 0
    assert {path.stat().st_mode & 0o77 for path in (tmp_path / "day").iterdir()} == {0}


def test_lines_put_aside_come_back_in_order(tmp_path: Path) -> None:
    entries = [Entry(3, "import", 0, "a", '{"x": "\n"}'), Entry(1, "balldontlie", 0, "b", "")]
    assert list(spilt(Stage(tmp_path).spill("game", entries))) == entries


def test_a_recording_takes_its_place_and_the_answers_go(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "day")
    stage.put(Answered("/a", ("{}",)))
    stage.recording.mkdir()
    (stage.recording / "manifest.json").write_text("{}")
    put_in_place(stage.recording, tmp_path / "place")
    stage.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


def test_a_recording_that_was_begun_is_cleared(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.clear_recording()
    stage.recording.mkdir()
    stage.clear_recording()
    assert not stage.recording.exists()
