"""What was heard goes when it is old enough; what was decided stays for ever."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.events import BookSnapshot, GamePhase, ScoreSeen, Trust
from engine.units import NANOS_PER_DAY, Nanos
from persistence import connect, retention
from persistence.maintenance import overdue, prune, verify
from persistence.markets import PRUNABLE, nba_live_data, orderbook_snapshots
from persistence.records import BookSample, LogRecord, Record, ScoreRecord
from persistence.writer import JournalWriter

Opened = Callable[..., JournalWriter]
NOW = Nanos(1_000 * NANOS_PER_DAY)


def heard(days_ago: int) -> list[Record]:
    at = Nanos(NOW - days_ago * NANOS_PER_DAY)
    return [
        BookSample(BookSnapshot("KXT", (), (), 1, 1, days_ago, None, at), Trust.TRUSTED),
        ScoreRecord(ScoreSeen("g", "bdl", GamePhase.LIVE, 1, None, 1, 2, None, at)),
        LogRecord("warning", "game", "old", {}, at),
    ]


def test_each_table_keeps_its_rows_for_its_own_time(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(url)
    writer.append(small_evening)
    for days_ago in range(40):
        writer.append([], heard(days_ago))
    expected = {
        "orderbook_snapshots": 32, "nba_live_data": 9, "betting_odds": 0, "system_logs": 9, "dead_letters": 0,
    }  # fmt: skip
    assert overdue(url, NOW) == expected
    assert prune(url, NOW) == expected
    assert prune(url, NOW) == dict.fromkeys(expected, 0)
    with connect.reading(url) as connection:
        oldest = connection.execute(select(func.min(orderbook_snapshots.c.at))).scalar_one()
        assert oldest == NOW - 7 * NANOS_PER_DAY
        assert connection.execute(select(func.count()).select_from(nba_live_data)).scalar_one() == 31
    assert verify(url).sound


def test_pruning_goes_in_portions_between_which_the_writer_writes(
    url: str, opened: Opened, small_evening: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 3)
    writer = opened(url)
    for days_ago in range(10, 21):
        writer.append([], heard(days_ago))
    assert prune(url, NOW, {"orderbook_snapshots": 7, "system_logs": None}) == {"orderbook_snapshots": 11}
    writer.append(small_evening)


def test_decisions_cannot_be_pruned(lite: str) -> None:
    for name in ("journal", "fills", "simulated_orders", "ledger_entries", "nothing"):
        with pytest.raises(ValueError, match=f"{name} is kept for ever"):
            prune(lite, NOW, {name: 1})
    with pytest.raises(ValueError, match="cannot be kept for -1 days"):
        prune(lite, NOW, {"system_logs": -1})
    assert set(retention.DEFAULT_POLICY) == set(PRUNABLE)
