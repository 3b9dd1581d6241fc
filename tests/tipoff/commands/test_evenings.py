"""A folder of recordings is replayed evening by evening, and a bad one costs itself only.

Covers: tipoff.commands.evenings, tipoff.commands.ids_for_why, tipoff.commands.sums.
"""

import json
import shutil
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tipoff.cli.app import main
from tipoff.commands.evenings import evenings_in
from tipoff.exit_codes import Exit
from tipoff.reports.frame import POLICY
from venues.recordings.recorder import Recorder

ONLY = ("--only", "momentum", "--only", "sharp_line")


@pytest.fixture
def season(tmp_path: Path, evenings: Sequence[Path]) -> Path:
    """A folder of two evenings and of three things that are none."""
    folder = tmp_path / "season"
    for evening in evenings:
        shutil.copytree(evening, folder / evening.name)
    (folder / "notes").mkdir()
    (folder / "readme.txt").write_text("not a recording")
    (folder / "broken").mkdir()
    (folder / "broken" / "manifest.json").write_text("{}")
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, Any, str]:
    """Exit code, document and progress of a command."""
    capsys.readouterr()
    code = main([*map(str, arguments), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out), err


def test_each_evening_is_a_run_of_its_own_and_a_bad_one_costs_itself_only(
    capsys: pytest.CaptureFixture[str], season: Path, tmp_path: Path, stated: Path
) -> None:
    db = f"sqlite:///{tmp_path / 'season.db'}"
    code, document, progress = said(capsys, "replay", season, "--db", db, "--config", stated, *ONLY)
    assert code == Exit.FAILED
    states = {Path(each["recording"]).name: each["state"] for each in document["evenings"]}
    assert states == {"broken": "failed", "evening-1": "replayed", "evening-2": "replayed"}
    assert document["failed"] == 1
    assert [line for line in progress.splitlines() if "broken" not in line] == []
    (failed,) = (each for each in document["evenings"] if each["error"])
    assert (failed["error"]["code"], failed["run"]) == ("recording", None)
    assert "broken" in failed["error"]["message"]
    runs = said(capsys, "runs", "--db", db)[1]["runs"]
    assert [line["run"] for line in runs] == [each["run"] for each in document["evenings"] if each["run"]]
    for line, each in zip(runs, (each for each in document["evenings"] if each["run"]), strict=True):
        assert line["digest"] == each["report"]["digest"]
        assert each["report"]["strategies"].keys() == {"momentum", "sharp_line"}
    total = sum(Decimal(each["pnl"]["base"]) for each in document["strategies"].values())
    assert total == sum(Decimal(line["pnl"]["base"]) for line in runs)
    again, resumed, _ = said(capsys, "replay", season, "--db", db, "--resume", "--config", stated, *ONLY)
    assert again == Exit.FAILED
    assert [each["state"] for each in resumed["evenings"]].count("stored") == 2
    assert resumed["strategies"] == document["strategies"]
    shutil.rmtree(season / "broken")
    code, refused, _ = said(capsys, "replay", season, "--db", db, "--config", stated, *ONLY)
    assert code == Exit.FAILED
    assert {each["error"]["code"] for each in refused["evenings"]} == {"run_exists"}
    assert main(["replay", str(season), "--db", db, "--resume", "--config", str(stated), *ONLY]) == Exit.OK
    assert "evening-1" in capsys.readouterr().out


def test_who_traded_nothing_is_told_of_a_stored_evening_as_of_one_just_replayed(
    capsys: pytest.CaptureFixture[str], season: Path, tmp_path: Path
) -> None:
    """As shipped no simulated source is believed."""
    shutil.rmtree(season / "broken")
    arguments = ("replay", str(season), "--db", f"sqlite:///{tmp_path / 'season.db'}", *ONLY)
    _, replayed, _ = said(capsys, *arguments)
    _, stored, _ = said(capsys, *arguments, "--resume")
    assert {each["state"] for each in stored["evenings"]} == {"stored"}
    assert stored["strategies"] == replayed["strategies"]
    assert {name: each["orders"] for name, each in stored["strategies"].items()} == {
        "momentum": 0,
        "sharp_line": 0,
    }


@pytest.mark.parametrize("kept", [True, False])
def test_a_folder_has_the_page_of_a_report_whether_or_not_it_is_kept(
    capsys: pytest.CaptureFixture[str], season: Path, tmp_path: Path, stated: Path, *, kept: bool
) -> None:
    shutil.rmtree(season / "broken")
    page, url = tmp_path / "page.html", f"sqlite:///{tmp_path / 'season.db'}"
    arguments = [
        "replay",
        season,
        "--report",
        page,
        "--config",
        stated,
        *ONLY,
        *(("--db", url) if kept else ()),
    ]
    code, document, _ = said(capsys, *arguments)
    assert code == Exit.OK
    text = page.read_text("utf-8")
    assert POLICY in text
    assert "2 evenings" in text
    assert "Forecasts against the price" in text
    assert document["evidence"]["games"] == 2
    assert len(document["evidence"]["runs"]) == 2
    if kept:
        again = said(capsys, "report", "--runs", "all", "--db", url)[1]
        assert again["evidence"] == document["evidence"]
    else:
        assert not [each for each in document["evenings"] if "ids" in each["report"]]


def test_several_recordings_that_are_named_are_one_evening(
    capsys: pytest.CaptureFixture[str], evenings: Sequence[Path], season: Path
) -> None:
    assert (
        evenings_in(evenings[0]) == evenings_in(season / "notes") == evenings_in(season / "readme.txt") == []
    )
    assert [path.name for path in evenings_in(season)] == ["broken", "evening-1", "evening-2"]
    code, document, _ = said(capsys, "replay", *evenings, "--only", "sharp_line")
    assert code == Exit.OK
    assert len(document["games"]) >= 2
    code, document, _ = said(capsys, "replay", evenings[0], season)
    assert (code, document["error"]["code"]) == (Exit.USAGE, "usage")


def test_a_folder_with_nothing_in_it_is_no_recording(
    capsys: pytest.CaptureFixture[str], season: Path
) -> None:
    code, document, _ = said(capsys, "replay", season / "notes")
    assert (code, document["error"]["code"]) == (Exit.FAILED, "recording")
    assert "manifest.json" in document["error"]["message"]


def test_what_is_wrong_with_all_of_them_is_said_once(
    capsys: pytest.CaptureFixture[str], season: Path
) -> None:
    code, document, _ = said(capsys, "replay", season, "--only", "nobody")
    assert (code, document["error"]["code"]) == (Exit.USAGE, "usage")


def test_after_a_replay_the_ids_that_why_takes_are_shown(
    capsys: pytest.CaptureFixture[str], evenings: Sequence[Path], tmp_path: Path
) -> None:
    db = f"sqlite:///{tmp_path / 'one.db'}"
    assert (
        main(["replay", str(evenings[0]), "--db", db, *ONLY, "--report", str(tmp_path / "r.html")]) == Exit.OK
    )
    shown = capsys.readouterr().out
    code, document, _ = said(capsys, "replay", evenings[0], "--db", db, "--resume", *ONLY)
    assert code == Exit.OK
    assert set(document["ids"]) == {"momentum", "sharp_line"}
    for kind, name in document["ids"]["momentum"].items():
        assert name in shown, kind
        code, found, _ = said(capsys, "why", name, "--db", db, "--run", document["run"])
        assert (code, found["id"]) == (Exit.OK, name)
    assert f"`tipoff why ID --db {db} --run {document['run']}`" in shown.replace("\n", " ")


def test_a_replay_that_is_kept_nowhere_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with Recorder(tmp_path / "tiny") as recorder:
        recorder.write(1_795_217_400_000_000_000, "kalshi.ws", 1, "connected", "")
    assert main(["replay", str(tmp_path / "tiny")]) == Exit.OK
    assert "with --db URL, `tipoff why ID` tells why" in capsys.readouterr().out.replace("\n", " ")
