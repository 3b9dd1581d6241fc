"""Where a command finds the daemon: a slip in the file must not keep anybody from stopping what runs.

Covers: tipoff.cli.where.
"""

from pathlib import Path

import pytest

from tipoff.cli.where import configured_socket
from tipoff.exit_codes import Exit
from tipoff.output import Failure

GOOD = '[engine] # where\nstate_directory = "here"\n[risk]\nspread_cents = 1\n[control]\nsocket = "s.sock"\n'


@pytest.mark.parametrize(
    "text,where",
    [
        pytest.param(GOOD + "[risk]\nspread_cents = 2\n", "here/s.sock", id="a table twice"),
        pytest.param("what is this\n" + GOOD, "here/s.sock", id="broken before it"),
        pytest.param('[engine]\nstate_directory = "here"\n[[x', "here/control.sock", id="the default name"),
    ],
)
def test_the_socket_is_found_in_a_file_that_is_broken_elsewhere(
    tmp_path: Path, text: str, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "engine.toml"
    file.write_text(GOOD, "utf-8")
    assert configured_socket(file) == Path("here/s.sock")
    assert capsys.readouterr().err == ""
    file.write_text(text, "utf-8")
    assert configured_socket(file) == Path(where)
    assert "tipoff config check" in " ".join(capsys.readouterr().err.split())


def test_a_file_that_is_broken_where_the_socket_stands_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "engine.toml"
    file.write_text(GOOD + 'x = "', "utf-8")
    with pytest.raises(Failure, match="--socket") as caught:
        configured_socket(file)
    assert caught.value.exit is Exit.CONFIG
