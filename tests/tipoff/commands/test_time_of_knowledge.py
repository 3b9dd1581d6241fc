"""When imported rows could be known is said, can be asked otherwise, and is named where runs differ by it.

Covers: tipoff.replay.time_of_knowledge.
"""

from pathlib import Path

import pytest

from tests.tipoff.commands.stored_evenings import said
from tipoff.cli.app import main
from tipoff.exit_codes import Exit

TICKER = "KXNBAGAME-24OCT23PHXLAC-LAC"
START = 1_729_736_400
"""2024-10-24 02:20:00 UTC."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of a quarter in which the home team scores every forty seconds."""
    found = tmp_path_factory.mktemp("files")
    head = (
        "timestamp,game_id,home_team,away_team,quarter,time_remaining_quarter_seconds,score_home,score_away"
    )
    plays = [
        f"2024-10-24T02:{20 + second // 60:02}:{second % 60:02}Z,0022400071,LAC,PHX,1,{720 - second},"
        f"{score},0"
        for score, second in enumerate(range(0, 700, 40))
    ]
    (found / "states").write_text("\n".join([head, *plays, ""]))
    candles = [f"0022400071,{TICKER},{START + 60 * minute},{50 + minute},9" for minute in range(-5, 14)]
    (found / "candles").write_text("\n".join(["game,ticker,timestamp,close,volume", *candles, ""]))
    return found


def imported(capsys: pytest.CaptureFixture[str], folder: Path, out: Path, *delay: str) -> dict[str, str]:
    files = f"nba-states={folder / 'states'}", f"kalshi-candles={folder / 'candles'}"
    code, document = said(capsys, "import", *files, "--out", str(out), *delay)
    assert code == Exit.OK
    return {file["kind"]: file["known"] for file in document["files"]}


def test_an_import_tells_of_each_file_when_it_could_be_known(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    assert imported(capsys, folder, tmp_path / "a") == {
        "nba-states": "assumed: 10:20:40 s behind the scorer",
        "kalshi-candles": "assumed",
    }
    said_so = imported(capsys, folder, tmp_path / "b", "--score-delay", "30")
    assert said_so["nba-states"] == "delayed: 30 s behind the scorer"


@pytest.mark.promise("time-of-knowledge")
def test_another_delay_is_another_run_and_a_comparison_names_it(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    recording, db = tmp_path / "recording", f"sqlite:///{tmp_path / 'runs.db'}"
    imported(capsys, folder, recording, "--score-delay", "30")
    runs = {}
    for delay in ("as imported", "30", "60"):
        asked = () if delay == "as imported" else ("--score-delay", delay)
        code, runs[delay] = said(capsys, "replay", str(recording), "--db", db, "--verify", *asked)
        assert code == Exit.OK
    assert runs["as imported"]["digest"] == runs["30"]["digest"]
    assert len({run["run"] for run in runs.values()}) == 3
    code, found = said(capsys, "compare", runs["30"]["run"], runs["60"]["run"], "--db", db)
    assert [(each["path"], each["a"], each["b"]) for each in found["configuration"]] == [
        (
            "recording.known.nba-states",
            "delayed: 30 s behind the scorer",
            "delayed: 60 s behind the scorer",
        )
    ]
    code, report = said(capsys, "report", "--db", db, "--run", runs["60"]["run"])
    assert report["evidence"]["runs"][0]["known"] == {
        "kalshi-candles": "assumed",
        "nba-states": "delayed: 60 s behind the scorer",
    }
    # Nothing was traded; the entry of an account stands for any chain.
    code, why = said(capsys, "why", "open:momentum", "--db", db, "--run", runs["60"]["run"])
    assert why["moments"] == report["evidence"]["runs"][0]["known"]
    assert main(["why", "open:momentum", "--db", db, "--run", runs["60"]["run"]]) == Exit.OK
    assert "moments of nba-states: delayed: 60 s behind the scorer" in capsys.readouterr().out


def test_a_delay_for_what_was_polled_is_refused_and_so_is_one_that_is_none(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    recording = str(tmp_path / "recording")
    assert said(capsys, "import", f"kalshi-candles={folder / 'candles'}", "--out", recording)[0] == Exit.OK
    code, document = said(capsys, "replay", recording, "--score-delay", "30")
    assert code == Exit.FAILED
    assert "scorer's clock" in document["error"]["message"]
    out = str(tmp_path / "other")
    states = f"nba-states={folder / 'states'}"
    code, document = said(capsys, "import", states, "--out", out, "--score-delay", "soon")
    assert code == Exit.FAILED
    assert "no delay of scores" in document["error"]["message"]
