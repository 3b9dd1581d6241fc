"""What the tests of stored runs share: two evenings, replayed once into a file that nobody changes."""

from pathlib import Path

import pytest

from tests.tipoff.commands.stored_evenings import recordings, replayed, said


@pytest.fixture(scope="session")
def evenings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Recordings of two evenings with different games."""
    return recordings(tmp_path_factory.mktemp("evenings"))


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory, evenings: list[Path]) -> str:
    """A database with both evenings under one configuration, and the first with another parameter."""
    url = f"sqlite:///{tmp_path_factory.mktemp('stored') / 'tipoff.db'}"
    replayed(evenings, url)
    replayed(evenings[:1], url, "--only", "momentum", "--set", "momentum.position_size=3")
    return url


@pytest.fixture
def names(capsys: pytest.CaptureFixture[str], stored: str) -> list[str]:
    """Two evenings under one configuration, and the first with momentum alone, and smaller."""
    return [line["run"] for line in said(capsys, "runs", "--db", stored)[1]["runs"]]


@pytest.fixture
def stated(tmp_path: Path, root: Path) -> Path:
    """The shipped configuration, taking simulated sources of opinion at their word: so something trades."""
    shipped = (root / "engine.toml").read_text("utf-8")
    assert shipped.count('of = "shipped"') == 1
    config = tmp_path / "stated.toml"
    config.write_text(shipped.replace('of = "shipped"', 'of = "stated"'), "utf-8")
    return config
