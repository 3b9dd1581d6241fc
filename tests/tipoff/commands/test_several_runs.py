"""Several runs are added up to the digit, and what does not belong together is not added up unasked.

Covers: tipoff.commands.several_runs, tipoff.commands.stored_configuration, tipoff.commands.game_intervals,
tipoff.commands.sums.
"""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.tipoff.commands.stored_evenings import said
from tipoff.cli.app import main
from tipoff.commands.game_intervals import difference_a_game, document_of, mean_a_game
from tipoff.commands.stored_configuration import KEYS, Difference, differences, in_words
from tipoff.exit_codes import Exit
from tipoff.json_types import Json


@pytest.mark.promise("one-evidence-for-all")
def test_the_sums_are_those_of_the_reports(
    capsys: pytest.CaptureFixture[str], stored: str, names: list[str]
) -> None:
    reports = [said(capsys, "report", "--db", stored, "--run", name)[1] for name in names[:2]]
    code, document = said(capsys, "report", "--db", stored, "--runs", ",".join(names[:2]))
    assert code == Exit.OK
    assert (len(document["runs"]), document["games"], len(document["configurations"])) == (2, 2, 1)
    for name, row in document["strategies"].items():
        alone = [report["strategies"][name] for report in reports]
        for key in ("orders", "fills"):
            assert row[key] == sum(each[key] for each in alone), (name, key)
        for key in ("contracts", "fees"):
            assert Decimal(row[key]) == sum(Decimal(each[key]) for each in alone), (name, key)
        for reading in ("pessimistic", "base", "optimistic"):
            assert Decimal(row["pnl"][reading]) == sum(Decimal(each["pnl"][reading]) for each in alone)
        assert Decimal(row["pnl"]["low"]) <= Decimal(row["pnl"]["base"]) <= Decimal(row["pnl"]["high"])
        games = [each for each in document["by_game"] if name in each["strategies"]]
        money = [Decimal(each["strategies"][name]["pnl"]["base"]) for each in games]
        assert sum(money) == Decimal(row["pnl"]["base"])
        filled = [each for each in games if each["strategies"][name]["fills"]]
        assert row["games"] == row["a_game"]["games"] == len(filled)
        mean = sum(money) / len(filled)
        assert Decimal(row["a_game"]["mean"]) == pytest.approx(mean, abs=Decimal("1e-3"))
        low, high = Decimal(row["a_game"]["low"]), Decimal(row["a_game"]["high"])
        assert min(money) - 1 < low <= high < max(money) + 1
        # One code path: what several runs are told by is what a page and one run are told by.
        assert document["evidence"]["strategies"][name]["verdict"]["games"] == row["games"]
    total = sum(Decimal(row["pnl"]["base"]) for row in document["strategies"].values())
    assert Decimal(document["total"]["pnl"]["base"]) == total
    assert said(capsys, "report", "--db", stored, "--runs", ",".join(names[:2]))[1] == document


@pytest.mark.promise("one-evidence-for-all")
def test_one_run_has_the_evidence_of_a_set_of_one(
    capsys: pytest.CaptureFixture[str], stored: str, names: list[str], tmp_path: Path
) -> None:
    alone, among = tmp_path / "alone.html", tmp_path / "among.html"
    one = said(capsys, "report", "--db", stored, "--run", names[0], "--html", str(alone))[1]
    several = said(capsys, "report", "--db", stored, "--runs", names[0], "--html", str(among))[1]
    assert one["evidence"] == several["evidence"]
    assert one["digest"] == one["evidence"]["runs"][0]["digest"] == several["runs"][0]["digest"]
    bodies = [page.read_text("utf-8").partition("<section>")[2] for page in (alone, among)]
    assert bodies[0] == bodies[1] != ""
    assert main(["report", "--db", stored, "--run", names[0]]) == Exit.OK
    shown = capsys.readouterr().out
    assert main(["report", "--db", stored, "--runs", names[0]]) == Exit.OK
    told = capsys.readouterr().out
    for name, row in one["evidence"]["strategies"].items():
        sentence = f"{name}: {row['verdict']['sentence']}".split()
        assert " ".join(sentence) in " ".join(shown.split())
        assert " ".join(sentence) in " ".join(told.split())


@pytest.mark.promise("one-evidence-for-all")
def test_a_stored_run_has_the_digest_of_the_replay_that_stored_it(
    capsys: pytest.CaptureFixture[str], evenings: list[Path], stated: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'tipoff.db'}"
    replayed = said(capsys, "replay", str(evenings[0]), "--db", url, "--config", str(stated))[1]
    told = said(capsys, "report", "--db", url, "--runs", "all")[1]
    assert [run["digest"] for run in told["runs"]] == [replayed["digest"]]


def test_eighty_columns_hold_every_number(
    capsys: pytest.CaptureFixture[str],
    stored: str,
    names: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = tmp_path / "page.html"
    assert main(["report", "--db", stored, "--runs", ",".join(names[:2]), "--html", str(page)]) == Exit.OK
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "2 runs" in shown
    assert "2 runs" in page.read_text("utf-8")


def test_runs_of_different_configurations_are_added_up_only_when_told(
    capsys: pytest.CaptureFixture[str], stored: str, names: list[str]
) -> None:
    code, document = said(capsys, "report", "--db", stored, "--runs", "all")
    assert (code, document["error"]["code"]) == (Exit.FAILED, "mixed")
    told = "\n".join(document["error"]["details"])
    assert all(name in told for name in names)
    assert "strategy.momentum.parameters.position_size: 10 and 3" in told
    assert 'strategy.sharp_line: "sharp_line" and nothing' in told
    code, mixed = said(capsys, "report", "--db", stored, "--runs", "all", "--mixed")
    assert (code, len(mixed["runs"]), len(mixed["configurations"]), mixed["games"]) == (Exit.OK, 3, 2, 2)
    assert len(mixed["by_game"]) == 3


def test_a_game_counts_once_unless_told(
    capsys: pytest.CaptureFixture[str], evenings: list[Path], tmp_path: Path, stated: Path
) -> None:
    db = f"sqlite:///{tmp_path / 'twice.db'}"
    same = ("--config", str(stated), "--only", "momentum", "--db", db)
    assert main(["replay", str(evenings[0]), *same]) == Exit.OK
    # The same evening under another name: a copy that lacks its last lines.
    short = tmp_path / "short"
    short.mkdir()
    for file in evenings[0].iterdir():
        (short / file.name).write_bytes(file.read_bytes()[: -40_000 if file.suffix == ".zst" else None])
    assert main(["replay", str(short), *same]) == Exit.OK
    code, document = said(capsys, "report", "--db", db, "--runs", "all")
    assert (code, document["error"]["code"]) == (Exit.FAILED, "mixed")
    assert "would count twice" in document["error"]["message"]
    assert said(capsys, "report", "--db", db, "--runs", "all", "--mixed")[0] == Exit.OK


@pytest.mark.parametrize(
    "arguments", [("--runs", "all", "--run", "x"), ("--mixed",), ("--runs", "2026-13-01..")]
)
def test_what_cannot_be_meant_is_a_mistake_of_typing(
    capsys: pytest.CaptureFixture[str], stored: str, arguments: tuple[str, ...]
) -> None:
    assert said(capsys, "report", "--db", stored, *arguments)[0] == Exit.USAGE


def test_the_digests_are_named_where_the_journals_hold_no_difference() -> None:
    a: dict[str, Json] = {"config_digest": "a", "engine.seed": 1}
    b: dict[str, Json] = {"config_digest": "b", "engine.seed": 1}
    found = list(differences(a, b))
    assert found == [Difference("config_digest", "a", "b")]
    assert "[risk]" in in_words(found)[0]
    assert in_words(list(differences(a, a))) == []
    assert in_words(list(differences(a, {**b, "engine.seed": None}))) == ["engine.seed: 1 and nothing"]


def test_of_a_run_that_has_not_written_its_keys_down_they_are_not_told_apart() -> None:
    old: dict[str, Json] = {"config_digest": "a", "engine.seed": 1, KEYS: False, "risk.x of default": 1}
    new: dict[str, Json] = {"config_digest": "b", "engine.seed": 1, KEYS: True, "exchange.member": "direct"}
    told = ["risk.x of default: 1 and nothing"]
    assert in_words(list(differences(old, new))) == told
    other = {**new, "exchange.member": "broker"}
    assert in_words(list(differences(new, other))) == ['exchange.member: "direct" and "broker"']


def test_a_difference_is_paired_by_game_where_both_have_it() -> None:
    a = {"g1": 1_000_000, "g2": 2_000_000, "only a": 9_000_000}
    b = {"g1": 1_500_000, "g2": 2_500_000, "only b": -9_000_000}
    found, paired = difference_a_game(a, b, "x")
    assert paired
    assert found is not None
    assert (found.estimate, found.low, found.high, found.games) == (500_000, 500_000, 500_000, 2)
    apart, paired = difference_a_game({"g1": 1, "g2": 3}, {"g3": 12, "g4": 14}, "x")
    assert not paired
    assert apart is not None
    assert apart.estimate == 11
    assert apart.low < 11 < apart.high
    assert difference_a_game({}, {}, "x") == (None, False)
    assert document_of(mean_a_game({}, "x")) is None
