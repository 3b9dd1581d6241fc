"""The report of stored runs: the same numbers as the run itself gave, and the evidence over several.

Covers: tipoff.reports.of_stored_runs, tipoff.reports.document.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from persistence.errors import StorageUnreachable
from persistence.queries import Reader
from tipoff.commands.demo import run_demo
from tipoff.commands.options import DemoRequest
from tipoff.reports.of_stored_runs import run_document, runs_document

SEED = 3


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, Any]]:
    """An evening of one game, its folder, and the document that the run itself printed."""
    folder = tmp_path_factory.mktemp("demo")
    answer = run_demo(DemoRequest(speed=0, seed=SEED, games=1, keep=folder))
    assert isinstance(answer.document, Mapping)
    return folder, answer.document


def reader(folder: Path) -> Reader:
    return Reader.open(f"sqlite:///{folder / 'tipoff.db'}")


def test_a_stored_run_says_what_the_run_itself_said(demo: tuple[Path, Mapping[str, Any]]) -> None:
    folder, told = demo
    with reader(folder) as found:
        stored: Mapping[str, Any] = run_document(found)
    assert stored["digest"] == told["digest"]
    assert stored["strategies"] == told["strategies"]
    assert stored["evidence"] == told["evidence"]


def test_the_evidence_adds_up_to_the_ledger(demo: tuple[Path, Mapping[str, Any]]) -> None:
    _folder, told = demo
    assert any(row["fills"] for row in told["strategies"].values())
    for name, row in told["strategies"].items():
        found = told["evidence"]["strategies"][name]
        for key in ("fees", "realized", "unrealized"):
            assert found[key] == row[key]
        assert found["pnl"]["base"] == row["pnl"]["base"]
        by_game = sum(float(band["base"]) for band in found["by_game"].values())
        assert by_game == pytest.approx(float(row["pnl"]["base"]), abs=1e-3)
        for parts in found["splits"].values():
            closed = sum(float(part["gain"]) for part in parts)
            assert closed == pytest.approx(float(row["realized"]), abs=1e-3)
        if found["curve"]:
            assert found["curve"][-1][2] == pytest.approx(float(row["pnl"]["base"]))


def test_fills_of_a_simulated_evening_find_their_prices_in_the_bars(
    demo: tuple[Path, Mapping[str, Any]],
) -> None:
    rows = demo[1]["evidence"]["strategies"].values()
    points = [point for row in rows for side in row["markouts"].values() for point in side]
    assert points
    seen, missing = sum(point["fills"] for point in points), sum(point["missing"] for point in points)
    assert missing < seen / 4


def test_one_run_told_twice_is_no_more_evidence(demo: tuple[Path, Mapping[str, Any]]) -> None:
    folder, told = demo
    run = told["run"]
    with reader(folder) as found:
        twice: Mapping[str, Any] = runs_document(found, [run, run])["evidence"]  # type: ignore[assignment]
    assert twice["games"] == told["evidence"]["games"]
    for name, row in told["evidence"]["strategies"].items():
        assert float(twice["strategies"][name]["pnl"]["base"]) == pytest.approx(2 * float(row["pnl"]["base"]))
        assert twice["strategies"][name]["verdict"]["games"] == row["verdict"]["games"]


def test_a_run_that_is_not_there_is_named(demo: tuple[Path, Mapping[str, Any]]) -> None:
    with reader(demo[0]) as found, pytest.raises(StorageUnreachable, match="no run 'nope'"):
        runs_document(found, ["nope"])
