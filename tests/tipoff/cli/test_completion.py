"""Completion in the shells themselves: scripts that they read, and what they offer when Tab is pressed.

Covers: tipoff.cli.about.
"""

import os
import pty
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Literal

import pytest

from tipoff.cli.about import completion
from tipoff.cli.app import COMMANDS, main
from tipoff.exit_codes import Exit

SECONDS_MAX = 60.0
SHELLS: tuple[Literal["bash", "zsh", "fish"], ...] = ("bash", "zsh", "fish")
SYNTAX = {"bash": ("-n",), "zsh": ("-n",), "fish": ("--no-execute",)}


def found(shell: str) -> str:
    """The shell's program; without it the test is skipped."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"needs {shell}")
    return path


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file with the script for each shell; making them takes a while."""
    folder = tmp_path_factory.mktemp("completion")
    written: dict[str, Path] = {}
    for shell in SHELLS:
        document = completion(shell).document
        assert isinstance(document, dict)
        written[shell] = folder / f"tipoff.{shell}"
        written[shell].write_text(document["script"], "utf-8")
    return written


def run(*command: str) -> str:
    """What a command prints; it must not complain."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS_MAX)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def offered_by_bash(script: Path, words: tuple[str, ...]) -> set[str]:
    """What the function that bash calls offers for the last word."""
    asking = (
        f'source "{script}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tipoff; echo "${{COMPREPLY[@]}}"'
    )
    return set(run(found("bash"), "--norc", "-c", asking, "bash", "tipoff", *words).split())


def offered_by_fish(script: Path, words: tuple[str, ...]) -> set[str]:
    """What fish itself offers for the last word."""
    line = " ".join(("tipoff", *words))
    asking = f"source {script}; complete -C '{line}'"
    out = run(found("fish"), "--no-config", "-c", asking)
    return {each.partition("\t")[0] for each in out.splitlines()}


def typed(command: tuple[str, ...], setting: str, keys: str, wanted: tuple[str, ...]) -> None:
    """Type keys into an interactive shell until all that is wanted stands on its screen."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(command[0], command, {**os.environ, "TERM": "vt100", "HOME": "/nonexistent"})
    seen = b""
    deadline = time.monotonic() + SECONDS_MAX
    os.write(terminal, f"{setting}; echo set''up\r".encode())
    sent = False
    try:
        while not (sent and all(word.encode() in seen for word in wanted)):
            assert time.monotonic() < deadline, seen
            if select.select([terminal], [], [], 0.1)[0]:
                seen += os.read(terminal, 65_536)
            if not sent and b"setup\r\n" in seen:
                sent, seen = True, b""
                os.write(terminal, keys.encode())
    finally:
        os.close(terminal)
        os.kill(child, 9)
        os.waitpid(child, 0)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_read_by_its_shell_and_knows_every_command(scripts: dict[str, Path], shell: str) -> None:
    run(found(shell), *SYNTAX[shell], str(scripts[shell]))
    text = scripts[shell].read_text("utf-8")
    assert [name for name, *_ in COMMANDS if name not in text] == []


CASES = [
    (("st",), {"status", "strategies"}),
    (("strategies", ""), {"enable", "disable", "set"}),
    (("risk", "re"), {"reset"}),
    (("completion", ""), set(SHELLS)),
    (("loglevel", ""), {"debug", "info", "warning", "error"}),
    (("replay", "--markets", ""), {"nba", "all"}),
    (("status", "--so"), {"--socket"}),
]


@pytest.mark.parametrize(("words", "offered"), CASES)
@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_commands_options_and_choices_are_offered_and_nothing_else(
    scripts: dict[str, Path], shell: str, words: tuple[str, ...], offered: set[str]
) -> None:
    ask = offered_by_bash if shell == "bash" else offered_by_fish
    assert ask(scripts[shell], words) == offered


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_every_command_is_offered_at_first(scripts: dict[str, Path], shell: str) -> None:
    ask = offered_by_bash if shell == "bash" else offered_by_fish
    assert ask(scripts[shell], ("",)) >= {name for name, *_ in COMMANDS}


def test_tab_completes_in_an_interactive_bash(scripts: dict[str, Path]) -> None:
    command = (found("bash"), "--norc", "--noprofile", "-i")
    typed(command, f"source {scripts['bash']}", "tipoff st\t\t", ("status", "strategies"))
    typed(command, f"source {scripts['bash']}", "tipoff strat\tdis\t", ("tipoff strategies disable",))


@pytest.mark.parametrize("way", ["sourced", "in fpath"])
def test_tab_completes_in_an_interactive_zsh(scripts: dict[str, Path], tmp_path: Path, way: str) -> None:
    command = (found("zsh"), "-f", "-i")
    functions = tmp_path / "functions"
    functions.mkdir()
    shutil.copy(scripts["zsh"], functions / "_tipoff")
    begin = f"autoload -U compinit; compinit -u -d {tmp_path}/dump"
    setting = {
        "sourced": f"{begin}; source {scripts['zsh']}",
        "in fpath": f"fpath=({functions} $fpath); {begin}",
    }[way]
    typed(command, setting, "tipoff st\t", ("status", "strategies"))
    typed(command, setting, "tipoff fe\t", ("fees",))


def test_the_help_says_where_each_script_belongs(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "--help"]) == Exit.OK
    said = capfd.readouterr().out
    assert all(word in said for word in (".bashrc", ".zshrc", "completions/tipoff.fish"))
