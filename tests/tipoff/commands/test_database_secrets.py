"""The database's password is in no output of any command, whether it came from a file or from an address.

Covers: tipoff.config.database.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.persistence.servers import empty_schema
from tipoff.cli.app import main
from tipoff.config.database import database_url
from tipoff.config.load import load
from tipoff.config.problems import ConfigError
from tipoff.exit_codes import Exit
from tipoff.runs.from_config import schema

SECRET = "hunter2-4711"
NOBODY = "postgresql://root@127.0.0.1:1/test"


def configured(folder: Path, url: str) -> Path:
    """A configuration whose database is there and whose password is in a file."""
    password = folder / "db.password"
    password.write_text(f"{SECRET}\n", "utf-8")
    password.chmod(0o600)
    file = folder / "engine.toml"
    file.write_text(
        f'[engine]\nstate_directory = "{folder / "state"}"\n'
        f'[database]\nurl = "{url}"\npassword_file = "{password}"\n',
        "utf-8",
    )
    return file


COMMANDS = (
    ("config", "show"),
    ("config", "check"),
    ("config", "diff"),
    ("doctor",),
    ("db", "upgrade"),
    ("db", "verify"),
    ("db", "prune"),
    ("db", "restore", "OUT"),
    ("db", "backup", "OUT"),
    ("report",),
)


@pytest.mark.promise("password-database-output-any")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("style", ["text", "json"])
def test_no_command_shows_the_password_of_a_server_that_is_not_there(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], command: tuple[str, ...], style: str
) -> None:
    config = configured(tmp_path, NOBODY)
    arguments = [str(tmp_path / "copy.db") if part == "OUT" else part for part in command]
    main([*arguments, "--config", str(config), *(["--json"] if style == "json" else [])])
    printed = "".join(capfd.readouterr())
    assert printed
    assert SECRET not in printed


@pytest.mark.parametrize("command", [each for each in COMMANDS if each[0] in ("db", "report")], ids=" ".join)
@pytest.mark.parametrize(
    "url", [f"postgresql://root:{SECRET}@127.0.0.1:1/test", f"{NOBODY}?password={SECRET}"]
)
def test_a_password_in_an_address_on_the_command_line_is_not_repeated(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], command: tuple[str, ...], url: str
) -> None:
    arguments = [str(tmp_path / "copy.db") if part == "OUT" else part for part in command]
    assert main([*arguments, "--config", str(configured(tmp_path, NOBODY)), "--db", url]) == Exit.FAILED
    printed = "".join(capfd.readouterr())
    assert "127.0.0.1:1" in printed
    assert SECRET not in printed


@pytest.mark.parametrize(
    "url", [f"postgresql://root:{SECRET}@h/d", f"postgresql://root@h/d?password={SECRET}"]
)
def test_a_configuration_with_a_password_in_its_address_is_refused_without_repeating_it(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(configured(tmp_path, url), schema())
    (problem,) = refused.value.problems
    assert problem.path == "database.url"
    assert "password_file" in problem.message
    assert SECRET not in problem.text("engine.toml")


def test_a_bare_name_is_a_credential_of_the_service_manager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "engine.toml"
    file.write_text(f'[database]\nurl = "{NOBODY}"\npassword_file = "database.password"\n', "utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    url = database_url(load(file, schema()), None)
    assert make_url(url).query["password_file"] == str(tmp_path / "credentials" / "database.password")


def test_a_file_of_sqlite_stays_in_the_state_directory_whatever_the_password(tmp_path: Path) -> None:
    config = load(configured(tmp_path, "sqlite:///tipoff.db"), schema())
    assert database_url(config, None) == f"sqlite:///{tmp_path / 'state' / 'tipoff.db'}"


@pytest.fixture
def server() -> Iterator[str]:
    """A schema of our own on the PostgreSQL server; skips where there is none."""
    with empty_schema() as address:
        yield address


@pytest.mark.postgres
def test_a_server_with_a_password_file_is_upgraded_verified_and_found_by_the_doctor(
    tmp_path: Path, server: str, capfd: pytest.CaptureFixture[str]
) -> None:
    config = str(configured(tmp_path, server))
    for command in (["db", "upgrade"], ["db", "verify"], ["db", "prune"], ["doctor"], ["config", "show"]):
        code = main([*command, "--config", config, "--json"])
        printed = "".join(capfd.readouterr())
        assert SECRET not in printed
        assert (command[0] == "doctor" and '"database"' in printed) or code == Exit.OK
