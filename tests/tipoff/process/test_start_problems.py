"""`config check` and `doctor` refuse what `run` would, with the same words: all ask the same function.

Covers: tipoff.config.database, tipoff.sources.clients, tipoff.sources.bundled.balldontlie.source.
"""

import json
from pathlib import Path

import pytest

from tipoff.cli.app import main
from tipoff.exit_codes import Exit

BAD = {
    "a server of SQLite": ('[database]\nurl = "sqlite://data/x.db"\n', "database.url"),
    "a database in memory": ('[database]\nurl = "sqlite://"\n', "database.url"),
    "memory by its other name": ('[database]\nurl = "sqlite:///:memory:"\n', "database.url"),
    "options of SQLite": ('[database]\nurl = "sqlite:///x.db?mode=ro"\n', "database.url"),
    "an unknown driver": ('[database]\nurl = "mysql://x/y"\n', "database.url"),
    "a key that is none": (
        '[kalshi]\nkey_id = "a"\nprivate_key_file = "{folder}/hello"\n',
        "kalshi.private_key_file",
    ),
    "a key file that is not there": (
        '[kalshi]\nkey_id = "a"\nprivate_key_file = "{folder}/none"\n',
        "kalshi.private_key_file",
    ),
    "a key of two words": ('[balldontlie]\nkey_file = "{folder}/words"\n', "balldontlie.key_file"),
    "a key that is no text": ('[balldontlie]\nkey_file = "{folder}/bytes"\n', "balldontlie.key_file"),
    "a socket's path too long": (f'[control]\nsocket = "{"s" * 120}"\n', "control.socket"),
    "no such group": ('[control]\ngroup = "no_such_group_here"\n', "control.group"),
    "a byte-order mark": ("\ufeff[engine]\n", ""),
    "two at once": (
        '[database]\nurl = "sqlite://data/x.db"\n[balldontlie]\nkey_file = "{folder}/words"\n',
        "database.url",
    ),
}


def folder_of_files(folder: Path) -> None:
    for name, content in (("hello", b"hello\n"), ("words", b"two words\n"), ("bytes", b"\xff\xfe\x00\n")):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)


@pytest.mark.parametrize("name", BAD)
def test_check_and_run_refuse_the_same_with_the_same_words(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text, key = BAD[name]
    folder_of_files(tmp_path)
    config = tmp_path / "engine.toml"
    text = text.replace("{folder}", str(tmp_path))
    state = "" if "[engine]" in text else f'[engine]\nstate_directory = "{tmp_path}/state"\n'
    config.write_text(text + state, "utf-8")
    told = []
    for command in (("config", "check"), ("run",)):
        assert main((*command, "--config", str(config), "--json")) == Exit.CONFIG
        error = json.loads(capfd.readouterr().out)["error"]
        told.append([(each["path"], each["message"]) for each in error["details"]])
    assert told[0] == told[1]
    assert key in [path for path, _ in told[0]]
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("name", BAD)
def test_the_doctor_says_every_problem_that_run_would_meet(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text, _ = BAD[name]
    folder_of_files(tmp_path)
    config = tmp_path / "engine.toml"
    text = text.replace("{folder}", str(tmp_path))
    state = "" if "[engine]" in text else f'[engine]\nstate_directory = "{tmp_path}/state"\n'
    config.write_text(text + state, "utf-8")
    assert main(("run", "--config", str(config), "--json")) == Exit.CONFIG
    wanted = json.loads(capfd.readouterr().out)["error"]["details"]
    assert main(("doctor", "--config", str(config), "--json")) == Exit.CONFIG
    findings = json.loads(capfd.readouterr().out)["findings"]
    failed = [each["detail"] for each in findings if each["state"] == "fail"]
    assert wanted
    for problem in wanted:
        assert [detail for detail in failed if problem["path"] in detail and problem["message"] in detail]
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("url", ["sqlite:///x y.db", "sqlite+pysqlite:///x y.db"])
def test_an_address_means_the_file_that_it_names(url: str, tmp_path: Path) -> None:
    from tipoff.config.database import database_url
    from tipoff.config.load import parse
    from tipoff.runs.from_config import schema

    config = parse(f'[engine]\nstate_directory = "{tmp_path}"\n[database]\nurl = "{url}"\n', schema())
    assert database_url(config, None) == f"sqlite:///{tmp_path}/x y.db"
    assert list(tmp_path.iterdir()) == []
