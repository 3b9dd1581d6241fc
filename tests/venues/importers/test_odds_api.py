"""Rows of the-odds-api: bookmakers' prices of one moment put together, American and decimal."""

from pathlib import Path

import pytest

from engine.events import GameSeen, OddsSeen, VenueEvent
from engine.units import Tenths
from tipoff.sources.registry import translator
from venues import timestamps
from venues.errors import ImportFailed
from venues.importers.evening import ImportReport, ImportSpec, import_files
from venues.importers.unused import Unused
from venues.recordings.recorder import read

HEAD = (
    "event_id,sport_key,home_team,away_team,commence_time,bookmaker,last_update,market,outcome_name,price,"
    "point,snapshot_utc\n"
)


def row(market: str, name: str, price: str, point: str = "", **other: str) -> str:
    cells = {
        "event_id": "e1",
        "sport_key": "basketball_nba",
        "home_team": "Los Angeles Clippers",
        "away_team": "Phoenix Suns",
        "commence_time": "2026-03-04T03:10:00Z",
        "bookmaker": "FanDuel",
        "last_update": "2026-03-03T21:26:55Z",
        "market": market,
        "outcome_name": name,
        "price": price,
        "point": point,
        "snapshot_utc": "20260303_212706",
    } | other
    return ",".join(cells.values()) + "\n"


def imported(folder: Path, *rows: str, head: str = HEAD) -> ImportReport:
    path = folder / "odds.csv"
    path.write_text(head + "".join(rows), "utf-8")
    return import_files([ImportSpec("odds-api", path)], folder / "out")


def odds(report: ImportReport) -> list[OddsSeen]:
    return [event for event in heard(report) if isinstance(event, OddsSeen)]


def heard(report: ImportReport) -> list[VenueEvent]:
    translate = translator().translate
    return [event for line in read(report.recording) for event in translate(line)]


DECIMAL = (
    row("h2h", "Los Angeles Clippers", "1.5"),
    row("h2h", "Phoenix Suns", "2.85"),
    row("spreads", "Phoenix Suns", "1.91", "4.5"),
    row("spreads", "Los Angeles Clippers", "1.91", "-4.5"),
    row("totals", "Over", "1.87", "228.5"),
    row("totals", "Under", "1.95", "228.5"),
)


def test_outcomes_of_one_bookmaker_and_moment_are_one_row(tmp_path: Path) -> None:
    report = imported(tmp_path, *DECIMAL)
    assert report.lines == 1
    (told,) = odds(report)
    assert told == OddsSeen(
        "2026-03-03/PHX@LAC",
        "fanduel",
        -200,
        185,
        Tenths(-45),
        -110,
        -110,
        Tenths(2285),
        -115,
        -105,
        at_venue=timestamps.from_text("2026-03-03T21:26:55Z"),
        at=timestamps.from_text("2026-03-03T21:27:06Z"),
    )
    (seen,) = [event for event in heard(report) if isinstance(event, GameSeen)]
    # Past midnight in Greenwich, the evening before in New York.
    assert (seen.date, seen.away, seen.home) == ("2026-03-03", "PHX", "LAC")
    assert seen.tip_at == timestamps.from_text("2026-03-04T03:10:00Z")


def test_american_prices_are_those_with_a_sign(tmp_path: Path) -> None:
    rows = (row("h2h", "Los Angeles Clippers", "-200"), row("h2h", "Phoenix Suns", "185"))
    (told,) = odds(imported(tmp_path, *rows))
    assert (told.moneyline_home, told.moneyline_away) == (-200, 185)


def test_without_a_snapshot_the_bookmakers_moment_is_ours(tmp_path: Path) -> None:
    (told,) = odds(imported(tmp_path, *(each.replace("20260303_212706", "") for each in DECIMAL)))
    assert told.at == told.at_venue == timestamps.from_text("2026-03-03T21:26:55Z")


def test_moments_and_bookmakers_are_kept_apart(tmp_path: Path) -> None:
    later = row("h2h", "Phoenix Suns", "2.9", snapshot_utc="2026-03-03T22:00:00Z")
    other = row("h2h", "Phoenix Suns", "2.9", bookmaker="BetMGM")
    report = imported(tmp_path, DECIMAL[1], later, other)
    assert [told.vendor for told in odds(report)] == ["fanduel", "betmgm", "fanduel"]
    assert report.files[0].unused == {Unused.ONE_SIDE: 3}


def test_what_is_of_no_use_is_counted_by_reason(tmp_path: Path) -> None:
    report = imported(
        tmp_path,
        *DECIMAL,
        row("h2h_lay", "Phoenix Suns", "2.9"),
        row("h2h", "Phoenix Suns", "2.9", sport_key="basketball_wnba"),
        row("player_points", "Over", "1.9", "21.5"),
    )
    assert report.files[0].unused == {Unused.OTHER_MARKET: 2, Unused.OTHER_SPORT: 1}


def test_a_cell_that_makes_no_sense_costs_only_itself(tmp_path: Path) -> None:
    report = imported(
        tmp_path,
        *DECIMAL,
        row("totals", "Exactly", "9.0", "228.5"),
        row("spreads", "Phoenix Suns", "0.5", "x"),
    )
    (told,) = odds(report)
    assert (told.moneyline_home, told.over_odds, told.spread_away_odds) == (-200, -115, None)
    assert report.files[0].refused == 3


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ({"home_team": "Harlem Globetrotters"}, "'Harlem Globetrotters' is no team"),
        ({"last_update": "noon"}, "noon"),
        ({"snapshot_utc": "noon"}, "noon"),
        ({"commence_time": "noon"}, "noon"),
    ],
)
def test_a_row_of_no_game_or_moment_ends_the_import(tmp_path: Path, spoilt: dict[str, str], why: str) -> None:
    with pytest.raises(ImportFailed, match=f"line 2: .*{why}"):
        imported(tmp_path, row("h2h", "Phoenix Suns", "2.9", **spoilt))


def test_the_real_rows_are_understood(shared: Path, tmp_path: Path) -> None:
    path = shared / "data/nba/odds/au_books_h2h_spreads_2026-03.csv.gz"
    report = import_files([ImportSpec("odds-api", path)], tmp_path / "out")
    (file,) = report.files
    assert (file.rows, file.refused) == (7_997, 0)
    assert file.unused == {Unused.OTHER_MARKET: 452}
    told = odds(report)
    assert len(told) == report.lines
    assert all(each.moneyline_home is None or abs(each.moneyline_home) >= 100 for each in told)
