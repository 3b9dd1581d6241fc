"""The wheel installs our five packages and nothing else, and the program runs from it without the repository.

Built with what is installed (no network) by way of the source archive, as a packager would.
"""

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from email import message_from_string
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dist(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the source archive and the wheel made from it."""
    folder = tmp_path_factory.mktemp("dist")
    _run((sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(root)), folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    """The one wheel."""
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel was installed, without its dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    _run((*pip, "--no-index", "--no-deps", "--target", str(folder), str(wheel)), folder)
    return folder


def test_the_wheel_installs_our_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"tipoff", "engine", "actors", "venues", "persistence"}
    assert [name for name in names if "__pycache__" in name or name.endswith(".pyc")] == []


def test_the_wheel_has_every_file_of_the_packages(wheel: Path, root: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = _run(("git", "ls-files", "tipoff", "engine", "actors", "venues", "persistence"), root)
    migrations = _run(("git", "ls-files", "migrations"), root)
    expected = {*tracked.split(), *(f"persistence/{name}" for name in migrations.split())}
    assert expected - names == set()
    assert {"persistence/migrations/env.py", "tipoff/control/schema.json", "tipoff/top/top.tcss"} <= names


def test_the_wheel_has_the_dashboards_page_where_it_is_built(wheel: Path, root: Path) -> None:
    built = {f"tipoff/dashboard/built/{file.name}" for file in (root / "tipoff/dashboard/built").glob("*")}
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if name.startswith("tipoff/dashboard/built/")} == built


def test_the_wheel_says_what_it_is_made_of_and_under_which_licences(wheel: Path, root: Path) -> None:
    opened = zipfile.ZipFile(wheel)
    (info,) = {name.split("/")[0] for name in opened.namelist() if ".dist-info/" in name}
    for name, file in (
        ("sboms/tipoff.cdx.json", "tipoff.cdx.json"),
        ("licenses/deploy/bill/third_party.txt",) * 2,
    ):
        assert opened.read(f"{info}/{name}") == (root / "deploy/bill" / Path(file).name).read_bytes()


def test_the_source_archive_has_what_its_tests_need(dist: Path) -> None:
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"pyproject.toml", "engine.toml", "Makefile", "tests/conftest.py", "docs/conf.py"} <= names
    assert not [name for name in names if name.startswith((".venv", "build/", ".git/"))]


def test_the_installed_program_starts_and_prepares_a_database(installed: Path, tmp_path: Path) -> None:
    """With the repository out of reach: its migrations are found inside `persistence`."""
    assert "tipoff" in _tipoff(installed, tmp_path, "version")
    _tipoff(installed, tmp_path, "init")
    _tipoff(installed, tmp_path, "db", "upgrade", "--db", "sqlite:///a.db")
    assert (tmp_path / "a.db").stat().st_size > 0
    where = "import persistence.schema_upgrade as schema; print(schema.MIGRATIONS)"
    found = _run((sys.executable, "-c", where), tmp_path, installed)
    assert found.strip() == str(installed / "persistence" / "migrations")


def test_the_wheel_says_which_pykka_it_can_run_with(wheel: Path) -> None:
    opened = zipfile.ZipFile(wheel)
    (name,) = (name for name in opened.namelist() if name.endswith(".dist-info/METADATA"))
    needed = message_from_string(opened.read(name).decode()).get_all("Requires-Dist") or []
    (pykka,) = (line for line in needed if line.startswith("pykka"))
    assert "<" in pykka


def _tipoff(installed: Path, folder: Path, *arguments: str) -> str:
    return _run((sys.executable, "-m", "tipoff", *arguments), folder, installed)


def _run(command: Sequence[str], folder: Path, path: Path | None = None) -> str:
    """What a program printed, called in a folder with nothing but `path` before what is installed."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(path or "")}
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=110
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
