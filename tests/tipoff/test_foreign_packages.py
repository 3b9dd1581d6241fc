"""A package of somebody else with one of our names is told in one sentence, before it can do harm.

Covers: tipoff.__main__.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tipoff.exit_codes import Exit
from tipoff.foreign_packages import PACKAGES, foreign_package

TICKER = "KXNBAGAME-26JAN14WASLAC-LAC"


def test_our_own_packages_are_ours() -> None:
    assert foreign_package() is None


def test_a_package_that_is_not_there_is_told() -> None:
    told = foreign_package(("no_such_package",))
    assert told is not None
    assert "'no_such_package' is missing beside" in told


@pytest.mark.parametrize("name", PACKAGES)
def test_a_start_beside_a_foreign_package_says_so_in_one_sentence(
    name: str, tmp_path: Path, root: Path
) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("raise SystemExit('foreign code ran')\n", "utf-8")
    ended = _tipoff(root, tmp_path)
    assert ended.returncode == Exit.CONFIG
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert f"another package answers to '{name}'" in ended.stderr
    assert str(tmp_path / name) in ended.stderr


def test_a_program_gets_the_sentence_as_a_document(tmp_path: Path, root: Path) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").touch()
    ended = _tipoff(root, tmp_path, "--json")
    assert (ended.returncode, ended.stderr) == (Exit.CONFIG, "")
    assert json.loads(ended.stdout)["error"]["code"] == "installation"


def test_a_folder_of_that_name_which_is_no_package_does_no_harm(tmp_path: Path, root: Path) -> None:
    (tmp_path / "engine").mkdir()
    assert _tipoff(root, tmp_path).returncode == Exit.OK


def _tipoff(root: Path, folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """`tipoff ticker` called in a folder, which is the first place where Python then looks."""
    command = [sys.executable, "-m", "tipoff", "ticker", TICKER, *options]
    return subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
