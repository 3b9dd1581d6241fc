"""The queries of `docs/first_look.md` are run as they stand, and both libraries answer alike."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.tipoff.commands.stored_evenings import recordings, replayed
from tipoff.cli.app import main
from tipoff.exit_codes import Exit

PAGE = Path(__file__).resolve().parents[2] / "docs" / "first_look.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KINDS = ("momentum", "sharp_line", "random_taker")
STRATEGY = '[[strategy]]\nname = "{0}"\nkind = "{0}"\n'
ANSWER = re.compile(r"^print\((\w+)\)$", re.MULTILINE)


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database of an evening under a tight limit, and what was exported of it."""
    folder = tmp_path_factory.mktemp("season")
    config = folder / "engine.toml"
    config.write_text("[risk]\norders_per_hour = 3\n" + "".join(map(STRATEGY.format, KINDS)), "utf-8")
    replayed(recordings(folder)[:1], f"sqlite:///{folder / 'season.db'}", "--config", str(config))
    assert main(["export", str(folder / "out"), "--db", f"sqlite:///{folder / 'season.db'}"]) == Exit.OK
    return folder


def answers(text: str) -> Iterator[tuple[str, str, list[tuple[Any, ...]]]]:
    """What each block asks with, what its answer is called, and the answer."""
    for block in BLOCK.findall(text):
        names: dict[str, Any] = {}
        exec(compile(block, str(PAGE), "exec"), names)
        (name,) = ANSWER.findall(block)
        found = names[name]
        library = "duckdb" if "duckdb" in names else "polars"
        yield library, name, found.fetchall() if library == "duckdb" else found.rows()


def test_both_libraries_answer_alike(
    season: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(season)
    found: dict[str, dict[str, list[tuple[Any, ...]]]] = {}
    for library, name, rows in answers(PAGE.read_text("utf-8")):
        found.setdefault(name, {})[library] = rows
    assert list(found) == ["money", "fees", "refused"]
    for name, both in found.items():
        assert both["duckdb"] == both["polars"], name
        assert both["duckdb"], name
    capsys.readouterr()
    assert main(["report", "--db", "sqlite:///season.db", "--json"]) == Exit.OK
    strategies = json.loads(capsys.readouterr().out)["strategies"]
    fees: dict[str, Decimal] = {}
    for strategy, _liquidity, _fills, _contracts, paid in found["fees"]["duckdb"]:
        fees[strategy] = fees.get(strategy, Decimal(0)) + paid
    assert fees == {name: Decimal(row["fees"]) for name, row in strategies.items() if row["fills"]}
    denied = sum(sum(row["denied"].values()) for row in strategies.values())
    assert sum(wishes for *_, wishes in found["refused"]["polars"]) == denied
