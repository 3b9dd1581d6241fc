"""`tipoff dashboard`: where the page is, when the daemon serves one already."""

import json
import socket
from pathlib import Path

import pytest

from tipoff.cli.app import main
from tipoff.dashboard.token_files import forget_tokens, make_tokens
from tipoff.exit_codes import Exit


@pytest.fixture
def listening(tmp_path: Path) -> tuple[Path, int]:
    """A configuration whose dashboard's port is listened on while the test lasts."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    file = tmp_path / "engine.toml"
    file.write_text(f'[engine]\nstate_directory = "{tmp_path}"\n[dashboard]\nport = {port}\n', "utf-8")
    return file, port


def test_of_a_daemon_that_serves_one_both_addresses_are_told(
    listening: tuple[Path, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, port = listening
    tokens = make_tokens(tmp_path)
    with socket.create_server(("127.0.0.1", port)):
        assert main(["dashboard", "--config", str(file), "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out) == {
        "operate": f"http://127.0.0.1:{port}/#t={tokens.operate}",
        "read": f"http://127.0.0.1:{port}/#t={tokens.read}",
    }


def test_a_run_that_cannot_be_read_is_said_before_anything_is_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forget_tokens(tmp_path)
    assert main(["dashboard", "--db", f"sqlite:///{tmp_path / 'none.db'}"]) == Exit.FAILED
    assert "none.db" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org"])
def test_an_address_that_others_reach_is_refused_by_the_configuration(
    host: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "engine.toml"
    file.write_text(f'[dashboard]\nhost = "{host}"\n', "utf-8")
    assert main(["config", "check", "--config", str(file)]) == Exit.CONFIG
    assert "a loopback address; from another machine use `ssh -L`" in capsys.readouterr().err
