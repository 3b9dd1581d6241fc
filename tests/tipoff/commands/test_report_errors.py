"""What `tipoff report` says when it cannot: which runs there are, and how another database is named.

Covers: tipoff.commands.report, persistence.queries.
"""

import re
from pathlib import Path

import pytest

from persistence.errors import StorageUnreachable
from persistence.maintenance import upgrade
from persistence.queries import RUNS_NAMED_MAX, Reader
from persistence.writer import JournalWriter
from tipoff.cli.app import app
from tipoff.commands.demo import DATABASE, run_demo
from tipoff.commands.options import DemoRequest


def said(url: str, run: str | None) -> str:
    with pytest.raises(StorageUnreachable) as refused, Reader.open(url, run):
        pass
    return str(refused.value)


@pytest.mark.limit("persistence.queries:RUNS_NAMED_MAX")
def test_a_run_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'some.db'}"
    upgrade(url)
    assert "start one by `tipoff run`" in said(url, None)
    for number in range(RUNS_NAMED_MAX):
        JournalWriter(url, f"run-{number}").close()
    assert said(url, "none").endswith(
        "there are run-4, run-3, run-2, run-1, run-0; `tipoff runs` says more of them"
    )
    JournalWriter(url, "run-5").close()
    assert said(url, "none").endswith(
        "run-5, run-4, run-3, run-2, run-1 and 1 older; `tipoff runs` says more of them"
    )


def test_no_message_names_a_switch_that_the_command_does_not_have(root: Path) -> None:
    """Every `tipoff COMMAND --switch` in a text of the program is looked up."""
    folders = ("persistence", "tipoff", "venues", "actors", "engine")
    files = [path for folder in folders for path in (root / folder).rglob("*.py")]
    named = [
        (path.name, words.split())
        for path in files
        for words in re.findall(r"`?tipoff ((?:[a-z-]+ )+--[a-z-]+)", path.read_text("utf-8"))
    ]
    assert named
    assert [(file, words) for file, words in named if not has(words[:-1], words[-1])] == []


def has(command: list[str], switch: str) -> bool:
    """Whether these words call a command that takes the switch."""
    found = app
    for word in command:
        if word not in found:
            return False
        found = found[word]
    every = {name for each in found.assemble_argument_collection() for name in each.names}
    return switch in every | {"--help", "--json"}


@pytest.mark.slow
def test_a_demo_that_is_kept_says_how_it_is_reported_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_demo(DemoRequest(speed=0, seed=7, games=1, keep=tmp_path / "kept"))
    assert f"tipoff report --db sqlite:///{tmp_path / 'kept' / DATABASE}" in capsys.readouterr().err
