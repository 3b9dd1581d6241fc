"""The venue's own REST rows as somebody kept them: markets and trades."""

import json
from pathlib import Path

import pytest

from engine.events import MarketDetermined, MarketListed, MarketSettled, TradePrinted, VenueEvent
from tests.venues.importers.test_past_day import MARKET, trade
from tipoff.sources.registry import translator
from venues import timestamps
from venues.errors import ImportFailed
from venues.importers.evening import ImportReport, ImportSpec, import_files
from venues.recordings.recorder import read


def imported(folder: Path, kind: str, *rows: object) -> ImportReport:
    path = folder / kind
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return import_files([ImportSpec(kind, path)], folder / "out")


def heard(report: ImportReport) -> list[VenueEvent]:
    translate = translator().translate
    return [event for line in read(report.recording) for event in translate(line)]


def test_trades_come_in_the_order_of_time(tmp_path: Path) -> None:
    report = imported(
        tmp_path, "kalshi-trades", trade(2, "2026-01-15T02:00:01Z"), trade(1, "2026-01-15T02:00:00Z")
    )
    told = [event for event in heard(report) if isinstance(event, TradePrinted)]
    assert [(event.trade_id, event.at == event.at_venue) for event in told] == [("1", True), ("2", True)]


def test_a_trade_of_no_moment_ends_the_import(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="line 1"):
        imported(tmp_path, "kalshi-trades", trade(2, "noon"))


@pytest.mark.parametrize("around", [lambda row: row, lambda row: {"captured_at": "then", "market": row}])
def test_a_market_is_listed_when_it_opened_and_paid_when_it_was(tmp_path: Path, around: object) -> None:
    assert callable(around)
    report = imported(tmp_path, "kalshi-markets", around(MARKET))
    events = heard(report)
    (listed,) = [event for event in events if isinstance(event, MarketListed)]
    (determined,) = [event for event in events if isinstance(event, MarketDetermined)]
    (settled,) = [event for event in events if isinstance(event, MarketSettled)]
    assert listed.at == timestamps.from_text("2026-01-12T15:00:00Z")
    assert determined.result == "yes"
    assert settled.at == timestamps.from_text("2026-01-15T05:40:00Z")


def test_a_market_that_makes_no_sense_costs_only_itself(tmp_path: Path) -> None:
    report = imported(
        tmp_path,
        "kalshi-markets",
        MARKET,
        {"status": "active"},
        MARKET | {"ticker": "X", "open_time": "noon"},
    )
    assert report.files[0].refused == 2
    assert {event.ticker for event in heard(report) if isinstance(event, MarketListed)} == {MARKET["ticker"]}


def test_real_rows_are_understood(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/kalshi"
    specs = [
        ImportSpec("kalshi-trades", folder / "rest_trades_KXETH15M-26MAY181730-30.jsonl.gz"),
        ImportSpec("kalshi-markets", folder / "rest_markets_nbasummer_wnba_20260709T2018Z.jsonl.gz"),
    ]
    report = import_files(specs, tmp_path / "out")
    assert [(file.refused, file.unused) for file in report.files] == [(0, {}), (0, {})]
    assert report.files[0].lines == 515
