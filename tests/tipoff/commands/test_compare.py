"""Two runs side by side: what differs in configuration, in decisions and in money, and nothing else.

Covers: tipoff.commands.compare, tipoff.runs.configuration, persistence.decisions.
"""

import re
from decimal import Decimal
from io import StringIO
from pathlib import Path

import attrs
import pytest
from rich.console import Console, Group

from persistence.decisions import Decision
from tests.tipoff.commands.stored_evenings import replayed, said
from tipoff.cli.app import main
from tipoff.commands.compare import differing
from tipoff.commands.decision_diff import Pair
from tipoff.config.load import template
from tipoff.config.render import render
from tipoff.exit_codes import Exit
from tipoff.runs.from_config import at_its_word, schema


def test_a_run_differs_in_nothing_from_itself(
    capsys: pytest.CaptureFixture[str], stored: str, names: list[str]
) -> None:
    code, found = said(capsys, "compare", names[0], names[0], "--db", stored)
    assert code == Exit.OK
    assert found["configuration"] == []
    assert found["games"]["only_a"] == found["games"]["only_b"] == []
    for kind in ("orders", "fills"):
        assert found["decisions"][kind]["differ"] == []
        for counts in found["decisions"][kind]["strategies"].values():
            assert counts["both"] > 0
            assert set(counts.values()) == {0, counts["both"]}
    for line in found["strategies"].values():
        assert Decimal(line["difference"]) == Decimal(line["a_game"]["low"]) == 0
        assert line["paired"] is True
    assert main(["compare", names[0], names[0], "--db", stored]) == Exit.OK
    shown = capsys.readouterr().out
    assert "no difference" in shown
    assert "1 games in both tell no difference from chance" in " ".join(shown.split())


def test_another_parameter_is_named_and_what_came_of_it(
    capsys: pytest.CaptureFixture[str], stored: str, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, found = said(capsys, "compare", names[0], names[2], "--db", stored)
    assert code == Exit.OK
    paths = {each["path"]: (each["a"], each["b"]) for each in found["configuration"]}
    assert paths["strategy.momentum.parameters.position_size"] == (10, 3)
    assert paths["strategy.sharp_line"] == ("sharp_line", None)
    orders, fills = (found["decisions"][kind]["strategies"] for kind in ("orders", "fills"))
    reports = [said(capsys, "report", "--db", stored, "--run", name)[1]["strategies"] for name in names[::2]]
    for counts, key in ((orders, "orders"), (fills, "fills")):
        mine = counts["momentum"]
        assert mine["both"] + mine["only_a"] == reports[0]["momentum"][key]
        assert mine["both"] + mine["only_b"] == reports[1]["momentum"][key]
        assert counts["sharp_line"]["only_a"] == reports[0]["sharp_line"][key]
    assert orders["momentum"]["both"] > 0
    assert orders["momentum"]["counts_differ"] > 0
    money = found["strategies"]["momentum"]
    bases = [Decimal(each["momentum"]["pnl"]["base"]) for each in reports]
    assert [Decimal(money[side]["pnl"]["base"]) for side in ("a", "b")] == bases
    assert Decimal(money["difference"]) == bases[1] - bases[0] == Decimal(money["a_game"]["mean"])
    assert money["a_game"]["games"] == 1
    some = next(each for each in found["decisions"]["fills"]["differ"] if each["b"] is not None)
    assert said(capsys, "why", some["b"]["id"], "--db", stored, "--run", names[2])[0] == Exit.OK
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["compare", names[0], names[2], "--db", stored]) == Exit.OK
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert "more; --json has all" in shown


def test_keys_of_the_exchange_the_gate_and_the_engine_are_named(
    capsys: pytest.CaptureFixture[str], evenings: list[Path], tmp_path: Path
) -> None:
    other, url = tmp_path / "engine.toml", f"sqlite:///{tmp_path / 'two.db'}"
    text = render(at_its_word(template(schema())))
    for key, value in (("seed", 2), ("entry_ms", 170), ("orders_per_minute", 3)):
        text = re.sub(rf"(?m)^#? ?{key} = .*$", f"{key} = {value}", text)
    other.write_text(text)
    replayed(evenings[:1], url, "--only", "momentum")
    replayed(evenings[:1], url, "--only", "momentum", "--config", str(other))
    runs = [each["run"] for each in said(capsys, "runs", "--db", url)[1]["runs"]]
    compared = said(capsys, "compare", *runs, "--db", url)[1]["configuration"]
    found = {each["path"]: each["b"] for each in compared}
    assert found.pop("config_digest")
    assert found == {"engine.seed": 2, "exchange.entry_ms": 170, "risk.orders_per_minute": 3}


def test_sets_without_a_game_in_common_are_not_paired(
    capsys: pytest.CaptureFixture[str], stored: str, names: list[str]
) -> None:
    code, found = said(capsys, "compare", names[0], names[1], "--db", stored)
    assert code == Exit.OK
    assert found["games"]["both"] == []
    assert found["decisions"]["orders"] == {"strategies": {}, "differ": []}
    assert {line["paired"] for line in found["strategies"].values()} == {False}
    assert {line["b"] for line in found["by_game"] if line["game"] in found["games"]["only_a"]} == {None}


def test_sets_are_compared_game_by_game(
    capsys: pytest.CaptureFixture[str], stored: str, names: list[str]
) -> None:
    code, found = said(capsys, "compare", ",".join(names[:2]), names[2], "--db", stored)
    assert code == Exit.OK
    assert (len(found["a"]), len(found["b"])) == (2, 1)
    assert (len(found["games"]["both"]), len(found["games"]["only_a"])) == (1, 1)
    assert found["strategies"]["momentum"]["a_game"]["games"] == 1
    assert said(capsys, "compare", "all", "nope", "--db", stored)[0] == Exit.FAILED
    assert said(capsys, "compare", "all", "--db", stored)[0] == Exit.USAGE


@pytest.mark.parametrize("columns", [80, 120])
def test_an_id_stands_in_one_piece_on_a_screen_of_any_width(columns: int) -> None:
    long = f"operator:{'0123456789ab_' * 5}/1"
    mine = Decision(
        name="momentum-1",
        strategy="momentum",
        game="g",
        ticker="T",
        side="bid",
        at=0,
        price=4_200,
        count=1_000,
    )
    theirs = attrs.evolve(mine, name=long, count=123_456)
    console = Console(width=columns, file=StringIO(), record=True)
    console.print(Group(*differing([Pair(mine, theirs), Pair(mine, None), Pair(mine, mine)])))
    assert [line.rstrip() for line in console.export_text().splitlines() if line.strip()] == [
        "decision                                                 at UTC    count   price",
        "A: momentum-1                                          00:00:00    10.00  0.4200",
        f"B: {long}",
        "                                                       00:00:00  1234.56  0.4200",
        "A: momentum-1                                          00:00:00    10.00  0.4200",
        "B: none                                                00:00:00        -       -",
    ]
