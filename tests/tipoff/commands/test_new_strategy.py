"""`tipoff new-strategy`: what it writes passes its own test, is tidy, and is taken by its entry point.

Covers: tipoff.commands.strategy_template.strategy.
"""

import json
import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from tipoff.cli.app import main
from tipoff.exit_codes import Exit
from tipoff.runs import plugins

KIND = "late_whistle2"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package as the command writes it."""
    folder = tmp_path_factory.mktemp("new") / "of" / "mine"
    assert main(("new-strategy", KIND, "--out", str(folder), "--json")) == Exit.OK
    return folder


def run(root: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python program in the new package's folder, with Tipoff installed."""
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        (sys.executable, "-m", *arguments),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_it_passes_its_own_test(root: Path, written: Path) -> None:
    done = run(root, written, "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout


@pytest.mark.parametrize("kind", ["x", KIND, "one_book2", "a_name_of_20_letters"])
def test_it_is_tidy_by_its_own_rules(root: Path, tmp_path: Path, kind: str) -> None:
    assert main(("new-strategy", kind, "--out", str(tmp_path / "new"))) == Exit.OK
    for arguments in (("check",), ("format", "--check")):
        done = run(root, tmp_path / "new", "ruff", *arguments, "--no-cache", ".")
        assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_of_the_template_is_left(written: Path) -> None:
    files = sorted(path.relative_to(written).as_posix() for path in written.rglob("*") if path.is_file())
    assert [name for name in files if "cache" not in name] == [
        "README.md",
        "pyproject.toml",
        "tests/test_strategy.py",
        f"tipoff_{KIND}/__init__.py",
        f"tipoff_{KIND}/strategy.py",
    ]
    for path in (written / name for name in files):
        text = path.read_text("utf-8")
        assert not any(word in text for word in ("strategy_template", "OneBook", "one-book")), path


def test_its_entry_point_is_taken(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tomllib.loads((written / "pyproject.toml").read_text("utf-8"))["project"]
    points = project["entry-points"][plugins.GROUP]
    monkeypatch.syspath_prepend(str(written))
    group = [metadata.EntryPoint(kind, place, plugins.GROUP) for kind, place in points.items()]
    found = plugins.kinds_of(group)
    assert (list(found.packages), found.broken) == ([KIND], {})
    assert found.strategies[KIND].__name__ == "LateWhistle2"
    parameters = found.strategies[KIND].parameters_class.parse({"threshold_percent": 5.0})
    assert parameters.plain()["threshold_percent"] == 5.0


def test_what_is_there_is_not_overwritten(written: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = (written / "README.md").read_bytes()
    assert main(("new-strategy", "other", "--out", str(written), "--json")) == Exit.FAILED
    assert json.loads(capfd.readouterr().out)["error"]["code"] == "exists"
    assert (written / "README.md").read_bytes() == before
    assert [path.name for path in written.parent.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Mine", Exit.USAGE),
        ("1st", Exit.USAGE),
        ("my-idea", Exit.USAGE),
        ("../mine", Exit.USAGE),
        ("mine_", Exit.USAGE),
        ("my__idea", Exit.USAGE),
        ("class", Exit.USAGE),
        ("", Exit.USAGE),
        ("a" * 21, Exit.USAGE),
        ("momentum", Exit.FAILED),
    ],
)
def test_bad_and_taken_names_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: Exit
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(("new-strategy", name)) == code
    assert list(tmp_path.iterdir()) == []
