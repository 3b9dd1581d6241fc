"""The same evening in SQLite and in PostgreSQL: the same digest, the same tables, and both verify.

A whole evening through the real storage: facts, projections and the records of the market. It is stopped in
the middle once, and goes on in a new process, so to speak, on either.
"""

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from sqlalchemy import Table, func, select

from persistence import connect
from persistence.journal import Digest
from persistence.maintenance import upgrade, verify
from persistence.market_tables import PRUNABLE
from persistence.queries import Reader, Recorded
from persistence.tables import metadata
from persistence.writer import JournalWriter, Mode, Options
from tests.persistence.servers import empty_schema
from tests.stories.plays import scripted
from tipoff.commands.replay import replay
from tipoff.runs.settings import TradingSettings
from venues.recordings.recorder import Line

pytestmark = pytest.mark.postgres
RUN = "evening"
ORDERS = 60
LINES = 4_000
NOT_COMPARED = frozenset({"id"})
"""Numbers that a database gives as it likes."""


@attrs.frozen
class Kept:
    """What a database holds after the evening."""

    url: str
    digest: str


@pytest.fixture(scope="module")
def lines(small_evening: list[Line]) -> list[Line]:
    """The evening until trading is well under way."""
    return small_evening[:LINES]


@pytest.fixture(scope="module")
def settings(lines: list[Line], free_settings: TradingSettings) -> TradingSettings:
    """Orders all the time."""
    return scripted(free_settings, lines, ORDERS)


def played(lines: list[Line], settings: TradingSettings, url: str) -> str:
    """Play lines into a database; the digest that the replay reports."""
    writer = JournalWriter(url, RUN, Options(mode=Mode.REPLAY))
    try:
        return str(replay([lines], settings, RUN, writer).document["digest"])
    finally:
        writer.close()


@pytest.fixture(scope="module")
def kept(
    lines: list[Line], settings: TradingSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Kept]]:
    """The evening in both."""
    with empty_schema() as server:
        file: Path = tmp_path_factory.mktemp("both") / "tipoff.db"
        found = {}
        for kind, url in (("sqlite", f"sqlite:///{file}"), ("postgresql", server)):
            upgrade(url)
            found[kind] = Kept(url, played(lines, settings, url))
        yield found


@pytest.mark.promise("evening-sqlite-postgresql-gives")
def test_the_digest_is_the_same_in_both_and_without_a_database(
    kept: dict[str, Kept], lines: list[Line], settings: TradingSettings
) -> None:
    assert kept["sqlite"].digest == kept["postgresql"].digest
    assert replay([lines], settings, RUN).document["digest"] == kept["sqlite"].digest


def test_both_verify_with_the_same_figures(kept: dict[str, Kept]) -> None:
    found = {kind: verify(each.url) for kind, each in kept.items()}
    assert found["sqlite"].problems == found["postgresql"].problems == ()
    assert found["sqlite"].runs == found["postgresql"].runs
    (run,) = found["sqlite"].runs
    assert (run.digest, run.imbalance) == (kept["sqlite"].digest, 0)
    assert run.entries > 5 * ORDERS


def rows_of(url: str, table: Table) -> list[str]:
    """A table's rows, in an order that does not depend on the database's rules of sorting texts."""
    columns = [column for column in table.columns if column.name not in NOT_COMPARED]
    with connect.reading(url) as connection:
        return sorted(map(repr, connection.execute(select(*columns))))


@pytest.mark.promise("evening-sqlite-postgresql-gives")
@pytest.mark.parametrize("name", sorted(metadata.tables))
def test_every_table_holds_the_same_rows(kept: dict[str, Kept], name: str) -> None:
    table = metadata.tables[name]
    assert rows_of(kept["sqlite"].url, table) == rows_of(kept["postgresql"].url, table)


def test_there_is_something_in_the_tables_that_are_compared(kept: dict[str, Kept]) -> None:
    filled = ("journal", "fills", "ledger_entries", "simulated_orders", "positions", "orderbook_snapshots")
    with connect.reading(kept["postgresql"].url) as connection:
        for name in filled:
            count = connection.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one()
            assert count > 1, name
    assert set(PRUNABLE) <= set(metadata.tables)


def test_a_journal_of_one_database_is_the_other_ones_byte_for_byte(kept: dict[str, Kept]) -> None:
    chains = []
    for each in kept.values():
        with Reader.open(each.url, RUN) as reader:
            entries = list(reader.entries())
        digest = Digest()
        digest.add(entries)
        assert digest.text() == each.digest
        chains.append([(entry.seq, entry.body, entry.chain) for entry in entries])
    assert chains[0] == chains[1]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_evening_that_was_cut_goes_on_to_the_same_digest(
    kind: str, kept: dict[str, Kept], lines: list[Line], settings: TradingSettings, tmp_path: Path
) -> None:
    with Reader.open(kept[kind].url, RUN) as reader:
        facts = list(reader.facts())
    before = facts[: len(facts) // 2]
    if kind == "sqlite":
        digest = goes_on(f"sqlite:///{tmp_path / 'cut.db'}", lines, settings, before)
    else:
        with empty_schema() as server:
            digest = goes_on(server, lines, settings, before)
    assert digest == kept[kind].digest


def goes_on(url: str, lines: list[Line], settings: TradingSettings, before: list[Recorded]) -> str:
    """Keep the beginning of the evening, as an earlier process would have, then play all of it on that."""
    upgrade(url)
    writer = JournalWriter(url, RUN)
    writer.append(before)
    writer.close()
    return played(lines, settings, url)
