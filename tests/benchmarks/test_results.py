"""The table of `make bench`: bars, verdicts, what is skipped, its twin in JSON, and the exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.results import Options, Result, finish, lines, read, skipped
from tests.tidy.source import ROOT


@pytest.mark.parametrize("middle, verdict", [(0.39, "pass"), (0.40, "pass"), (0.41, "MISS")])
def test_the_median_at_the_bar_is_kept_and_one_past_it_is_missed(middle: float, verdict: str) -> None:
    result = Result("share", (9.0, middle, 0.0), at_most=0.40)
    assert (result.middle, result.verdict, result.missed) == (middle, verdict, verdict == "MISS")


@pytest.mark.parametrize("middle, verdict", [(6.1, "pass"), (6.0, "pass"), (5.9, "MISS")])
def test_a_lead_below_its_bar_is_missed(middle: float, verdict: str) -> None:
    assert Result("lead", (middle,), at_least=6.0).verdict == verdict


def test_a_bar_of_nothing_is_a_bar() -> None:
    assert Result("wrong sums", (1.0,), at_most=0.0).missed
    assert not Result("wrong sums", (0.0,), at_most=0.0).missed


def test_what_has_no_bar_is_told_and_never_missed() -> None:
    result = Result("cost", (12.0, 14.0, 13.0))
    assert (result.verdict, result.missed, result.measured) == ("told", False, "13 (12-14, 3) x")


def test_a_table_names_what_was_skipped_and_the_command_that_mends_it() -> None:
    absent = [skipped(name, "the peer is not there", "make peers") for name in ("one", "two")]
    table = lines([Result("lead", (7.0,), at_least=6.0, note="by much"), *absent])
    assert table.splitlines() == [
        "lead  >= 6  7 x  pass     by much",
        "one         -    SKIPPED",
        "two         -    SKIPPED",
        "NOT MEASURED: the peer is not there; `make peers` mends it",
    ]


def test_a_missed_bar_fails_and_a_skipped_target_does_not() -> None:
    absent = skipped("one", "the peer is not there", "make peers")
    assert finish([absent], Options()) == 0
    assert finish([absent, Result("lead", (1.0,), at_least=6.0)], Options()) == 1


def test_results_come_back_from_their_json_as_they_were(tmp_path: Path) -> None:
    found = (Result("lead", (1.0, 2.5), "x", at_least=6.0, note="µs"), skipped("one", "absent", "make peers"))
    finish(found, Options(json=tmp_path / "found.json"))
    assert read(tmp_path / "found.json") == found


def test_every_module_with_results_is_in_the_table() -> None:
    sources = (ROOT / "benchmarks").glob("*.py")
    assert {path.stem for path in sources if "return finish(" in path.read_text("utf-8")} == set(BENCHMARKS)


def test_every_benchmark_of_the_table_can_be_run_alone_and_explains_itself() -> None:
    for name in BENCHMARKS:
        source = (ROOT / "benchmarks" / f"{name}.py").read_text("utf-8")
        assert f"python -m benchmarks.{name}`" in source
        assert "finish(" in source


@pytest.mark.slow
def test_a_run_of_one_benchmark_prints_its_table_and_writes_its_twin(tmp_path: Path) -> None:
    twin = tmp_path / "found.json"
    command = [sys.executable, "-m", "benchmarks", "exchange_database", "--quick", "--json", str(twin)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    document = json.loads(twin.read_text("utf-8"))
    (row,) = document["results"]
    missed = row["verdict"] == "MISS"
    assert (row["benchmark"], row["at_most"], done.returncode) == ("exchange_database", 3.0, int(missed))
    last = done.stdout.splitlines()[-1]
    assert last == f"{1 - missed} bars kept, {int(missed)} missed, 0 not measured"
