"""The commands that go on: `watch` and `journal --follow` tell line by line, and end when the daemon does.

Covers: tipoff.cli.watching.
"""

import json
import threading
from typing import Any

import pytest

from actors.addresses import JOURNAL
from actors.messages import Commit
from engine.facts import StrategyChanged
from engine.units import Nanos
from tipoff.cli.watching import told
from tipoff.cli.where import Where
from tipoff.exit_codes import Exit
from tipoff.output import Output, Stream

from . import command_line
from .command_line import Run, Running
from .conftest import TICKER

run = command_line.run

FIRST_SECONDS = 0.7
"""So long the daemon goes on after a command has begun to watch."""


def stops_soon(running: Running, *, with_a_fact: bool = False) -> None:
    def stop() -> None:
        running.phase = "stopping"

    def change() -> None:
        at = Nanos(running.bench.now)
        fact = StrategyChanged("mean_reversion", enabled=True, parameters="{}", by="u\x1b[2J", at=at)
        running.bench.put(JOURNAL, Commit("test", (fact,)))

    if with_a_fact:
        threading.Timer(FIRST_SECONDS / 2, change).start()
    threading.Timer(FIRST_SECONDS, stop).start()


def documents(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_what_is_watched_is_a_line_of_json_each(run: Run) -> None:
    daemon = run()
    stops_soon(daemon)
    code, out, err = daemon("watch", "--topics", "games,markets", "--hz", "5", "--json")
    read = documents(out)
    assert (code, err) == (Exit.FAILED, "")
    assert [each["method"] for each in read] == ["watch.snapshot", "watch.snapshot", "watch.bye"]
    assert list(read[1]["params"]["rows"]) == [TICKER]


def test_what_is_watched_is_a_line_each_for_people(run: Run) -> None:
    daemon = run()
    stops_soon(daemon, with_a_fact=True)
    code, out, _ = daemon("watch", "--topics", "games,journal", "--since", "0")
    lines = out.splitlines()
    assert (code, lines[0], lines[-1]) == (Exit.FAILED, "games: 1 row", "it is over: the daemon is stopping")
    assert any("#1 " in line for line in lines)
    assert "\x1b" not in out


def test_what_changed_of_a_row_is_said_and_clocks_are_not(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = run()
    rows = {"T": {"yes_bid": "0.5000", "at": "1"}, "U": {"yes_bid": None, "at": "1"}}
    notifications = [
        {"method": "watch.snapshot", "params": {"topic": "markets", "version": 1, "rows": rows}},
        *(
            {"method": "watch.diff", "params": {"topic": "markets", "version": version, "rows": changed}}
            for version, changed in enumerate(
                (
                    {"T": {"yes_bid": "0.5100", "at": "2"}, "V": {"yes_bid": "0.1000", "at": "2"}},
                    {"T": {"yes_bid": "0.5100", "at": "3"}},
                    {"U": None},
                ),
                start=2,
            )
        ),
    ]
    monkeypatch.setattr("tipoff.control.client.ControlClient.watch", lambda *_, **__: iter(notifications))
    daemon.capfd.readouterr()
    Output(as_json=False).stream(Stream(told(Where(), {})))
    assert daemon.capfd.readouterr().out.splitlines() == [
        "markets: 2 rows",
        "markets  T  yes_bid 0.5000 → 0.5100",
        "markets  V  yes_bid 0.1000",
        "markets  U  is gone",
    ]


def test_the_journal_can_be_followed(run: Run) -> None:
    daemon = run()
    before = daemon.document("journal", "--limit", "3")
    assert isinstance(before, list)
    stops_soon(daemon, with_a_fact=True)
    code, out, err = daemon("journal", "--limit", "3", "--follow", "--json")
    read = documents(out)
    assert (code, err) == (Exit.FAILED, "")
    assert read[:3] == before
    assert [each["seq"] for each in read[:4]] == list(range(before[0]["seq"], before[0]["seq"] + 4))
    assert read[-1]["error"]["message"] == "it is over: the daemon is stopping"


def test_one_strategys_facts_are_not_followed(run: Run) -> None:
    assert run().error("journal", "--follow", "--strategy", "momentum") == (Exit.USAGE, "usage")


def test_a_wrong_topic_is_said(run: Run) -> None:
    assert run().error("watch", "--topics", "games,secrets") == (Exit.USAGE, "invalid_params")
