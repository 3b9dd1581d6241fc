"""Real recordings of the venue through the whole tree: the books come out as the venue itself quoted them.

The files and what is to be expected of them are described in the README beside them.

Covers: tipoff.replay.live_recording, tipoff.replay.session, tipoff.runs.market_records.
"""

import json
from collections import Counter
from pathlib import Path

import attrs
import pytest

from actors.runtime import Address
from engine.book import Book
from engine.events import Trust
from engine.units import MONEY_ZERO, Price, parse_price
from tests.stories.plays import Played, play
from tipoff.config.load import template
from tipoff.replay.session import VirtualSession
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import TradingSettings
from venues.importers.evening import ImportSpec, import_files
from venues.recordings.recorder import read

STREAMS = {
    "ws_orderbook_prod_mlb_wnba_20260807.jsonl.gz": ("kalshi-frames", 12, 245, 12),
    "ws_btc15m_prod_20260514T0431Z.jsonl.gz": ("kalshi-events", 1, 31_092, 2),
    "ws_btc15m_prod_20260515T0309Z.jsonl.gz": ("kalshi-events", 1, None, None),
}
"""File to kind, markets, deltas, snapshots."""


@pytest.fixture(scope="module")
def settings() -> TradingSettings:
    """The defaults, on every recorded market."""
    return trading_settings(at_its_word(template(schema())), every_market=True)


def replayed(path: Path, kind: str, settings: TradingSettings, folder: Path) -> Played:
    """Import one file and play it."""
    import_files([ImportSpec(kind, path)], folder / "recording")
    return play(read(folder / "recording"), settings)


def books_of(session: VirtualSession) -> dict[str, Book]:
    """Every market's book."""
    return {
        ticker: market.book for game in session.games().values() for ticker, market in game.markets.items()
    }


@pytest.mark.promise("recorded-stream-venue-gives")
@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_stream_gives_sound_books(
    shared: Path, settings: TradingSettings, tmp_path: Path, name: str
) -> None:
    kind, markets, deltas, snapshots = STREAMS[name]
    path = shared / "data" / "kalshi" / name
    played = replayed(path, kind, settings, tmp_path)
    found = books_of(played.session)
    assert len(found) == markets
    assert played.session.feed().gaps == 0
    assert played.session.feed().refused == {}
    assert all(book.negatives == 0 for book in found.values())
    assert all(book.trust is Trust.TRUSTED for book in found.values())
    if deltas is not None:
        assert sum(book.deltas for book in found.values()) == deltas
        assert sum(book.snapshots for book in found.values()) == snapshots
    assert played.store.tally.ledger.verify() == MONEY_ZERO


Top = tuple[Price | None, Price | None]
NEAR_LINES = 600
"""The two channels of the venue are not in step: a quote is looked for among the books of so many lines."""


@pytest.mark.promise("book-venue-quoted-moment")
@pytest.mark.parametrize(
    ("name", "quotes"),
    [("ws_btc15m_prod_20260514T0431Z.jsonl.gz", 325), ("ws_btc15m_prod_20260515T0309Z.jsonl.gz", 1)],
)
def test_the_book_is_what_the_venue_quoted_at_that_moment_and_crossed_only_in_passing(
    shared: Path, settings: TradingSettings, tmp_path: Path, name: str, quotes: int
) -> None:
    import_files([ImportSpec("kalshi-events", shared / "data" / "kalshi" / name)], tmp_path / "recording")
    lines = list(read(tmp_path / "recording"))
    tops: list[tuple[int | None, Top]] = []
    trusts: Counter[Trust] = Counter()
    book: list[Book] = []

    def watch(session: VirtualSession, number: int) -> None:
        if not book and number > 2:
            book.extend(books_of(session).values())
        if book:
            tops.append((book[0].venue_at, (book[0].yes_bid, book[0].yes_ask)))
            trusts[book[0].trust] += book[0].snapshots > 0
        else:
            tops.append((None, (None, None)))

    play(lines, settings, watch)
    quoted = [
        (number, json.loads(line.body)["msg"]) for number, line in enumerate(lines) if line.what == "ticker"
    ]
    agreeing = sum(
        agrees(quote, tops[max(0, number - NEAR_LINES) : number + NEAR_LINES]) for number, quote in quoted
    )
    assert (agreeing, len(quoted)) == (quotes, quotes)
    assert (+trusts).keys() <= {Trust.TRUSTED, Trust.CROSSED}
    assert trusts[Trust.CROSSED] <= len(lines) // 1_000


def agrees(quote: dict[str, str | int], near: list[tuple[int | None, Top]]) -> bool:
    """Whether the book had the quoted best prices at the quote's own time, by the venue's clock."""
    at = int(quote["ts_ms"]) * 1_000_000
    at_once = [top for venue_at, top in near if venue_at == at]
    before = [top for venue_at, top in near if venue_at is not None and venue_at <= at][-1:]
    top = parse_price(str(quote["yes_bid_dollars"])), parse_price(str(quote["yes_ask_dollars"]))
    return top in [*at_once, *before]


def test_the_ticker_stream_of_a_real_game_is_a_marked_book_of_quotes(
    shared: Path, settings: TradingSettings, tmp_path: Path
) -> None:
    name = "nba_ticker_stream_25NOV22LACCHA_CHA_until1900Z.jsonl.gz"
    played = replayed(shared / "data" / "kalshi" / name, "kalshi-ticker", settings, tmp_path)
    ((ticker, book),) = books_of(played.session).items()
    assert ticker == "KXNBAGAME-25NOV22LACCHA-CHA"
    assert book.pseudo
    assert book.snapshots == 2_717


@pytest.mark.promise("nobody-restarts-nothing-lost")
def test_nobody_restarts_and_nothing_is_lost_in_a_real_recording(
    shared: Path, settings: TradingSettings, tmp_path: Path
) -> None:
    path = shared / "data" / "kalshi" / "ws_orderbook_prod_mlb_wnba_20260807.jsonl.gz"
    played = replayed(path, "kalshi-frames", attrs.evolve(settings, strategies=()), tmp_path)
    system = played.session.system
    assert system.lives.restarts == 0
    assert system.dispatcher.dead_letters == 0
    assert all(each.refused == each.dropped == 0 for each in system.status())
    assert system.status_of(Address("exchange/paper_exchange")) is not None
