"""What the commands that are asked most often may not import: each such library costs more than they do.

Covers: tipoff.__main__, tipoff.cli.where, tipoff.commands.switches, tipoff.config.places.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tipoff import __version__
from tipoff.exit_codes import Exit

OF_A_RUN = {
    *("alembic", "httpx", "msgspec", "numpy", "prometheus_client", "pykka", "sqlalchemy"),
    *("starlette", "structlog", "trio", "trio_websocket", "uvicorn"),
    *("actors", "persistence", "venues"),
    *("secrets", "tomllib", "tipoff.commands.options"),
    *("engine.book", "engine.events", "engine.facts", "engine.fees", "engine.orders", "engine.units"),
    *("tipoff.config.sections", "tipoff.explain", "tipoff.live", "tipoff.wiring"),
}
"""Libraries and rooms that only a run of the engine, or a look into its database, has a use for."""

OF_A_COMMAND_LINE = {"attrs", "cyclopts", "rich", "engine", "tipoff.cli"}

PROGRAM = """
import sys
sys.argv[1:] = {arguments!r}
from tipoff.__main__ import main
code = main()
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""


def imported(arguments: list[str], folder: Path) -> tuple[int, str, set[str]]:
    """The exit code of a command, what it says, and every module that it has imported."""
    command = [sys.executable, "-c", PROGRAM.format(arguments=arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"], ["games"], ["version"]])
def test_a_question_to_a_daemon_imports_nothing_of_a_run(arguments: list[str], tmp_path: Path) -> None:
    code, _, modules = imported(arguments, tmp_path)
    assert code in {Exit.OK, Exit.NOT_RUNNING_STATUS, Exit.NOT_RUNNING}
    assert modules & OF_A_RUN == set()


def test_a_configuration_is_written_without_a_client_or_a_database(tmp_path: Path) -> None:
    code, _, modules = imported(["init", "--out", str(tmp_path / "engine.toml")], tmp_path)
    assert code == Exit.OK
    assert modules & {"alembic", "httpx", "numpy", "sqlalchemy", "starlette", "trio_websocket"} == set()


def test_the_version_is_told_before_there_is_a_command_line(tmp_path: Path) -> None:
    code, said, modules = imported(["--version"], tmp_path)
    assert (code, said) == (Exit.OK, f"{__version__}\n")
    assert modules & (OF_A_RUN | OF_A_COMMAND_LINE) == set()


def test_the_command_line_says_the_same_version(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tipoff", "--version", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == f"{__version__}\n"
