"""Every recorded file that the engine is fed with, through its importer, the recording and the translator."""

import csv
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from engine.book import Book
from engine.events import (
    BookDelta,
    BookSnapshot,
    FeedRefused,
    FeedSequenced,
    GamePhase,
    GameSeen,
    MarketDetermined,
    OddsSeen,
    QuoteSeen,
    ScoreSeen,
    Trust,
    VenueEvent,
)
from engine.sequence import NumberCheck, Sequence
from engine.tickers import parse_ticker
from engine.units import PRICE_ONE, Count, Price
from tipoff.sources.registry import translator
from venues.importers.evening import ImportSpec, import_files, parse_spec
from venues.recordings.recorder import read

FRAMES = "kalshi-frames=kalshi/ws_orderbook_prod_mlb_wnba_20260807.jsonl.gz"
LONG_SESSION = "kalshi-events=kalshi/ws_btc15m_prod_20260514T0431Z.jsonl.gz"
SHORT_SESSION = "kalshi-events=kalshi/ws_btc15m_prod_20260515T0309Z.jsonl.gz"
TICKER = "kalshi-ticker=kalshi/nba_ticker_stream_25NOV22LACCHA_CHA_until1900Z.jsonl.gz"
CANDLES = "kalshi-candles=kalshi/nba_candles_1m_sample.csv.gz"
POLLS = "nba-polls=nba/pbp/live_polls_2025-12-30_31.csv"
US_MONEYLINES = "odds-moneyline=nba/odds/us_books_moneyline_2025-10_2026-01.csv"
MANY_MONEYLINES = "odds-moneyline=nba/odds/many_books_moneyline_2026-03.csv"
SPREADS = "odds-spreads=nba/odds/us_books_spreads_2025-12_2026-02.csv.gz"
STATES = {
    "nba-states=nba/pbp/game_states_0022400061.csv.gz": (453, "2024-10-22/NYK@BOS", (4, 132, 109)),
    "nba-states=nba/pbp/game_states_0022400067.csv.gz": (568, "2024-10-23/CLE@TOR", (4, 106, 136)),
    "nba-states=nba/pbp/game_states_0022400071.csv.gz": (659, "2024-10-23/PHX@LAC", (5, 113, 116)),
}

Top = tuple[Price | None, Count, Price | None, Count]


def events_of(shared: Path, out: Path, *specs: str) -> list[VenueEvent]:
    """Import files, read the recording that comes of it, and translate it."""
    import_files([parse_spec(spec.replace("=", f"={shared}/data/", 1)) for spec in specs], out)
    translate = translator().translate
    events = [event for line in read(out) for event in translate(line)]
    assert not [event for event in events if isinstance(event, FeedRefused)]
    return events


@pytest.mark.promise("streams-replay-without-gap")
@pytest.mark.parametrize(
    "spec, counts, markets",
    [
        (FRAMES, {BookSnapshot: 12, BookDelta: 245, FeedSequenced: 11}, 12),
        (LONG_SESSION, {BookSnapshot: 2, BookDelta: 31_092, QuoteSeen: 325}, 1),
        (SHORT_SESSION, {BookSnapshot: 1, BookDelta: 208, QuoteSeen: 1}, 1),
    ],
)
def test_streams_replay_without_gap_or_negative_level(
    shared: Path, tmp_path: Path, spec: str, counts: dict[type, int], markets: int
) -> None:
    events = events_of(shared, tmp_path / "out", spec)
    found = Counter(type(event) for event in events)
    assert {kind: found[kind] for kind in counts} == counts
    sequence, books, trusts, heard = Sequence(), dict[str, Book](), Counter[Trust](), Counter[NumberCheck]()
    for event in events:
        if isinstance(event, BookDelta | BookSnapshot | FeedSequenced):
            heard[sequence.check(event.conn, event.sid, event.seq)] += 1
        if isinstance(event, BookSnapshot):
            books.setdefault(event.ticker, Book(event.ticker)).apply_snapshot(event)
        elif isinstance(event, BookDelta):
            assert books[event.ticker].apply_delta(event)
            trusts[books[event.ticker].trust] += 1
    assert set(heard) == {NumberCheck.FIRST, NumberCheck.NEXT}
    assert len(books) == markets
    assert all(book.negatives == book.old == book.dropped == 0 for book in books.values())
    assert trusts[Trust.TRUSTED] >= 0.999 * sum(trusts.values())
    assert all(book.trust is Trust.TRUSTED for book in books.values())


@pytest.mark.parametrize("spec, quotes", [(LONG_SESSION, 325), (SHORT_SESSION, 1)])
def test_every_separately_received_quote_equals_the_book_of_its_moment_with_sizes(
    shared: Path, tmp_path: Path, spec: str, quotes: int
) -> None:
    """A quote carries the venue's time; the book must have had that top at that time, by the venue's clock
    too.
    """
    book = Book("")
    tops: list[tuple[int, Top]] = []
    seen: list[tuple[int, QuoteSeen]] = []
    for event in events_of(shared, tmp_path / "out", spec):
        if isinstance(event, BookSnapshot):
            book.apply_snapshot(event)
        elif isinstance(event, BookDelta):
            book.apply_delta(event)
            assert event.at_venue is not None
            tops.append((event.at_venue, book.top()))
        elif isinstance(event, QuoteSeen):
            seen.append((len(tops), event))
    agreeing = 0
    for index, quote in seen:
        assert quote.at_venue is not None
        near = tops[max(0, index - 600) : index + 600]
        at_once = [top for at, top in near if at == quote.at_venue]
        before = [top for at, top in near if at <= quote.at_venue][-1:]
        assert quote.yes_bid_size is not None
        assert quote.yes_ask_size is not None
        top = quote.yes_bid, quote.yes_bid_size, quote.yes_ask, quote.yes_ask_size
        agreeing += top in [*at_once, *before]
    assert (agreeing, len(seen)) == (quotes, quotes)


def test_the_ticker_stream_of_an_nba_market(shared: Path, tmp_path: Path) -> None:
    quotes = events_of(shared, tmp_path / "out", TICKER)
    assert len(quotes) == 2_717
    for quote in quotes:
        assert isinstance(quote, QuoteSeen)
        assert quote.sole
        assert quote.yes_bid is not None
        assert quote.yes_ask is not None
        assert quote.yes_bid < quote.yes_ask
        assert quote.yes_bid % 100 == quote.yes_ask % 100 == 0


def test_the_candles_of_24_games(shared: Path, tmp_path: Path) -> None:
    quotes = [event for event in events_of(shared, tmp_path / "out", CANDLES) if isinstance(event, QuoteSeen)]
    assert len(quotes) == 21_778
    assert len({quote.ticker for quote in quotes}) == 24
    assert all(quote.pseudo and quote.sole and quote.last is not None for quote in quotes)
    assert all(parse_ticker(quote.ticker).league for quote in quotes)
    assert all((quote.yes_bid or 0) < (quote.yes_ask or PRICE_ONE) for quote in quotes)


@pytest.mark.parametrize("spec", STATES)
def test_the_plays_of_three_games(shared: Path, tmp_path: Path, spec: str) -> None:
    rows, reference, final = STATES[spec]
    seen, *scores = events_of(shared, tmp_path / "out", spec)
    assert isinstance(seen, GameSeen)
    assert seen.game == reference
    assert len(scores) == rows
    last = scores[-1]
    assert isinstance(last, ScoreSeen)
    assert (last.period, last.home, last.away) == final
    assert last.phase is GamePhase.FINAL
    assert [score.phase for score in scores if isinstance(score, ScoreSeen)].count(GamePhase.FINAL) == 1


def test_the_polls_of_six_running_games_in_which_a_score_went_down(shared: Path, tmp_path: Path) -> None:
    scores = [event for event in events_of(shared, tmp_path / "out", POLLS) if isinstance(event, ScoreSeen)]
    assert len(scores) == 344
    assert len({score.game for score in scores}) == 6
    charlotte = [score.home for score in scores if score.game == "nba:0022500462"]
    falls = [pair for pair in pairwise(charlotte) if pair[0] > pair[1]]
    assert falls == [(51, 50)]


def test_the_sportsbooks(shared: Path, tmp_path: Path) -> None:
    odds = [
        event
        for event in events_of(shared, tmp_path / "out", US_MONEYLINES, MANY_MONEYLINES, SPREADS)
        if isinstance(event, OddsSeen)
    ]
    assert len(odds) == 741 + 1_277 + 4_581
    assert {"draftkings", "fanduel", "betmgm", "pinnacle", "kalshi"} <= {event.vendor for event in odds}
    spreads = [event for event in odds if event.spread_home is not None]
    assert all(-475 <= (event.spread_home or 0) <= 475 for event in spreads)
    assert len(spreads) > 4_000


def test_everything_together_is_one_evening_whose_games_meet(shared: Path, tmp_path: Path) -> None:
    specs = [FRAMES, LONG_SESSION, TICKER, CANDLES, *STATES, POLLS, US_MONEYLINES, SPREADS]
    events = events_of(shared, tmp_path / "out", *specs)
    priced = {
        f"{ticker.date}/{ticker.away}@{ticker.home}"
        for ticker in (parse_ticker(event.ticker) for event in events if isinstance(event, QuoteSeen))
        if ticker.league
    }
    with_odds = {event.game for event in events if isinstance(event, OddsSeen)}
    assert len(priced) == 25
    assert len(priced & with_odds) >= 6


def test_the_results_of_27_playoff_games_are_derived_from_their_final_scores_as_they_were_settled(
    shared: Path, tmp_path: Path
) -> None:
    """The files name who won; the results are made of the last row of each game's plays."""
    folder = shared / "data" / "nba_joined"
    specs = [
        ImportSpec("kalshi-candles", folder / "po2025_candles_1m.csv.gz"),
        ImportSpec("nba-states", folder / "po2025_states.csv.gz"),
    ]
    report = import_files(specs, tmp_path / "out", "30")
    results = {
        event.ticker: event.value == PRICE_ONE
        for line in read(tmp_path / "out")
        for event in translator().translate(line)
        if isinstance(event, MarketDetermined)
    }
    with (folder / "po2025_games.csv").open(encoding="utf-8") as file:
        won = {row["ticker"]: row["side_won"] == "1" for row in csv.DictReader(file)}
    assert report.derived == len(won) == 27
    assert results == won
