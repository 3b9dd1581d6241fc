"""A table that is read from a database has the lines that the daemon answered with.

Covers: tipoff.explain.stored_tables, tipoff.cli.dialogues, persistence.book_samples.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from actors.addresses import JOURNAL
from actors.messages import Commit, Numbered
from actors.read_model.model import ReadModel
from engine.events import BookSide, Trust
from engine.facts import SignalAction, SignalRaised
from engine.units import NANOS_PER_HOUR, Nanos, Price
from persistence import schema_upgrade as database
from persistence.records import BookSample, Record
from persistence.writer import JournalWriter
from tipoff.cli.app import main
from tipoff.exit_codes import Exit
from tipoff.explain.stored_tables import KINDS, LINES, Stored, lines_in, query_of
from tipoff.runs.market_records import MarketRecords

from .conftest import GAME, NAME, START, TICKER, Bench, Serve, opening, snapshot
from .test_why import evening

TABLES = tuple(LINES)
SIGNAL = SignalRaised(
    "s/1",
    NAME,
    GAME,
    TICKER,
    BookSide.BID,
    SignalAction.ENTER,
    "edge",
    0.625,
    Price(5_200),
    0.25,
    (),
    Nanos(START + NANOS_PER_HOUR),
)


def keep(bench: Bench, url: str) -> None:
    """Everything that the engine decided and heard, in a database."""
    database.upgrade(url)
    heard: list[Record] = []
    MarketRecords(heard.extend).on_input("{}", opening())
    heard.append(BookSample(snapshot(), Trust.TRUSTED))
    writer = JournalWriter(url, "bench")
    try:
        facts = [Numbered(each.seq, each.cause, each.owner, each.fact) for each in bench.facts]
        writer.append(facts, heard)
    finally:
        writer.close()


@pytest.fixture
def url(folder: Path) -> str:
    return f"sqlite:///{folder}/t.db"


def told(capfd: pytest.CaptureFixture[str], *arguments: str) -> Any:  # noqa: ANN401 - any document
    """What a command prints with --json."""
    capfd.readouterr()
    assert main([*arguments, "--json"]) == Exit.OK
    return json.loads(capfd.readouterr().out)


async def test_every_table_has_the_lines_of_the_daemon(
    serve: Serve, bench: Bench, url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with serve() as at:
        wire = await at.greeted()
        await evening(wire, bench)
        bench.put(JOURNAL, Commit("run", (SIGNAL,)))
        bench.later(1)
        answered: dict[str, Any] = {name: await wire.result(name, limit=1_000) for name in TABLES}
        narrowed = await wire.result("orders", ticker=TICKER, strategy=NAME, limit=2)
    keep(bench, url)
    for name in TABLES:
        assert answered[name], name
        assert told(capfd, name, "--db", url, "--limit", "1000") == answered[name], name
    few = told(capfd, "orders", "--db", url, "--ticker", TICKER.lower(), "--strategy", NAME, "--limit", "2")
    assert few == narrowed
    assert told(capfd, "orders", "--db", url, "--run", "bench", "--game", "nobody") == []
    for line in answered["fills"]:
        assert told(capfd, "why", line["fill_id"], "--db", url)["verdict"].startswith("filled")
    assert main(["fills", "--db", url]) == Exit.OK
    assert answered["fills"][0]["fill_id"] in capfd.readouterr().out


async def test_a_table_is_narrowed_by_time_and_shown_as_it_stood(
    serve: Serve, bench: Bench, url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with serve() as at:
        await evening(await at.greeted(), bench)
    keep(bench, url)
    fills = told(capfd, "fills", "--db", url)
    first, last = fills[0]["at"], fills[-1]["at"]
    assert first < last
    assert told(capfd, "fills", "--db", url, "--since", last) == fills[-1:]
    assert told(capfd, "fills", "--db", url, "--until", first) == fills[:1]
    now, then = (told(capfd, "positions", "--db", url, *more) for more in ((), ("--until", first)))
    assert (then[0]["position"], now[0]["position"]) == ("10.00", "20.00")
    then = told(capfd, "orders", "--db", url, "--until", first)
    assert {line["order_id"]: line["filled"] for line in then} == {
        "operator:taken": "10.00",
        "operator:filled": "0.00",
    }
    assert told(capfd, "markets", "--db", url, "--game", GAME, "--until", "2001-01-01")[0]["yes_bid"] is None


def test_a_moment_that_is_none_and_a_time_without_a_database(
    capfd: pytest.CaptureFixture[str], url: str
) -> None:
    assert main(["fills", "--db", url, "--since", "noon"]) == Exit.USAGE
    assert "2026-01-14T20:00" in capfd.readouterr().err
    assert main(["fills", "--since", "2026-01-14T20:00", "--run", "x"]) == Exit.USAGE
    assert "--run, --since needs --db" in capfd.readouterr().err
    assert main(["markets", "--db", url]) == Exit.FAILED
    assert "no database" in capfd.readouterr().err


async def test_facts_that_are_left_out_would_have_changed_no_line(
    serve: Serve, bench: Bench, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve() as at:
        await evening(await at.greeted(), bench)
    keep(bench, url)
    for name in KINDS:
        few = lines_in(Stored(url=url), query_of(name, {}))
        monkeypatch.setitem(KINDS, name, ())
        assert lines_in(Stored(url=url), query_of(name, {})) == few


def test_whoever_reads_one_run_and_is_done_remembers_all_of_it(bench: Bench) -> None:
    bounded, whole = ReadModel(tail_max=2), ReadModel(tail_max=None)
    for numbered in bench.facts:
        bounded.committed(numbered)
        whole.committed(numbered)
    assert len(bench.facts) > 2
    assert (len(bounded.journal), len(whole.journal)) == (2, len(bench.facts))
