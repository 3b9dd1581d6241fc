"""What a database holds is listed with the sums of each run's own report.

Covers: tipoff.commands.runs, tipoff.commands.run_selection, tipoff.cli.stored, tipoff.runs.names,
persistence.stored_runs.
"""

import json
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import attrs
import pytest

from persistence.stored_runs import opened, stored_runs
from tipoff.cli.app import main
from tipoff.commands.run_selection import selected
from tipoff.exit_codes import Exit
from tipoff.output import Failure
from tipoff.runs.names import kind_of


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:  # noqa: ANN401 - any document
    """What a command prints with --json."""
    capsys.readouterr()
    assert main([*arguments, "--json"]) == Exit.OK
    return json.loads(capsys.readouterr().out)


def test_a_run_is_listed_with_the_sums_of_its_report(capsys: pytest.CaptureFixture[str], stored: str) -> None:
    listed = document(capsys, "runs", "--db", stored)["runs"]
    assert len(listed) == 3
    for line in listed:
        report = document(capsys, "report", "--db", stored, "--run", line["run"])
        strategies = report["strategies"].values()
        assert line["digest"] == report["digest"]
        assert line["orders"] == sum(each["orders"] for each in strategies)
        assert line["fills"] == sum(each["fills"] for each in strategies)
        assert Decimal(line["pnl"]["base"]) == sum(Decimal(each["pnl"]["base"]) for each in strategies)
        assert Decimal(line["fees"]) == sum(Decimal(each["fees"]) for each in strategies)
        assert line["kind"] == "replay"
        assert line["ended"] == report["ended"] == "end of recording"
        assert len(line["games"]) == 1
    assert len({line["config_digest"] for line in listed}) == 2
    assert listed[2]["strategies"] == ["momentum"]


def test_the_list_is_narrowed(capsys: pytest.CaptureFixture[str], stored: str) -> None:
    names = [line["run"] for line in document(capsys, "runs", "--db", stored)["runs"]]
    day = document(capsys, "runs", "--db", stored)["runs"][0]["game_day"]

    def found(*more: str) -> list[str]:
        return [line["run"] for line in document(capsys, "runs", "--db", stored, *more)["runs"]]

    assert found("--limit", "1") == names[-1:]
    assert found("--strategy", "sharp_line") == names[:2]
    assert found("--kind", "live") == []
    assert found("--kind", "replay", "--since", day, "--until", day) == names
    assert found("--since", "2099-01-01") == found("--until", "1999-01-01") == []


def test_eighty_columns_hold_whole_names_and_whole_money(
    capsys: pytest.CaptureFixture[str], stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = document(capsys, "runs", "--db", stored)["runs"]
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["runs", "--db", stored]) == Exit.OK
    shown = capsys.readouterr().out
    assert "…" not in shown
    for line in listed:
        assert f"{Decimal(line['pnl']['base']).quantize(Decimal('0.01'), ROUND_HALF_UP):,}" in shown
        assert line["run"] in shown
    assert main(["runs", "--db", stored, "--kind", "live"]) == Exit.OK
    assert "no runs" in capsys.readouterr().out


def test_a_run_that_is_not_there_is_answered_with_the_command_that_lists_them(
    capsys: pytest.CaptureFixture[str], stored: str
) -> None:
    assert main(["report", "--db", stored, "--run", "nope"]) == Exit.FAILED
    said = capsys.readouterr().err
    assert "there is no run 'nope'" in said
    assert "`tipoff runs`" in said


def test_a_day_that_is_none_is_a_mistake_of_typing(capsys: pytest.CaptureFixture[str], stored: str) -> None:
    assert main(["runs", "--db", stored, "--since", "yesterday"]) == Exit.USAGE
    assert "2026-01-14" in capsys.readouterr().err


def test_runs_are_chosen_by_day_or_by_name(stored: str) -> None:
    with opened(stored) as connection:
        runs = stored_runs(connection)
    names = [run.row.run for run in runs]
    day = date(2026, 11, 20).isoformat()

    def chosen(text: str) -> list[str]:
        return [run.row.run for run in selected(runs, text)]

    assert chosen("all") == chosen("..") == chosen(f"{day}..{day}") == chosen(f"{day}..") == names
    assert chosen(f"{names[2]}, {names[0]},{names[0]}") == [names[0], names[2]]
    digests = [str(run.row.config_digest) for run in runs]
    assert chosen(f"config:{digests[0][:8]}") == names[:2]
    assert chosen(f"config:{digests[2]}") == names[2:]
    alike = [
        attrs.evolve(run, row=attrs.evolve(run.row, config_digest=f"a{number}"))
        for number, run in enumerate(runs)
    ]
    with pytest.raises(Failure, match="several configurations: a0, a1, a2"):
        selected(alike, "config:a")
    for text in ("config:", "config:nope", f"{names[0]},nope", "2099-01-01..", "", "nope"):
        with pytest.raises(Failure, match="`tipoff runs` lists"):
            selected(runs, text)
    with pytest.raises(Failure, match="no game day"):
        selected(runs, "monday..tuesday")


def test_the_name_says_what_kind_of_run_it_is() -> None:
    assert [kind_of(name) for name in ("replay-0123456789ab", "prod-2026-01-14", "demo")] == [
        "replay",
        "live",
        "live",
    ]
