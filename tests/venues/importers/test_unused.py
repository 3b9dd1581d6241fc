"""What an import could not use is counted by reason, and what it takes can be limited to game days.

Covers: venues.importers.game_days, venues.importers.unused.
"""

from datetime import date
from pathlib import Path

import pytest

from engine.events import FeedConnected, MarketSettled, OddsSeen, QuoteSeen, ScoreSeen
from tests.venues.importers.test_evening import (
    CANDLES,
    EVENTS,
    FRAMES,
    MONEYLINES,
    POLLS,
    SPREADS,
    TICKERS,
    spec,
)
from tipoff.sources.registry import translator
from venues.errors import ImportFailed
from venues.importers.evening import ImportedFile, ImportReport, ImportSpec, import_files
from venues.importers.game_days import GameDays
from venues.importers.unused import Unused, why_unused
from venues.recordings.recorder import read

DAY = date(2024, 10, 23)
NEXT = date(2024, 10, 24)


def one_file(folder: Path, kind: str, text: str) -> ImportedFile:
    (file,) = import_files([spec(folder, kind, text)], folder / "out").files
    return file


def of_days(folder: Path, first: date | None, last: date | None, *specs: ImportSpec) -> ImportReport:
    return import_files(specs, folder / "out", days=GameDays(first, last))


@pytest.mark.promise("import-counts")
def test_scrapes_of_one_side_are_counted_and_kept(tmp_path: Path) -> None:
    head, away, home = MONEYLINES.splitlines(keepends=True)
    alone = [away.replace("T02:30", f"T03:{minute:02}") for minute in range(5)]
    file = one_file(tmp_path, "odds-moneyline", head + away + home + "".join(alone))
    assert (file.lines, file.unused) == (6, {Unused.ONE_SIDE: 5})


def test_a_scrape_of_which_only_one_book_has_one_side_is_of_use(tmp_path: Path) -> None:
    assert one_file(tmp_path, "odds-moneyline", MONEYLINES).unused == {}


def test_odds_of_which_every_cell_is_empty_are_no_price(tmp_path: Path) -> None:
    text = MONEYLINES.replace("2.85,,", ",,").replace("1.5,1.09,", "NA,,")
    assert one_file(tmp_path, "odds-moneyline", text).unused == {Unused.NO_PRICE: 1}


def test_a_spread_of_one_side_is_counted(tmp_path: Path) -> None:
    assert one_file(tmp_path, "odds-spreads", SPREADS).unused == {Unused.ONE_SIDE: 1}


def test_polls_of_a_game_that_no_file_names_are_counted(tmp_path: Path) -> None:
    assert one_file(tmp_path, "nba-polls", POLLS).unused == {Unused.GAME_UNKNOWN: 2}


def test_a_quote_without_a_price_and_a_minute_without_a_trade_are_two_reasons(tmp_path: Path) -> None:
    empty = TICKERS.replace('"yes_bid_prob": 0.45', '"yes_bid_prob": 0.0')
    assert one_file(tmp_path, "kalshi-ticker", empty + TICKERS).unused == {Unused.NO_PRICE: 1}
    (file,) = import_files([spec(tmp_path, "kalshi-candles")], tmp_path / "candles").files
    assert (file.lines, file.unused) == (2, {Unused.NO_TRADE: 1})


def test_what_a_recorder_says_of_itself_is_counted(tmp_path: Path) -> None:
    assert one_file(tmp_path, "kalshi-events", EVENTS).unused == {Unused.RECORDER_NOTE: 1}


def test_nothing_said_is_no_reason() -> None:
    assert why_unused(()) is None


@pytest.mark.promise("import-counts")
@pytest.mark.parametrize(("first", "last"), [(DAY, DAY), (DAY, None), (None, DAY)])
def test_a_night_over_midnight_is_one_game_day_and_other_days_are_counted(
    tmp_path: Path, first: date | None, last: date | None
) -> None:
    # 2024-10-23 22:18 Eastern is the 24th in UTC; the other rows are of the 22nd and the 24th, Eastern.
    day_s = 86_400
    other = day_s if last is not None else -day_s
    row = CANDLES.splitlines()[2]
    moved = row.replace("1729736280", str(1_729_736_280 + other)) + "\n"
    report = of_days(tmp_path, first, last, spec(tmp_path, "kalshi-candles", CANDLES + moved))
    (file,) = report.files
    assert (file.lines, file.unused) == (2, {Unused.NO_TRADE: 1, Unused.OTHER_DAY: 1})


def test_a_result_of_the_morning_after_belongs_to_its_day(tmp_path: Path) -> None:
    text = "ticker,result,settled_at\nKXNBAGAME-24OCT23PHXLAC-LAC,no,2024-10-24T15:10:00Z\n"
    of_days(tmp_path, DAY, DAY, spec(tmp_path, "kalshi-results", text))
    translate = translator().translate
    found = [event for line in read(tmp_path / "out") for event in translate(line)]
    assert any(isinstance(event, MarketSettled) for event in found)


def test_a_result_of_a_postponed_game_is_taken_by_its_moment(tmp_path: Path) -> None:
    text = "ticker,result,settled_at\nKXNBAGAME-24OCT23PHXLAC-LAC,no,2024-11-20T03:10:00Z\n"
    day = date(2024, 11, 19)
    assert of_days(tmp_path, day, day, spec(tmp_path, "kalshi-results", text)).lines == 1


def test_a_stream_cut_inside_a_connection_begins_with_a_connection(tmp_path: Path) -> None:
    begun, went_on = FRAMES.splitlines(keepends=True)
    day_ms = 86_400_000
    later = went_on.replace("1786085188417", str(1_786_085_188_417 + day_ms))
    report = of_days(tmp_path, date(2026, 8, 7), None, spec(tmp_path, "kalshi-frames", begun + later))
    translate = translator().translate
    found = [event for line in read(tmp_path / "out") for event in translate(line)]
    assert isinstance(found[0], FeedConnected)
    assert report.files[0].unused == {Unused.OTHER_DAY: 2}


def test_days_without_a_row_leave_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="no file has a row of the game days from 2024-10-24 to the last"):
        of_days(tmp_path, NEXT, None, spec(tmp_path, "kalshi-candles"))
    assert not (tmp_path / "out").exists()


def test_a_file_of_other_days_does_not_stop_the_others(tmp_path: Path) -> None:
    early = CANDLES.replace("17297362", "17287362").replace("17297363", "17287363")
    specs = (spec(tmp_path, "kalshi-candles", early), spec(tmp_path, "kalshi-ticker"))
    report = of_days(tmp_path, DAY, None, *specs)
    assert [file.lines for file in report.files] == [0, 1]


def test_days_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(ImportFailed, match="--to 2024-10-23 is before --from 2024-10-24"):
        GameDays(NEXT, DAY)


def test_without_days_everything_is_taken_as_before(tmp_path: Path) -> None:
    report = import_files([spec(tmp_path, "kalshi-candles"), spec(tmp_path, "nba-states")], tmp_path / "out")
    translate = translator().translate
    found = [event for line in read(tmp_path / "out") for event in translate(line)]
    assert (report.lines, report.derived) == (6, 1)
    assert {QuoteSeen, ScoreSeen} <= set(map(type, found))
    assert OddsSeen not in set(map(type, found))
