"""Every switch of every command is used once: it ends with a code of the contract, and by no fault of ours.

The list is read from the command line itself, so a new switch is tried, or this test says what it lacks.
Covers: tipoff.commands.replay, tipoff.commands.report, tipoff.commands.import_recording.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

import pytest
from cyclopts import App, Argument

from tipoff.cli.app import app, main
from tipoff.exit_codes import Exit

KEPT: Final = Path(__file__).parents[2] / "stories" / "former_build"
SERVERS: Final = frozenset({"dashboard", "run", "simulate"})
"""They live until they are ended; `test_servers_switches.py` uses their switches."""

OURS: Final = "a fault of tipoff"
ENDS: Final = frozenset(set(Exit) - {Exit.USAGE, Exit.INVARIANT_BROKEN, Exit.INTERRUPTED})

SWEPT: Final = (
    *("--set", "sharp_line.position_size=2,4", "--recordings", str(KEPT)),
    *("--config", str(KEPT / "engine.toml"), "--workers", "1"),
)
"""A sweep of two trials."""

FAR: Final = ("--cluster", "tcp://127.0.0.1:1")
SEALED: Final = (
    *("--cluster", "tls://127.0.0.1:1", "--tls-ca", "ca.pem"),
    *("--tls-cert", "cert.pem", "--tls-key", "key.pem"),
)
"""A cluster that does not answer, plain and encrypted."""

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "ticker": ("KXNBAGAME-26JAN14WASLAC-LAC",),
    "demo --live": ("--live", "--speed", "2500", "--games", "1"),
    "fees": ("10", "0.55"),
    "replay": (str(KEPT),),
    "calibrate": (str(KEPT),),
    **dict.fromkeys(("calibrate --db", "calibrate --runs"), ("--db", "sqlite:///kept.db")),
    # A day that is not over is refused before anybody is asked.
    "download": ("--from", "2100-01-01"),
    "import": ("--list",),
    "sweep": SWEPT,
    "sweep --trials": (*SWEPT, "--mode", "random"),
    "sweep --cluster": (*SWEPT[:-2], *FAR),
    "sweep resume --cluster": ("kept-sweep.db", *FAR),
    **dict.fromkeys((f"sweep --tls-{each}" for each in ("ca", "cert", "key")), (*SWEPT[:-2], *SEALED)),
    **dict.fromkeys(
        (f"sweep resume --tls-{each}" for each in ("ca", "cert", "key")), ("kept-sweep.db", *SEALED)
    ),
    **dict.fromkeys(("sweep resume", "sweep show", "sweep best"), ("kept-sweep.db",)),
    "new-strategy": ("patient",),
    "completion": ("bash",),
    "db backup": ("--out", "copy.db", "--db", "sqlite:///kept.db"),
    "db restore": ("--backup", "kept.db", "--db", "sqlite:///restored.db"),
    "orders cancel": ("--all",),
    "orders place": ("KXNBAGAME-26JAN14WASLAC-LAC", "bid", "10", "0.42", "--strategy", "momentum"),
    "resume": ("--reason", "tried"),
    "strategies set": ("momentum", "position_size=20"),
    **{f"db {name}": ("--db", "sqlite:///kept.db") for name in ("upgrade", "verify", "prune")},
    **dict.fromkeys(("report", "runs"), ("--db", "sqlite:///kept.db")),
    **{
        f"{name} {switch}": ("--db", "sqlite:///kept.db")
        for name in ("orders", "fills", "signals", "positions", "markets")
        for switch in ("--run", "--since", "--until")
    },
    "compare": ("all", "all", "--db", "sqlite:///kept.db"),
    "export": ("exported", "--db", "sqlite:///kept.db"),
    "export --recording": ("exported",),
    "report --mixed": ("--db", "sqlite:///kept.db", "--runs", "all"),
    "replay --resume": (str(KEPT), "--db", "sqlite:///switch.db"),
    "top": ("--json",),
    "demo": ("--speed", "0", "--games", "1"),
}
"""What a command, or one of its switches, cannot be called without."""

VALUES: Final[Mapping[str, str]] = {
    "--config": str(KEPT / "engine.toml"),
    "--socket": "nowhere.sock",
    "--timeout": "1",
    "--db": "sqlite:///switch.db",
    "--out": "out",
    "--html": "page.html",
    "--report": "page.html",
    "--keep": "kept",
    "--seed": "7",
    "--score-delay": "30",
    "--from": "2000-01-01",
    "--to": "2100-01-01",
    "--batch": "64",
    "--markets": "all",
    "--orders": str(KEPT / "manifest.json"),
    "--only": "momentum",
    "--set": "momentum.position_size=3",
    "--run": "none",
    "--games": "1",
    "--speed": "0",
    "--every": "1",
    "--regime": "centicent",
    "--date": "2025-12-25",
    "--type": "quadratic",
    "--multiplier": "1",
    "--member": "direct",
    "--kind": "replay",
    "--runs": "all",
    "--tables": "fills",
    "--recording": str(KEPT),
    "--since": "2026-01-01",
    "--until": "2027-01-01",
    "--store": "new.db",
    "--mode": "random",
    "--controls": "kept-sweep.db",
    "--objective": "closing",
    "--recordings-at": str(KEPT.parent),
    "--cluster": "tcp://127.0.0.1:1",
}
"""A sensible value of each switch that takes one."""

ALONE: Final = frozenset(
    {
        "calibrate",
        "compare",
        "completion",
        "config",
        "db",
        "demo",
        "export",
        "fees",
        "import",
        "init",
        "new-strategy",
        "replay",
        "report",
        "sweep",
    }
    | {"runs", "ticker", "version"}
)
"""They need no daemon, so each of their switches does its work."""

REFUSED: Final = frozenset(
    {("replay", "--orders"), ("replay", "--score-delay"), ("report", "--run"), ("export", "--run")}
    | {
        (*words, switch)
        for words in (("sweep",), ("sweep", "resume"))
        for switch in ("--cluster", "--tls-ca", "--tls-cert", "--tls-key")
    }
)
"""Except these, which are given a file without orders, scores that were polled, a run or a cluster that is
not there.
"""

NUMBERS: Final = (int, float)


Used: TypeAlias = tuple[tuple[str, ...], str, tuple[str, ...], tuple[str, ...]]
"""Words of a command, a switch with its value, and what else is needed."""


def leaves(parent: App, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    """Every command that does something, by its words."""
    below = [name for name in parent if not name.startswith("-")]
    if path and parent.default_command is not None:
        yield path, parent
    for name in below:
        yield from leaves(parent[name], (*path, name))


def switches() -> Iterator[Used]:
    """Every command alone, then with each of its switches."""
    for path, command in leaves(app):
        if path[0] in SERVERS:
            continue
        arguments = command.assemble_argument_collection()
        places = tuple(
            value_of(each)
            for each in arguments
            if not each.name.startswith("-") and (each.required or each.parameter.required)
        )
        needed = WORDS.get(" ".join(path), places)
        yield path, "", (), needed
        for each in arguments:
            if each.name.startswith("-") and each.show:
                flag = each.hint is bool or bool in getattr(each.hint, "__args__", ())
                value = () if flag else (value_of(each),)
                yield path, each.name, value, WORDS.get(" ".join((*path, each.name)), needed)


def value_of(argument: Argument) -> str:
    """A value that the switch can be given."""
    name, hint = argument.name, argument.hint
    choices = getattr(hint, "__args__", ())
    number = hint in NUMBERS or bool(set(NUMBERS) & set(choices))
    # A switch of this name may be a moment of one command and a number of another.
    if name in VALUES and (VALUES[name].isdecimal() or not number):
        return VALUES[name]
    if choices and isinstance(choices[0], str):
        return choices[0]
    return "1" if number else "x"


EVERY: Final = sorted(set(switches()))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a run."""
    file = tmp_path_factory.mktemp("kept") / "kept.db"
    assert main(["replay", str(KEPT), "--db", f"sqlite:///{file}"]) == Exit.OK
    assert main(["sweep", *SWEPT, "--store", str(file.with_name("kept-sweep.db"))]) == Exit.OK
    return file


@pytest.fixture
def folder(tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a copy of that database."""
    monkeypatch.chdir(tmp_path)
    for file in kept.parent.iterdir():
        shutil.copy2(file, tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("used", EVERY, ids=[" ".join((*path, switch)) for path, switch, *_ in EVERY])
def test_every_switch_of_every_command_does_its_work_or_says_why_not(
    used: Used, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, switch, value, needed = used
    given = [*path, *needed, *([switch, *value] if switch and switch not in needed else ())]
    for form in ((), ("--json",)):
        arguments = list(dict.fromkeys([*given, *form])) if "--json" in given else [*given, *form]
        monkeypatch.setattr("sys.argv", ["tipoff", *arguments])
        code = main(arguments)
        out, err = capfd.readouterr()
        assert code in ENDS, (arguments, code, out, err)
        if not form and path[0] in ALONE and (*path, switch) not in REFUSED:
            assert code == Exit.OK, (arguments, out, err)
        assert OURS not in out + err, (arguments, out, err)
        assert "Traceback" not in out + err
        if form and path[0] != "completion":
            json.loads(out)


def test_the_list_is_whole() -> None:
    assert {path[0] for path, *_ in EVERY} | SERVERS == {name for name in app if not name.startswith("-")}
