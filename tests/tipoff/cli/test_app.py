"""The command line: one document or a screen, an exit code that can be relied on, and never a traceback.

Covers: tipoff.cli.arguments, tipoff.cli.config, tipoff.cli.market, tipoff.commands.options,
tipoff.commands.report, tipoff.exit_codes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from persistence.errors import StorageError
from tipoff import __version__
from tipoff.cli.app import COMMANDS, in_words, main
from tipoff.exit_codes import Exit
from venues.errors import KeyUnusable, RecordingError

Result = tuple[int, str, str]


@pytest.fixture
def tipoff(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Tipoff":
    """The command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Tipoff(capfd)


class Tipoff:
    """Runs a command and keeps what it said."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def __call__(self, *arguments: str) -> Result:
        self._capfd.readouterr()
        code = main(arguments)
        said = self._capfd.readouterr()
        return int(code), said.out, said.err

    def document(self, *arguments: str) -> dict[str, object]:
        """The document of a command that succeeds."""
        code, out, err = self(*arguments, "--json")
        assert (code, err) == (0, "")
        read = json.loads(out)
        assert isinstance(read, dict)
        return read

    def error(self, *arguments: str) -> tuple[int, dict[str, object]]:
        """The exit code and the error document of a command that fails."""
        code, out, err = self(*arguments, "--json")
        read = json.loads(out)
        assert err == ""
        assert list(read) == ["error"]
        assert sorted(read["error"]) == ["code", "details", "message"]
        return code, read["error"]


def test_a_ticker_is_explained(tipoff: Tipoff) -> None:
    assert tipoff.document("ticker", "kxnbaspread-26mar09denokc-den4") == {
        "ticker": "KXNBASPREAD-26MAR09DENOKC-DEN4",
        "series": "KXNBASPREAD",
        "kind": "spread",
        "date": "2026-03-09",
        "away": "DEN",
        "home": "OKC",
        "team": "DEN",
        "strike": "3.5",
    }


def test_several_tickers_are_one_document(tipoff: Tipoff) -> None:
    _, out, _ = tipoff("ticker", "KXNBAGAME-26JAN14WASLAC-LAC", "nonsense", "--json")
    assert [entry["kind"] for entry in json.loads(out)] == ["game", "other"]


@pytest.mark.parametrize(
    ("arguments", "fee"),
    [
        (("1", "0.50"), "0.017500"),
        (("100", "0.05"), "0.332500"),
        (("20", "0.33"), "0.309600"),
        (("100", "0.50", "--maker", "--type", "quadratic_with_maker_fees"), "0.437500"),
        (("10", "0.42", "--regime", "cent"), "0.180000"),
        (("1", "0.52", "--multiplier", "0.5"), "0.008800"),
    ],
)
def test_fees_are_those_of_the_published_table(tipoff: Tipoff, arguments: tuple[str, ...], fee: str) -> None:
    document = tipoff.document("fees", *arguments, "--date", "2026-11-20")
    assert list(document) == ["fee", "trade_fee", "rounding", "formula", "regime", "regime_reason"]
    assert document["fee"] == fee


@pytest.mark.parametrize(
    ("arguments", "fee", "regime", "reason"),
    [
        (("--date", "2025-12-25"), "0.020000", "cent", "from the beginning until 2026-03-11"),
        (("--date", "2026-03-11"), "0.020000", "cent", "from the beginning until 2026-03-11"),
        (("--date", "2026-03-12"), "0.020000", "cent_aligned", "from 2026-03-12 until 2026-05-31"),
        (("--date", "2026-05-31"), "0.020000", "cent_aligned", "from 2026-03-12 until 2026-05-31"),
        (("--date", "2026-06-01"), "0.017500", "centicent", "from 2026-06-01 until 2026-08-31"),
        (("--date", "2026-09-01"), "0.017500", "microdollar", "from 2026-09-01"),
        (("--date", "2025-12-25", "--regime", "microdollar"), "0.017500", "microdollar", "--regime"),
    ],
)
def test_fees_of_a_date_say_which_rounding_was_in_force_and_why(
    tipoff: Tipoff, arguments: tuple[str, ...], fee: str, regime: str, reason: str
) -> None:
    document = tipoff.document("fees", "1", "0.50", *arguments)
    assert (document["fee"], document["regime"]) == (fee, regime)
    assert reason in str(document["regime_reason"])
    assert arguments[1] in str(document["regime_reason"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("nope",),
        ("fees", "1"),
        ("fees", "ten", "0.5"),
        ("fees", "1", "1.5"),
        ("fees", "1", "0.5", "--type", "flat"),
        ("fees", "1", "0.5", "--makr"),
        ("fees", "1", "0.5", "--date", "25-12-2025"),
        ("fees", "1", "0.5", "--multiplier", "x"),
        ("ticker",),
        ("completion", "tcsh"),
        ("replay",),
        ("replay", "recording", "--resume"),
        ("replay", "recording", "--batch", "0"),
        ("replay", "recording", "--markets", "mlb"),
        ("import", "kalshi-frames", "--out", "x"),
        ("import", "--out", "x"),
        ("demo", "--games", "0"),
        ("demo", "--seed", "-1"),
    ],
)
def test_a_command_that_is_not_understood_exits_2_with_one_sentence(
    tipoff: Tipoff, arguments: tuple[str, ...]
) -> None:
    code, error = tipoff.error(*arguments)
    assert (code, error["code"]) == (Exit.USAGE, "usage")
    code, out, err = tipoff(*arguments)
    assert (code, out) == (Exit.USAGE, "")
    assert err.startswith("tipoff: ")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("replay",), "`tipoff replay` needs RECORDING", "`tipoff replay --help`"),
        (("resume",), "`tipoff resume` needs --reason", "`tipoff resume --help`"),
        (("statsu",), 'Unknown command "statsu". Did you mean "status"?', "`tipoff --help`"),
        (("halt", "--reson", "x"), "Unknown option: --reson. Did you mean --reason?", "`tipoff halt --help`"),
        (("strategies", "enabel", "x"), "did you mean 'enable'?", "`tipoff strategies --help`"),
        (("halt", "a", "b"), "'b' is not understood after `tipoff halt`", "`tipoff halt --help`"),
        (("demo", "--speed", "fast"), 'unable to convert "fast" into a number', "`tipoff demo --help`"),
        (("demo", "--seed", "x"), "'x' is not a whole number", "`tipoff demo --help`"),
    ],
)
def test_what_was_not_understood_is_said_in_plain_words_and_where_help_is(
    tipoff: Tipoff, arguments: tuple[str, ...], message: str, hint: str
) -> None:
    code, error = tipoff.error(*arguments)
    assert code == Exit.USAGE
    assert message in str(error["message"])
    assert "Available commands" not in str(error["message"])
    assert hint in str(error["details"])


@pytest.mark.parametrize(
    "command", [("report",), ("db", "verify"), ("db", "prune"), ("why", "x", "--db", "sqlite:///n.db")]
)
def test_before_the_first_run_it_is_said_that_there_is_no_database(
    tipoff: Tipoff, command: tuple[str, ...]
) -> None:
    code, error = tipoff.error(*command)
    assert code == Exit.FAILED
    assert "the first run makes it" in str(error["message"])


def test_init_writes_a_configuration_that_is_fine_and_differs_in_nothing(tipoff: Tipoff) -> None:
    assert tipoff.document("init")["written"] == "engine.toml"
    assert tipoff.document("config", "check")["ok"] is True
    assert tipoff.document("config", "diff") == {"changes": []}
    # Whoever cloned the project has it already, and goes on.
    assert tipoff.document("init")["written"] is None


def test_init_leaves_a_changed_configuration_alone_and_says_how_to_see_it(
    tipoff: Tipoff, tmp_path: Path
) -> None:
    assert tipoff("init")[0] == Exit.OK
    with (tmp_path / "engine.toml").open("a", encoding="utf-8") as file:
        file.write("# mine\n")
    code, error = tipoff.error("init")
    assert (code, error["code"]) == (Exit.FAILED, "exists")
    assert "tipoff config diff" in str(error["message"])
    assert (tmp_path / "engine.toml").read_text("utf-8").endswith("# mine\n")
    assert tipoff("init", "--force")[0] == Exit.OK
    assert not (tmp_path / "engine.toml").read_text("utf-8").endswith("# mine\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("demo", "--games", "1.5"),
        ("demo", "--seed", "1.5"),
        ("simulate", "--games", "2.5"),
        ("simulate", "--port", "80.5"),
        ("replay", "x", "--seed", "0.5"),
        ("replay", "x", "--batch", "64.5"),
        ("fills", "--limit", "10.5"),
        ("demo", "--games", "3e0"),
        ("demo", "--games", "three"),
    ],
)
def test_a_fraction_is_no_whole_number(tipoff: Tipoff, arguments: tuple[str, ...]) -> None:
    code, error = tipoff.error(*arguments)
    assert code == Exit.USAGE
    assert f"{arguments[-1]!r} is not a whole number" in str(error["message"])


@pytest.mark.fault("F1")
def test_a_broken_configuration_exits_78_with_every_problem(tipoff: Tipoff) -> None:
    Path("engine.toml").write_text("[engine]\nsede = 1\nseed = 'x'\n")
    code, error = tipoff.error("config", "check")
    assert (code, error["code"], error["message"]) == (Exit.CONFIG, "config", "2 problems in engine.toml")
    code, out, err = tipoff("config", "show")
    assert (code, out) == (Exit.CONFIG, "")
    assert err.splitlines() == [
        "tipoff: 2 problems in engine.toml",
        "  engine.toml:2: engine.sede: unknown key; did you mean 'seed'?",
        '  engine.toml:3: engine.seed: expected a whole number, found the text "x"',
    ]


@pytest.mark.fault("F1")
def test_a_missing_configuration_exits_78(tipoff: Tipoff) -> None:
    code, error = tipoff.error("config", "check", "--config", "none.toml")
    assert (code, error["message"]) == (Exit.CONFIG, "one problem in none.toml")


@pytest.mark.fault("F1")
def test_a_key_that_others_can_read_is_refused_and_never_shown(tipoff: Tipoff) -> None:
    key = Path("key.pem")
    key.write_text("hunter2")
    key.chmod(0o644)
    Path("engine.toml").write_text("[kalshi]\nkey_id = 'my-key-id'\nprivate_key_file = './key.pem'\n")
    code, error = tipoff.error("config", "check")
    assert code == Exit.CONFIG
    assert "chmod 600" in str(error["details"])
    key.chmod(0o600)
    code, error = tipoff.error("config", "check")
    assert (code, "hunter2" in str(error)) == (Exit.CONFIG, False)
    made = ed25519.Ed25519PrivateKey.generate()
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    key.write_text(pem)
    assert tipoff("config", "check")[0] == Exit.OK
    for arguments in (
        ("config", "show"),
        ("config", "show", "--json"),
        ("config", "diff"),
        ("config", "check"),
    ):
        _, out, err = tipoff(*arguments)
        assert pem.splitlines()[1] not in out + err
        assert "my-key-id" not in out + err


def test_what_differs_is_shown_with_what_it_needs(tipoff: Tipoff) -> None:
    Path("engine.toml").write_text("[logging]\nlevel = 'debug'\n")
    changes = tipoff.document("config", "diff")["changes"]
    assert isinstance(changes, list)
    assert {"path": "logging.level", "before": "info", "after": "debug", "live": True} in changes


def test_a_fault_of_ours_is_a_sentence_too(tipoff: Tipoff, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("tipoff.cli.market.read_ticker", broken)
    code, error = tipoff.error("ticker", "A")
    assert (code, error["code"]) == (Exit.FAILED, "internal")
    assert error["message"] == "this is a fault of tipoff: ZeroDivisionError: by zero"


def test_a_broken_invariant_has_its_own_exit_code(tipoff: Tipoff, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.invariant import InvariantBroken

    def broken(_: str) -> None:
        raise InvariantBroken("the ledger is off by 1")

    monkeypatch.setattr("tipoff.cli.market.read_ticker", broken)
    assert tipoff.error("ticker", "A")[0] == Exit.INVARIANT_BROKEN


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (RecordingError("the file is gone"), "venue", Exit.FAILED),
        (KeyUnusable("the key is no key"), "venue", Exit.CONFIG),
        (StorageError("cannot be read", "tipoff.db", "restore a backup"), "storage", Exit.FAILED),
    ],
)
def test_errors_of_storage_and_venues_are_told_in_their_own_words(
    error: Exception, code: str, exit_code: Exit
) -> None:
    told = in_words(error)
    assert (told.code, str(told), told.exit) == (code, str(error), exit_code)


def test_the_version_is_that_of_the_package(tipoff: Tipoff, root: Path) -> None:
    assert tipoff.document("version")["tipoff"] == __version__
    assert f'version = "{__version__}"' in (root / "pyproject.toml").read_text("utf-8")


def test_every_command_can_be_loaded_and_says_what_it_is(tipoff: Tipoff) -> None:
    for name, *_ in COMMANDS:
        code, out, _ = tipoff(name, "--help")
        assert code == Exit.OK
        assert out.startswith(f"Usage: tipoff {name}")


def test_the_help_of_a_command_is_all_that_is_known_of_it(tipoff: Tipoff) -> None:
    shown = " ".join(tipoff("why", "--help")[1].split())
    assert "the chain from market message to ledger entry, in words and numbers." in shown
    assert "Also why an order did not fill, was refused, or a signal became no order." in shown
    listed = " ".join(tipoff("--help")[1].split())
    assert "Why an order, fill or signal happened, or did not." in listed or "Tell why" in listed


@pytest.mark.fault("F16")
@pytest.mark.parametrize("arguments", [["A"], ["A", "--json"], ["A"] * 4_000 + ["--json"], ["--help"]])
def test_a_reader_that_goes_away_leaves_the_exit_code_and_no_noise(root: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "tipoff", "ticker", *arguments]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(command, cwd=root, stdout=writing, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.fault("F16")
def test_a_narrow_terminal_loses_nothing(tipoff: Tipoff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    code, out, _ = tipoff("ticker", "KXNBAGAME-26JAN14WASLAC-LAC")
    assert code == Exit.OK
    assert "WASLAC" in "".join(out.split())


LONGEST = ("KXNBAPTS-26MAR09DENOKC-DENNJOKIC15-25", "KXNBASPREAD-26MAR09DENOKC-DEN14", "nonsense")


def test_the_table_of_tickers_fits_eighty_columns_with_each_in_one_piece(tipoff: Tipoff) -> None:
    _, out, _ = tipoff("ticker", *LONGEST)
    lines = out.splitlines()
    assert len(lines) == 1 + len(LONGEST)
    assert all(len(line) <= 80 for line in lines)
    assert [line.split()[0] for line in lines[1:]] == [text.upper() for text in LONGEST]
    assert "DEN@OKC" in lines[1]


def test_a_strategy_that_one_side_has_is_one_line_of_the_difference(tipoff: Tipoff) -> None:
    Path("engine.toml").write_text("[[strategy]]\nname = 'mine'\nkind = 'momentum'\n[engine]\nseed = 5\n")
    changes = tipoff.document("config", "diff")["changes"]
    assert isinstance(changes, list)
    assert len(changes) > 100
    _, out, _ = tipoff("config", "diff")
    lines = out.splitlines()
    assert len([line for line in lines if line.startswith("strategy.mine")]) == 1
    assert len([line for line in lines if line.startswith("strategy.momentum")]) == 1
    assert len([line for line in lines if line.startswith("engine.seed")]) == 1
    assert len(lines) < 20


def test_a_report_without_a_database_says_how_another_is_named(tipoff: Tipoff) -> None:
    _, error = tipoff.error("report")
    assert "--db sqlite:///" in str(error["message"])
