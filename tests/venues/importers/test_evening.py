"""Importing: each kind of file becomes lines of ours, and a mistake leaves nothing behind.

Covers: venues.importers.basketball, venues.importers.entries, venues.importers.files,
venues.importers.quotes, venues.importers.rows, venues.importers.stream.
"""

import bz2
import gzip
import json
import lzma
import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd

from engine.events import (
    BookDelta,
    BookSnapshot,
    CloseTimeChanged,
    FeedConnected,
    FeedLost,
    FeedSequenced,
    GamePhase,
    GameSeen,
    MarketStatusChanged,
    OddsSeen,
    QuoteSeen,
    ScoreSeen,
    VenueEvent,
)
from engine.units import Nanos, Price, Tenths
from tipoff.sources.registry import translator
from venues import timestamps
from venues.errors import ImportFailed
from venues.importers import files
from venues.importers.evening import KINDS, ImportSpec, import_files, parse_spec
from venues.importers.rows import american_of_decimal
from venues.importers.unused import Unused
from venues.recordings.recorder import Line, read

STATES = (
    "timestamp,game_id,home_team,away_team,quarter,time_remaining_quarter_seconds,score_home,score_away\n"
    "2024-10-24T03:50:00Z,0022400071,LAC,PHX,2,0.0,39.0,47.0\n"
    "2024-10-24T05:04:17Z,0022400071,LAC,PHX,5,0.0,113.0,116.0\n"
    "2024-10-24T02:17:17.2Z,0022400071,LAC,PHX,1,720.0,0.0,0.0\n"
)
POLLS = (
    "poll_time_utc,nba_game_id,period,game_minute,away_score,home_score,kalshi_yes_bid_cents,bid_team_side\n"
    "2024-10-24T02:20:00.5Z,0022400071,1,2.5000,4,6,66,away\n"
    "2024-10-24T05:00:00Z,0022400071,5,50.0000,110,110,50,away\n"
)
CANDLES = (
    "game,ticker,timestamp,open,high,low,close,volume\n"
    "0022400071,KXNBAGAME-24OCT23PHXLAC-LAC,1729736220,,,,,0\n"
    "0022400071,KXNBAGAME-24OCT23PHXLAC-LAC,1729736280,32,32,32,32,45\n"
    "0022400071,KXNBAGAME-24OCT23PHXLAC-LAC,1729736340,99,99,99,99,45\n"
)
MONEYLINES = (
    "kalshi_event_ticker,commence_time,away_team,home_team,scrape_time,in_play,team,fanduel,BetMGM,winner,"
    "picked_by\n"
    "KXNBAGAME-24OCT23PHXLAC,2024-10-24T02:10:00Z,Phoenix Suns,Los Angeles Clippers,2024-10-24T02:30:00Z,1,"
    "Phoenix Suns,2.85,,Phoenix Suns,random\n"
    "KXNBAGAME-24OCT23PHXLAC,2024-10-24T02:10:00Z,Phoenix Suns,Los Angeles Clippers,2024-10-24T02:30:00Z,1,"
    "Los Angeles Clippers,1.5,1.09,Phoenix Suns,random\n"
)
SPREADS = (
    "file_date,run,kalshi_event_ticker,odds_api_event_id,away_team,home_team,book,home_point,"
    "home_price_american,"
    "away_point,away_price_american\n"
    "2024-10-22,auto,,e1,Phoenix Suns,LA Clippers,FanDuel,4.5,-110,-4.5,-110\n"
    "2024-10-23,auto,,e1,Phoenix Suns,LA Clippers,FanDuel,NA,NA,-4.0,105\n"
)
TICKERS = (
    '{"ts_iso": "2024-10-24T02:30:00+00:00", "kalshi_ts": 1729737000, "event_ticker": "E",'
    ' "market_ticker": "KXNBAGAME-24OCT23PHXLAC-LAC", "price_prob": 0.46, "yes_bid_prob": 0.45,'
    ' "yes_ask_prob": 1.0, "volume": 80998, "open_interest": 78674, "status": null}\n'
)
FRAMES = (
    '{"received_ms":1786085188416,"frame":{"type":"subscribed","id":2,"msg":'
    '{"channel":"orderbook_delta","sid":1}}}\n'
    '{"received_ms":1786085188417,"frame":{"type":"ok", "id":4,"sid":1,"seq":1,"msg":'
    '{"market_tickers":["A"]}}}\n'
)
EVENTS = (
    '{"recv_ns":1,"conn":0,"type":"watch_market","seq":null,"msg":{"close_time":"2026-05-14T04:45:00Z",'
    '"market_ticker":"K","status":"active","strike":79291.54}}\n'
    '{"recv_ns":2,"conn":1,"type":"ws_connected","seq":null,"msg":{"market_ticker":"K"}}\n'
    '{"recv_ns":3,"conn":1,"type":"ws_subscribed","seq":null,"msg":{"id":1,"msg":'
    '{"channel":"orderbook_delta",'
    '"sid":7},"type":"subscribed"}}\n'
    '{"recv_ns":4,"conn":1,"type":"orderbook_delta","seq":2,"msg":{"delta_fp":"-17.00","market_ticker":"K",'
    '"price_cents":37,"price_dollars":"0.3700","side":"no"}}\n'
    '{"recv_ns":5,"conn":1,"type":"ws_heartbeat","seq":null,"msg":{}}\n'
    '{"recv_ns":6,"conn":1,"type":"ws_disconnected","seq":null,"msg":{}}\n'
)
GOOD = {
    "nba-states": STATES,
    "nba-polls": POLLS,
    "kalshi-candles": CANDLES,
    "odds-moneyline": MONEYLINES,
    "odds-spreads": SPREADS,
    "kalshi-ticker": TICKERS,
    "kalshi-frames": FRAMES,
    "kalshi-events": EVENTS,
    "kalshi-results": "ticker,result,settled_at\nKXNBAGAME-24OCT23PHXLAC-LAC,no,2024-10-24T05:10:00Z\n",
}


ELSEWHERE = {
    *("kalshi-markets", "kalshi-trades"),
    *("nba-boxscore", "nba-clock", "nba-plays"),
    "odds-api",
}
"""Kinds that the test modules of their own readers try."""


def spec(folder: Path, kind: str, text: str | None = None, name: str = "") -> ImportSpec:
    path = folder / f"{name or kind}.source"
    path.write_text(GOOD[kind] if text is None else text)
    return ImportSpec(kind, path)


def imported(folder: Path, *specs: ImportSpec) -> list[tuple[Line, tuple[VenueEvent, ...]]]:
    import_files(specs, folder / "out")
    translate = translator().translate
    return [(line, translate(line)) for line in read(folder / "out")]


def events(folder: Path, *specs: ImportSpec) -> list[VenueEvent]:
    return [event for _, found in imported(folder, *specs) for event in found]


def test_every_kind_has_a_description_and_is_tried() -> None:
    assert set(KINDS) == {*GOOD, *ELSEWHERE}
    assert all(kind.description for kind in KINDS.values())


def test_states_are_put_in_order_and_belong_to_the_evening_they_began_in(tmp_path: Path) -> None:
    seen, *scores = events(tmp_path, spec(tmp_path, "nba-states"))
    tip = timestamps.from_text("2024-10-24T02:17:17.2Z")
    assert seen == GameSeen("2024-10-23/PHX@LAC", "2024-10-23", "PHX", "LAC", tip, False, tip)
    assert [score.phase for score in scores if isinstance(score, ScoreSeen)] == [
        GamePhase.LIVE,
        GamePhase.HALFTIME,
        GamePhase.FINAL,
    ]
    last = scores[-1]
    assert isinstance(last, ScoreSeen)
    assert (last.game, last.period, last.clock_ms, last.home, last.away) == (seen.game, 5, 0, 113, 116)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_an_import_tells_how_far_it_is_by_the_bytes_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(files, "LINES_PER_WORD", 2)
    path = tmp_path / "states.csv"
    path.write_bytes(pack(STATES.encode()))
    heard: list[tuple[str, int, int]] = []
    import_files([ImportSpec("nba-states", path)], tmp_path / "out", told=lambda *said: heard.append(said))
    assert [(what, done) for what, done, _ in heard] == [
        *(("looking into states.csv", lines) for lines in (2, 4)),
        *(("reading states.csv", lines) for lines in (2, 4)),
        *(("writing out", lines) for lines in (1, 2, 3)),
    ]
    # A file this small is read at once, so all its bytes, or nearly all, made every line.
    assert all(done <= total <= done * 2 for _, done, total in heard[:4])
    assert {total for _, _, total in heard[4:]} == {3}


def test_polls_learn_who_plays_from_another_file_of_the_import(tmp_path: Path) -> None:
    specs = spec(tmp_path, "nba-polls"), spec(tmp_path, "kalshi-candles")
    found = events(tmp_path, *specs)
    (seen,) = [event for event in found if isinstance(event, GameSeen)]
    assert (seen.game, seen.tip_at) == ("2024-10-23/PHX@LAC", None)
    scores = [event for event in found if isinstance(event, ScoreSeen)]
    assert [(score.game, score.period, score.clock_ms) for score in scores] == [
        ("2024-10-23/PHX@LAC", 1, 570_000),
        ("2024-10-23/PHX@LAC", 5, 180_000),
    ]


def test_polls_of_unknown_games_keep_the_leagues_number_and_say_so(tmp_path: Path) -> None:
    report = import_files([spec(tmp_path, "nba-polls")], tmp_path / "out")
    assert report.files[0].notes == ("who plays game 0022400071 is not in any file of this import",)
    found = [event for line in read(tmp_path / "out") for event in translator().translate(line)]
    assert [event.game for event in found if isinstance(event, ScoreSeen)] == ["nba:0022400071"] * 2


def test_a_candle_is_quoted_a_cent_either_side_of_its_close_and_marked(tmp_path: Path) -> None:
    first, second = events(tmp_path, spec(tmp_path, "kalshi-candles"))
    ticker, at = "KXNBAGAME-24OCT23PHXLAC-LAC", Nanos(1_729_736_280_000_000_000)
    assert first == QuoteSeen(
        ticker, Price(3100), Price(3300), None, None, Price(3200), at, at, pseudo=True, sole=True
    )
    assert isinstance(second, QuoteSeen)
    assert (second.yes_bid, second.yes_ask) == (9800, None)


def test_minutes_without_a_trade_are_left_out_and_counted(tmp_path: Path) -> None:
    report = import_files([spec(tmp_path, "kalshi-candles")], tmp_path / "out")
    (file,) = report.files
    assert (file.rows, file.lines, file.unused) == (4, 2, {Unused.NO_TRADE: 1})


def test_a_ticker_row_is_kept_verbatim_and_is_all_its_source_knows(tmp_path: Path) -> None:
    ((line, (quote,)),) = imported(tmp_path, spec(tmp_path, "kalshi-ticker"))
    assert line.body == TICKERS.rstrip("\n")
    assert isinstance(quote, QuoteSeen)
    assert (quote.yes_bid, quote.yes_ask, quote.last, quote.sole, quote.pseudo) == (
        4500,
        None,
        4600,
        True,
        False,
    )


def test_moneylines_of_both_sides_meet_and_become_american(tmp_path: Path) -> None:
    seen, *odds = events(tmp_path, spec(tmp_path, "odds-moneyline"))
    assert isinstance(seen, GameSeen)
    assert seen.game == "2024-10-23/PHX@LAC"
    assert [
        (found.vendor, found.moneyline_home, found.moneyline_away)
        for found in odds
        if isinstance(found, OddsSeen)
    ] == [("fanduel", -200, 185), ("betmgm", -1111, None)]


def test_spreads_belong_to_the_last_day_on_which_the_game_was_listed(tmp_path: Path) -> None:
    found = events(tmp_path, spec(tmp_path, "odds-spreads"))
    odds = [event for event in found if isinstance(event, OddsSeen)]
    assert {event.game for event in odds} == {"2024-10-23/PHX@LAC"}
    assert [(event.spread_home, event.spread_home_odds, event.spread_away_odds) for event in odds] == [
        (Tenths(45), -110, -110),
        (Tenths(40), None, 105),
    ]
    assert odds[0].at == timestamps.from_text("2024-10-22T22:00:00Z")
    assert len([event for event in found if isinstance(event, GameSeen)]) == 2


def test_frames_stay_as_they_were_to_the_letter(tmp_path: Path) -> None:
    lines = [line for line, _ in imported(tmp_path, spec(tmp_path, "kalshi-frames"))]
    assert [(line.source, line.conn, line.what) for line in lines] == [
        ("kalshi.ws", 1, "connected"),
        ("kalshi.ws", 1, "subscribed"),
        ("kalshi.ws", 1, "ok"),
    ]
    assert lines[2].body == '{"type":"ok", "id":4,"sid":1,"seq":1,"msg":{"market_tickers":["A"]}}'
    assert lines[2].at == 1_786_085_188_417_000_000


def test_a_recorders_events_become_frames_without_its_own_keys(tmp_path: Path) -> None:
    found = imported(tmp_path, spec(tmp_path, "kalshi-events"))
    assert [line.what for line, _ in found] == [
        "kalshi-events",
        "connected",
        "subscribed",
        "orderbook_delta",
        "lost",
    ]
    assert json.loads(found[3][0].body) == {
        "type": "orderbook_delta",
        "sid": 7,
        "seq": 2,
        "msg": {"delta_fp": "-17.00", "market_ticker": "K", "price_dollars": "0.3700", "side": "no"},
    }
    kinds = [type(event) for _, events_ in found for event in events_]
    assert kinds[:3] == [MarketStatusChanged, CloseTimeChanged, FeedConnected]
    assert kinds[-1] is FeedLost


def test_connections_of_several_files_do_not_meet(tmp_path: Path) -> None:
    first = spec(tmp_path, "kalshi-events", name="a")
    second = spec(tmp_path, "kalshi-events", name="b")
    lines = [line for line, _ in imported(tmp_path, first, second)]
    assert {line.conn for line in lines} == {0, 1, 2}


def test_several_files_become_one_evening_in_the_order_of_time(tmp_path: Path) -> None:
    specs = [spec(tmp_path, kind) for kind in GOOD]
    report = import_files(specs, tmp_path / "out")
    lines = list(read(tmp_path / "out"))
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert [line.seq for line in lines] == list(range(1, report.lines + 1))
    assert (report.first_at, report.last_at) == (lines[0].at, lines[-1].at)
    games = {
        event.game
        for line in lines
        for event in translator().translate(line)
        if isinstance(event, GameSeen | ScoreSeen | OddsSeen)
    }
    assert games == {"2024-10-23/PHX@LAC"}


def skippable(data: bytes) -> bytes:
    """A zstd file that begins with two frames for others, as those with an index or a signature do."""
    head = b"".join(struct.pack("<II", magic, 3) + b"abc" for magic in (0x184D2A50, 0x184D2A5F))
    return head + zstd.compress(data)


@pytest.mark.parametrize(
    "pack",
    [
        lambda data: data,
        gzip.compress,
        zstd.compress,
        lzma.compress,
        bz2.compress,
        skippable,
        lambda data: zstd.compress(data[:100]) + zstd.compress(data[100:]),
    ],
)
def test_plain_and_compressed_files_are_read_alike(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    path = tmp_path / "states"
    path.write_bytes(pack(("\ufeff" + STATES).encode()))
    assert import_files([ImportSpec("nba-states", path)], tmp_path / "out").lines == 3


FAULTS = [
    ("nba-states", STATES.replace("LAC,PHX,1", "LAC,XXX,1"), "line 4: .*is PHX at LAC in the rows before"),
    ("nba-states", STATES.replace("PHX", "XXX"), "line 2: .*'XXX' is no team"),
    ("nba-states", STATES.replace("2024-10-24T05:04:17Z", "late"), "line 3: .*moment"),
    ("nba-states", STATES.replace("score_home", "points"), "line 1: no column score_home"),
    ("nba-states", STATES + "2024-10-24T05:04:18Z,0022400071\n", "line 5: 2 cells"),
    ("nba-states", STATES + '"never closed\n', "line 5"),
    ("nba-states", "", "no column"),
    ("nba-states", STATES.split("\n", maxsplit=1)[0] + "\n", "nothing in it"),
    ("kalshi-candles", CANDLES.replace("1729736280", "noon"), "line 3: .*Unix seconds"),
    ("kalshi-ticker", TICKERS.replace("0.45", "0.45001"), "line 1"),
    ("kalshi-ticker", TICKERS + TICKERS[:40] + "\n", "line 2"),
    ("kalshi-ticker", STATES, "line 1"),
    ("kalshi-frames", FRAMES + '{"received_ms":1}\n', "line 3: .*frame"),
    ("kalshi-frames", EVENTS, "line 1"),
    ("kalshi-frames", '{"received_ms":1,"frame":[1]}\n', "line 1"),
    ("kalshi-events", FRAMES, "line 1"),
    ("kalshi-events", EVENTS.replace('"msg":{"delta_fp"', '"msg":["delta_fp"'), "line 4"),
    ("odds-moneyline", MONEYLINES.replace("1,Phoenix Suns", "1,Suns"), "line 2: .*neither home nor away"),
    ("odds-moneyline", MONEYLINES.replace("24OCT23PHXLAC", "24OCT23LACPHX"), "line 2: .*is not PHX at LAC"),
    ("odds-spreads", SPREADS.replace("LA Clippers", "Clippers"), "line 2: .*no team"),
    ("odds-spreads", SPREADS.replace("2024-10-23", "yesterday"), "line 3: .*not a date"),
]


LEFT_OUT = [
    ("nba-states", STATES.replace("720.0", "soon"), 2, "line 4: .*soon"),
    ("nba-states", STATES.replace("720.0", "inf"), 2, "line 4: "),
    ("nba-states", STATES.replace("720.0", "NA"), 2, "line 4: "),
    ("nba-polls", POLLS.replace("110,110", "x,110"), 1, "line 3: "),
    ("kalshi-candles", CANDLES.replace("32,45", "132,45"), 1, "line 3: .*132 cents"),
    ("kalshi-candles", CANDLES.replace("32,45", "32.3000000001,45"), 1, "line 3: .*finer"),
    ("kalshi-candles", CANDLES.replace("32,45", "1e999999999,45"), 1, "line 3: .*not a price"),
    ("kalshi-candles", CANDLES.replace("32,45", "NaN,45"), 1, "line 3: .*not a price"),
    ("kalshi-ticker", TICKERS.replace("0.45", "0.45001") + TICKERS, 1, "line 1: "),
    ("kalshi-ticker", TICKERS + TICKERS.replace("0.45", '"NA"'), 1, "line 2: "),
    ("odds-moneyline", MONEYLINES.replace("2.85", "0.85"), 1, "line 2: .*fanduel.*decimal odds"),
    ("odds-moneyline", MONEYLINES.replace("2.85", "1.0"), 1, "line 2: .*fanduel.*decimal odds"),
    ("odds-moneyline", MONEYLINES.replace("2.85", "evens"), 1, "line 2: .*fanduel"),
    ("odds-spreads", SPREADS.replace("105", "5"), 2, "line 3: .*away_price_american.*American"),
    ("odds-spreads", SPREADS.replace("105", "1.0"), 2, "line 3: .*away_price_american.*American"),
    ("odds-spreads", SPREADS.replace("-4.0", "four"), 2, "line 3: .*away_point"),
]


@pytest.mark.parametrize("kind, text, lines, told", LEFT_OUT)
def test_a_cell_that_makes_no_sense_is_left_out_and_counted_and_never_the_file(
    tmp_path: Path, kind: str, text: str, lines: int, told: str
) -> None:
    report = import_files([spec(tmp_path, kind, text)], tmp_path / "out")
    (file,) = report.files
    assert (file.lines, file.refused) == (lines, 1)
    (note,) = [note for note in file.notes if "left out" in note]
    assert re.match(told, note)


def test_the_other_prices_of_the_row_are_taken(tmp_path: Path) -> None:
    text = MONEYLINES.replace("2.85", "1.0").replace(",,Phoenix", ",NA,Phoenix")
    found = events(tmp_path, spec(tmp_path, "odds-moneyline", text))
    odds = [event for event in found if isinstance(event, OddsSeen)]
    assert [(each.vendor, each.moneyline_home, each.moneyline_away) for each in odds] == [
        ("fanduel", -200, None),
        ("betmgm", -1111, None),
    ]


def test_of_many_refusals_the_first_are_told_and_all_are_counted(tmp_path: Path) -> None:
    bad = CANDLES.splitlines()[2].replace("32,45", "132,45") + "\n"
    report = import_files([spec(tmp_path, "kalshi-candles", CANDLES + bad * 50)], tmp_path / "out")
    assert (report.files[0].refused, len(report.files[0].notes)) == (50, 3)


def test_a_close_between_cents_is_a_price(tmp_path: Path) -> None:
    text = CANDLES.replace("32,45", "32.5,45")
    first = events(tmp_path, spec(tmp_path, "kalshi-candles", text))[0]
    assert isinstance(first, QuoteSeen)
    assert (first.yes_bid, first.last, first.yes_ask) == (3150, 3250, 3350)


BARE = (
    '{"type":"subscribed","id":2,"msg":{"channel":"orderbook_delta","sid":1}}\n'
    '{"type":"orderbook_snapshot","sid":1,"seq":1,"msg":{"market_ticker":"A"}}\n'
    '{"type":"orderbook_delta", "sid":1,"seq":2,"msg":{"market_ticker":"A","price_dollars":"0.43",'
    '"delta_fp":"1.00","side":"yes","ts_ms":1786085188417}}\n'
    '{"type":"orderbook_delta","sid":1,"seq":3,"msg":{"market_ticker":"A","price_dollars":"0.43",'
    '"delta_fp":"1.00","side":"yes","ts_ms":1786085188400}}\n'
    '{"type":"ok","id":4,"sid":1,"seq":4,"msg":[{"ts_ms":5}]}\n'
)


def test_bare_frames_stand_at_the_venues_own_moments_and_in_their_order(tmp_path: Path) -> None:
    found = imported(tmp_path, spec(tmp_path, "kalshi-frames", BARE))
    assert [line.what for line, _ in found] == [
        "connected",
        "subscribed",
        "orderbook_snapshot",
        "orderbook_delta",
        "orderbook_delta",
        "ok",
    ]
    assert {line.at for line, _ in found} == {1_786_085_188_417_000_000}
    assert [line.body for line, _ in found][3] == BARE.splitlines()[2]
    assert [type(event) for _, said in found for event in said] == [
        FeedConnected,
        BookSnapshot,
        BookDelta,
        BookDelta,
        FeedSequenced,
    ]


def test_bare_frames_of_which_none_says_when_are_refused(tmp_path: Path) -> None:
    text = "".join(line + "\n" for line in BARE.splitlines()[:2])
    with pytest.raises(ImportFailed, match="line 2: no frame says when"):
        import_files([spec(tmp_path, "kalshi-frames", text)], tmp_path / "out")


@pytest.mark.parametrize("moment", ["1786085188416.75", '"1786085188416.75"', "1.78608518841675e12"])
def test_a_fraction_of_a_millisecond_is_exact(tmp_path: Path, moment: str) -> None:
    text = FRAMES.replace("1786085188416", moment)
    lines = [line for line, _ in imported(tmp_path, spec(tmp_path, "kalshi-frames", text))]
    assert lines[1].at == 1_786_085_188_416_750_000


def test_a_frame_may_stand_in_its_row_as_text(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in FRAMES.splitlines()]
    text = "".join(json.dumps(row | {"frame": json.dumps(row["frame"])}) + "\n" for row in rows)
    lines = [line for line, _ in imported(tmp_path, spec(tmp_path, "kalshi-frames", text))]
    assert [line.what for line in lines] == ["connected", "subscribed", "ok"]
    assert json.loads(lines[2].body) == rows[1]["frame"]


@pytest.mark.parametrize("moment", ["-1", "1e30", '"NaN"', '"soon"'])
def test_a_moment_that_is_none_is_an_error_with_its_line(tmp_path: Path, moment: str) -> None:
    text = FRAMES.replace("1786085188417", moment)
    with pytest.raises(ImportFailed, match="line 2: "):
        import_files([spec(tmp_path, "kalshi-frames", text)], tmp_path / "out")
    events_text = EVENTS.replace('"recv_ns":2', '"recv_ns":-2')
    with pytest.raises(ImportFailed, match="line 2: not a moment"):
        import_files([spec(tmp_path, "kalshi-events", events_text)], tmp_path / "out")


def test_an_exception_that_nobody_foresaw_is_a_refusal_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def surprised(text: str) -> Price:
        raise AssertionError(f"nobody foresaw {text}")

    monkeypatch.setattr("venues.importers.rows.price_of_cents", surprised)
    with pytest.raises(ImportFailed, match="line 3: AssertionError: nobody foresaw 32") as caught:
        import_files([spec(tmp_path, "kalshi-candles")], tmp_path / "out")
    assert isinstance(caught.value.__cause__, AssertionError)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind, text, complaint", FAULTS)
def test_a_mistake_is_one_error_with_its_place_and_nothing_is_left_behind(
    tmp_path: Path, kind: str, text: str, complaint: str
) -> None:
    good = spec(tmp_path, "kalshi-candles", name="good")
    bad = spec(tmp_path, kind, text)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ImportFailed, match=complaint) as caught:
        import_files([good, bad], tmp_path / "out")
    assert str(bad.path) in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "data, complaint",
    [
        (gzip.compress(STATES.encode(), mtime=0)[:-20], "cut off"),
        (gzip.compress(STATES.encode(), mtime=0)[:30] + b"\0" * 30, "read"),
        (zstd.compress(STATES.encode())[:-20], "cut off"),
        (lzma.compress(STATES.encode())[:-20], "cut off"),
        (bz2.compress(STATES.encode())[:-20], "cut off"),
        (bz2.compress(STATES.encode())[:30] + b"\0" * 60, "read"),
        (lzma.compress(STATES.encode())[:30] + b"\0" * 60, "read"),
        (STATES.encode() + b"\xff\xfe\n", "UTF-8"),
    ],
)
def test_a_damaged_file_is_one_error(tmp_path: Path, data: bytes, complaint: str) -> None:
    path = tmp_path / "states"
    path.write_bytes(data)
    with pytest.raises(ImportFailed, match=complaint):
        import_files([ImportSpec("nba-states", path)], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_file_a_wrong_kind_and_an_existing_target_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=r"absent.*no such file"):
        import_files([ImportSpec("nba-states", tmp_path / "absent")], tmp_path / "out")
    for text in ("nba-states", "nba-states=", "=file"):
        with pytest.raises(ImportFailed, match=r"KIND=FILE|not a kind"):
            parse_spec(text)
    with pytest.raises(ImportFailed, match="'curling' is not a kind"):
        parse_spec("curling=file")
    assert parse_spec("nba-polls=a=b") == ImportSpec("nba-polls", Path("a=b"))
    with pytest.raises(ImportFailed, match="exists already"):
        import_files([spec(tmp_path, "nba-states")], tmp_path)
    with pytest.raises(ImportFailed, match="no file given"):
        import_files([], tmp_path / "out")


@pytest.mark.parametrize(
    "text, american",
    [("2", 100), ("2.85", 185), ("1.5", -200), ("1.09", -1111), ("6.15", 515), ("1.005", -20_000)],
)
def test_decimal_odds_become_the_nearest_american_ones(text: str, american: int) -> None:
    assert american_of_decimal(text) == american
