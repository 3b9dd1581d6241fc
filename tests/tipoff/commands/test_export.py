"""What is exported is read back by other programs, and its sums are those of the ledger.

Covers: tipoff.commands.export, tipoff.export.columns, tipoff.export.parquet_files, tipoff.export.table_files,
tipoff.export.recorded_events, tipoff.export.schema_document.
"""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import duckdb
import polars as pl
import pytest

from engine.events import BookDelta, BookSnapshot, TradePrinted
from persistence import schema_upgrade as database
from persistence.queries import Reader
from persistence.table_batches import table_names
from persistence.writer import JournalWriter
from tests.persistence.evenings import evening, place
from tests.persistence.servers import empty_schema
from tipoff.cli.app import main
from tipoff.exit_codes import Exit
from tipoff.export.recorded_events import ABOUT, MEANINGS, RECORDED
from tipoff.export.table_files import PART, file_kind, moment_text
from tipoff.output import Failure
from tipoff.sources.registry import translator
from venues.recordings.recorder import read

Format = Literal["parquet", "csv", "jsonl"]
FORMATS: tuple[Format, ...] = ("parquet", "csv", "jsonl")


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, Any]:
    """Exit code and document of a command."""
    capsys.readouterr()
    code = main([*map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def small(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of either kind with a small evening."""
    if request.param == "sqlite":
        yield _filled(f"sqlite:///{tmp_path / 'small.db'}")
        return
    with empty_schema() as address:
        yield _filled(address)


def _filled(url: str) -> str:
    database.upgrade(url)
    writer = JournalWriter(url, "small")
    writer.append(place(evening(12)))
    writer.close()
    return url


def query_of(text: str) -> list[tuple[Any, ...]]:
    """What DuckDB answers."""
    found = duckdb.sql(text)
    assert found is not None
    return found.fetchall()


def query(folder: Path, kind: Format, table: str, select: str) -> list[tuple[Any, ...]]:
    """A selection from one file."""
    reader = {"parquet": "read_parquet", "csv": "read_csv", "jsonl": "read_json"}[kind]
    return query_of(f"SELECT {select} FROM {reader}('{folder / table}.{kind}')")


@pytest.mark.parametrize("kind", FORMATS)
def test_the_sums_are_those_of_the_ledger(
    capsys: pytest.CaptureFixture[str], small: str, tmp_path: Path, kind: Format
) -> None:
    folder = tmp_path / "out"
    code, document = said(capsys, "export", folder, "--db", small, "--format", kind)
    assert code == Exit.OK
    assert {file.name for file in folder.iterdir()} == {"schema.json"} | {
        f"{name}.{kind}" for name in table_names()
    }
    with Reader.open(small) as reader:
        balances, fills = reader.balances(), reader.fills()
        rows = {"journal": reader.last_seq(), "fills": len(fills), "signals": len(reader.signals())}
    for name, count in rows.items():
        assert document["tables"][name]["rows"] == query(folder, kind, name, "count(*)")[0][0] == count
    found = query_of(
        "SELECT account, sum(amount), sum(amount_dollars::DECIMAL(38, 6)) "
        f"FROM '{folder}/ledger_entries.{kind}' GROUP BY account"
    )
    assert {account: amount for account, amount, _ in found} == balances
    assert {account: dollars for account, _, dollars in found} == {
        account: Decimal(amount) / 1_000_000 for account, amount in balances.items()
    }
    assert sum(dollars for *_, dollars in found) == 0
    fees = query(folder, kind, "fills", "sum(fee), sum(price * count), min(side), max(liquidity)")
    assert fees == [
        (
            sum(row.fee for row in fills),
            sum(row.price * row.count for row in fills),
            min(row.side for row in fills),
            max(row.liquidity for row in fills),
        )
    ]


def test_parquet_has_timestamps_decimals_words_and_flags(
    capsys: pytest.CaptureFixture[str], small: str, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    assert said(capsys, "export", folder, "--db", small)[0] == Exit.OK
    fills = pl.read_parquet(folder / "fills.parquet")
    assert fills.schema["at"] == pl.Datetime("ns", "UTC")
    assert fills.schema["price_dollars"] == pl.Decimal(19, 4)
    assert fills.schema["count_contracts"] == pl.Decimal(19, 2)
    assert fills.schema["side"] in (pl.Categorical, pl.Categorical("lexical"))
    with Reader.open(small) as reader:
        rows, balances, entries = reader.fills(), reader.balances(), list(reader.entries())
    assert fills["at"].dt.epoch("ns").to_list() == [row.at for row in rows]
    assert fills["fee_dollars"].to_list() == [Decimal(row.fee) / 1_000_000 for row in rows]
    assert fills["price_dollars"].to_list() == [Decimal(row.price) / 10_000 for row in rows]
    assert fills["at_venue"].to_list() == [None] * len(rows)
    ledger = pl.read_parquet(folder / "ledger_entries.parquet")
    sums = ledger.group_by("account").agg(pl.col("amount").sum(), pl.col("amount_dollars").sum())
    assert dict(sums.select("account", "amount").rows()) == balances
    assert sums["amount_dollars"].sum() == 0
    orders = pl.read_parquet(folder / "simulated_orders.parquet")
    assert orders.schema["post_only"] == pl.Boolean
    assert orders["price"].null_count() == orders.filter(pl.col("status") == "denied").height > 0
    journal = pl.read_parquet(folder / "journal.parquet")
    assert journal["chain"].to_list() == [entry.chain for entry in entries]
    assert journal["body"].to_list() == [entry.body for entry in entries]


def test_texts_say_missing_flags_bytes_and_moments(
    capsys: pytest.CaptureFixture[str], small: str, tmp_path: Path
) -> None:
    with Reader.open(small) as reader:
        entries, orders = list(reader.entries()), {row.order_id: row for row in reader.orders()}
    for kind in ("csv", "jsonl"):
        assert said(capsys, "export", tmp_path / kind, "--db", small, "--format", kind)[0] == Exit.OK
    with (tmp_path / "csv" / "journal.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["body"] for line in lines] == [entry.body for entry in entries]
    assert [line["chain"] for line in lines] == [entry.chain.hex() for entry in entries]
    assert [line["at"] for line in lines] == [moment_text(entry.at) for entry in entries]
    text = (tmp_path / "jsonl" / "simulated_orders.jsonl").read_text("utf-8")
    for line in map(json.loads, text.splitlines()):
        row = orders[line["order_id"]]
        assert (line["price"], line["post_only"]) == (row.price, bool(row.post_only))
        assert line["price_dollars"] == (None if row.price is None else f"{Decimal(row.price) / 10_000:.4f}")


def test_a_moment_is_told_to_the_nanosecond() -> None:
    assert moment_text(0) == "1970-01-01T00:00:00.000000000Z"
    assert moment_text(1_795_217_400_123_456_789) == "2026-11-20T23:30:00.123456789Z"


def test_the_schema_says_what_every_column_means(
    capsys: pytest.CaptureFixture[str], small: str, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    said(capsys, "export", folder, "--db", small, "--tables", "fills,positions")
    document = json.loads((folder / "schema.json").read_text("utf-8"))
    assert list(document["tables"]) == ["fills", "positions"]
    assert document["runs"] == ["small"]
    for name, table in document["tables"].items():
        columns = pl.read_parquet_schema(folder / table["file"])
        assert [column["name"] for column in table["columns"]] == list(columns)
        assert all(column["meaning"] for column in table["columns"]), name
    (price,) = (each for each in document["tables"]["fills"]["columns"] if each["name"] == "price_dollars")
    assert (price["type"], price["unit"], price["may_be_missing"]) == ("decimal, 4 places", "dollars", False)


def test_only_the_runs_that_are_named(
    capsys: pytest.CaptureFixture[str], stored: str, tmp_path: Path
) -> None:
    names = [line["run"] for line in said(capsys, "runs", "--db", stored)[1]["runs"]]
    code, document = said(capsys, "export", tmp_path / "one", "--db", stored, "--run", names[1])
    assert (code, document["runs"]) == (Exit.OK, names[1:2])
    report = said(capsys, "report", "--db", stored, "--run", names[1])[1]
    fees = (
        pl.read_parquet(tmp_path / "one" / "fills.parquet")
        .group_by("strategy")
        .agg(pl.col("fee_dollars").sum())
    )
    told = {name: Decimal(row["fees"]) for name, row in report["strategies"].items() if row["fills"]}
    assert dict(fees.rows()) == told
    assert said(capsys, "export", tmp_path / "none", "--db", stored, "--run", "nope")[0] == Exit.FAILED
    assert not (tmp_path / "none").exists()


def test_what_cannot_be_exported_is_said_and_nothing_is_left(
    capsys: pytest.CaptureFixture[str], small: str, tmp_path: Path, evenings: list[Path]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x")
    code, document = said(capsys, "export", tmp_path / "full", "--db", small)
    assert (code, document["error"]["code"]) == (Exit.FAILED, "exists")
    code, document = said(capsys, "export", tmp_path / "a", "--db", small, "--tables", "fill")
    assert (code, document["error"]["code"]) == (Exit.USAGE, "usage")
    assert "did you mean 'fills'" in document["error"]["message"]
    both = ("--db", small, "--recording", evenings[0])
    assert said(capsys, "export", tmp_path / "a", *both)[0] == Exit.USAGE
    code, document = said(capsys, "export", tmp_path / "a", "--recording", tmp_path / "nowhere")
    assert (code, document["error"]["code"]) == (Exit.FAILED, "recording")
    assert not (tmp_path / "a").exists()
    code, document = said(capsys, "export", tmp_path / "full" / "mine.txt" / "x", "--db", small)
    assert (code, document["error"]["code"]) == (Exit.FAILED, "export")


def test_a_file_that_is_not_whole_does_not_appear(tmp_path: Path) -> None:
    kind = file_kind("csv")
    file = kind(tmp_path, "t", RECORDED[TradePrinted].columns)
    with pytest.raises(ValueError, match="argument"), file:
        file.write([(1, 2), (1,)])
    assert list(tmp_path.iterdir()) == []
    with kind(tmp_path, "t", RECORDED[TradePrinted].columns) as again:
        assert again.part.name.endswith(PART)
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_without_the_library_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "tipoff.export.parquet_files", raising=False)
    with pytest.raises(Failure, match="--format csv"):
        file_kind("parquet")


@pytest.mark.parametrize("kind", FORMATS)
def test_every_book_change_of_a_recording_is_there(
    capsys: pytest.CaptureFixture[str], evenings: list[Path], tmp_path: Path, kind: Format
) -> None:
    folder = tmp_path / "out"
    code, document = said(capsys, "export", folder, "--recording", evenings[0], "--format", kind)
    assert code == Exit.OK
    deltas: Counter[str] = Counter()
    levels = snapshots = trades = 0
    translate = translator().translate
    for line in read(evenings[0]):
        for event in translate(line):
            match event:
                case BookDelta():
                    deltas[event.ticker] += event.change
                case BookSnapshot():
                    snapshots += 1
                    levels += len(event.yes) + len(event.no) or 1
                case TradePrinted():
                    trades += 1
                case _:
                    pass
    found = query_of(
        "SELECT what, ticker, count(*), sum(change) "
        f"FROM '{folder}/book_changes.{kind}' GROUP BY what, ticker"
    )
    assert {ticker: change for what, ticker, _, change in found if what == "delta"} == deltas
    assert sum(count for what, _, count, _ in found if what == "snapshot") == levels > snapshots > 0
    assert query(folder, kind, "trades", "count(*)") == [(trades,)]
    assert document["tables"]["trades"]["rows"] == trades > 0
    assert document["lines"] == 10_000


def test_every_table_and_column_of_a_recording_is_explained() -> None:
    assert {table.name for table in RECORDED.values()} == ABOUT.keys()
    names = {column.name for table in RECORDED.values() for column in table.columns}
    assert names == MEANINGS.keys()
