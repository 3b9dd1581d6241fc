"""Packages of other authors, installed for the time of a test.

Used by the tests of plug-ins; the fixture `install` is handed on by `conftest`.
"""

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tipoff.runs import plugins
from tipoff.sources import registry

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a package of another author for the time of a test: its module and its metadata."""
    folder = tmp_path / "site"
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(tmp_path)

    def put(package: str, module: str, text: str, *, group: str = plugins.GROUP, **points: str) -> None:
        info = folder / f"{package}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n", "utf-8")
        lines = "\n".join(f"{kind} = {place}" for kind, place in points.items())
        (info / "entry_points.txt").write_text(f"[{group}]\n{lines}\n", "utf-8")
        (folder / f"{module}.py").write_text(textwrap.dedent(text), "utf-8")
        _forget()

    yield put
    _forget()
    for name in [name for name in sys.modules if name.startswith("foreign_")]:
        del sys.modules[name]


def _forget() -> None:
    """Have what is installed looked for again."""
    plugins.installed.cache_clear()
    registry.installed.cache_clear()
