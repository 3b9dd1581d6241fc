"""What was heard goes when it is old enough; what was decided stays for ever.

Covers: persistence.market_tables.
"""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.events import BookSnapshot, GamePhase, ScoreSeen, Trust
from engine.facts import Noted, RunEnded
from engine.units import NANOS_PER_DAY, Nanos
from persistence import connect, retention
from persistence.maintenance import Pruning, overdue, prune, verify
from persistence.market_tables import PRUNABLE, nba_live_data, orderbook_snapshots, system_logs
from persistence.records import BookSample, LogRecord, Record, ScoreRecord
from persistence.writer import JournalWriter
from tests.persistence.evenings import Placed

Opened = Callable[..., JournalWriter]
NOW = Nanos(1_000 * NANOS_PER_DAY)


def heard(days_ago: int) -> list[Record]:
    at = Nanos(NOW - days_ago * NANOS_PER_DAY)
    return [
        BookSample(BookSnapshot("KXT", (), (), 1, 1, days_ago, None, at), Trust.TRUSTED),
        ScoreRecord(ScoreSeen("g", "bdl", GamePhase.LIVE, 1, None, 1, 2, None, at)),
        LogRecord("warning", "game", "old", {}, at),
    ]


def ended(evening: list[Any]) -> list[Any]:
    """The evening with its end: a run that is not open any more."""
    return [*evening, Placed(len(evening) + 1, 1, "run", RunEnded("evening", "over", Nanos(1)))]


def test_each_table_keeps_its_rows_for_its_own_time(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(url)
    writer.append(ended(small_evening))
    for days_ago in range(40):
        writer.append([], heard(days_ago))
    expected = {
        "orderbook_snapshots": 32, "market_bars": 0, "nba_live_data": 9, "betting_odds": 0,
        "system_logs": 9, "dead_letters": 0,
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
    evening = ended(small_evening)
    writer.append(evening)
    for days_ago in range(10, 21):
        writer.append([], heard(days_ago))
    pruning = Pruning(url, NOW, {"orderbook_snapshots": 7, "system_logs": None})
    seq, steps = len(evening), 0
    while pruning.step():
        steps += 1
        seq += 1
        writer.append([Placed(seq, 1, "run", Noted("sharp", "k", "1", Nanos(seq)))])
    assert pruning.removed == {"orderbook_snapshots": 11}
    assert steps == 3
    assert not pruning.step()
    assert verify(url).sound
    with connect.reading(url) as connection:
        assert connection.execute(select(func.count()).select_from(system_logs)).scalar_one() == 11


@pytest.mark.limit("persistence.retention:PORTION")
@pytest.mark.parametrize("rows", [retention.PORTION - 1, retention.PORTION, retention.PORTION + 1])
def test_a_portion_is_full_at_its_limit_and_one_more_row_needs_another(
    lite: str, opened: Opened, small_evening: list[Any], rows: int
) -> None:
    writer = opened(lite)
    writer.append(
        ended(small_evening), [LogRecord("info", "a", "old", {}, Nanos(row)) for row in range(rows)]
    )
    pruning = Pruning(lite, NOW, {"system_logs": 1})
    assert pruning.step() == (rows >= retention.PORTION)
    assert pruning.removed == {"system_logs": min(rows, retention.PORTION)}
    while pruning.step():
        pass
    assert pruning.removed == {"system_logs": rows}


def test_a_row_goes_one_nanosecond_after_its_time_and_not_before(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    limit = NOW - 30 * NANOS_PER_DAY
    writer = opened(url)
    writer.append(
        ended(small_evening),
        [LogRecord("info", "a", str(at), {}, Nanos(at)) for at in (limit - 1, limit, limit + 1)],
    )
    assert overdue(url, NOW, {"system_logs": 30}) == {"system_logs": 1}
    assert prune(url, NOW, {"system_logs": 30}) == {"system_logs": 1}
    with connect.reading(url) as connection:
        left = set(connection.execute(select(system_logs.c.event)).scalars())
    assert left == {str(limit), str(limit + 1)}


@pytest.mark.promise("open-run-keeps-everything")
def test_the_open_run_keeps_everything_until_it_has_ended(
    url: str, opened: Opened, small_evening: list[Any]
) -> None:
    """Also when it was killed: whoever goes on with it may want to see what it has heard."""
    earlier = opened(url, "earlier")
    earlier.append([], heard(50))
    earlier.close()
    writer = opened(url)
    writer.append(small_evening, heard(50))
    assert prune(url, NOW)["nba_live_data"] == 1
    assert overdue(url, NOW)["nba_live_data"] == 0
    with connect.reading(url) as connection:
        runs_left = connection.execute(select(nba_live_data.c.run)).scalars().all()
    assert runs_left == [2]
    writer.append([ended(small_evening)[-1]])
    assert prune(url, NOW)["nba_live_data"] == 1


@pytest.mark.promise("orders-fills-ledger-cannot")
def test_decisions_cannot_be_pruned(lite: str) -> None:
    for name in ("journal", "fills", "simulated_orders", "ledger_entries", "nothing"):
        with pytest.raises(ValueError, match=f"{name} is kept for ever"):
            prune(lite, NOW, {name: 1})
    with pytest.raises(ValueError, match="cannot be kept for -1 days"):
        prune(lite, NOW, {"system_logs": -1})
    assert set(retention.DEFAULT_POLICY) == set(PRUNABLE)
