"""The doctor finds credentials that are missing, unused or open to others, and never says what they hold."""

import os
from pathlib import Path

import attrs
import pytest

from tipoff.config.load import Config, template
from tipoff.doctor.credentials import credentials
from tipoff.runs.from_config import schema
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.findings import Finding

SECRET = "hunter2-4711"


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the service manager gives."""
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return folder


def configured(**files: str) -> Config:
    """A configuration that names files of balldontlie's key and of the dashboard's token."""
    config = template(schema())
    dashboard = attrs.evolve(config.dashboard, token_file=files.get("token", ""))
    balldontlie = attrs.evolve(config.section(BalldontlieSection), key_file=files.get("key", ""))
    return attrs.evolve(config, dashboard=dashboard).with_sources(balldontlie)


def found(config: Config) -> list[Finding]:
    findings = list(credentials(config))
    assert SECRET not in str(findings)
    assert all(bool(finding.fix) == (finding.state != "ok") for finding in findings)
    return findings


def give(folder: Path, name: str) -> Path:
    file = folder / name
    file.write_text(SECRET, "utf-8")
    file.chmod(0o600)
    return file


def test_nothing_named_and_nothing_given_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert found(configured()) == []


def test_what_is_given_and_named_is_in_order(directory: Path) -> None:
    give(directory, "balldontlie.key")
    (finding,) = found(configured(key="balldontlie.key"))
    assert (finding.state, finding.detail) == ("ok", "from the service manager: balldontlie.key")


def test_what_is_named_and_not_given_fails_and_what_is_given_and_not_named_is_a_warning(
    directory: Path,
) -> None:
    give(directory, "kalshi.pem")
    missing, unused = found(configured(key="balldontlie.key"))
    assert missing.state == "fail"
    assert "LoadCredential=balldontlie.key:FILE" in missing.fix
    assert (unused.state, unused.detail) == ("warn", "given and used by nobody: kalshi.pem")


def test_a_bare_name_without_a_service_manager_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    (finding,) = found(configured(key="balldontlie.key", token="dashboard.token"))
    assert finding.state == "warn"
    assert finding.detail.startswith("balldontlie.key, dashboard.token: looked for in this folder")


def test_a_directory_that_is_open_to_others_or_gone_fails(directory: Path) -> None:
    directory.chmod(0o750)
    (finding,) = found(configured())
    assert (finding.state, "mode 0750" in finding.detail) == ("fail", True)
    directory.rmdir()
    (finding,) = found(configured(key="balldontlie.key"))
    assert (finding.state, "No such file" in finding.detail) == ("fail", True)


def test_a_key_in_a_folder_that_others_can_write_to_is_a_warning(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    config = configured(key=str(give(folder, "key")))
    assert found(config) == []
    folder.chmod(0o770)
    (finding,) = found(config)
    assert (finding.state, finding.fix) == ("warn", f"chmod go-w {folder}")
    folder.chmod(0o1777)
    assert found(config) == []


def test_a_key_of_another_user_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = give(tmp_path, "key")
    if os.geteuid() == 0:
        os.chown(key, 65_534, 65_534)
    else:
        monkeypatch.setattr("os.geteuid", lambda: 65_533)
    (finding,) = found(configured(key=str(key)))
    assert (finding.check, finding.state) == ("keys", "fail")
    assert finding.fix.startswith("chown ")
