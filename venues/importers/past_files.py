"""Files with the venue's own REST rows: market objects and public trades, as somebody kept them.

Used by `venues.importers.evening`; the rows are read like those of a download.
"""

from collections import Counter
from collections.abc import Iterator

import msgspec

from venues import timestamps
from venues.importers.entries import Entry, Games
from venues.importers.files import SourceFile
from venues.importers.past_day import EVER, PastMarket, Reasons, market_lines, times_of
from venues.importers.past_rows import TRADES
from venues.refusals import REFUSABLE


class TradeMoment(msgspec.Struct, frozen=True):
    """When a trade was."""

    created_time: str


class KeptMarket(msgspec.Struct, frozen=True):
    """A market object, bare or as `market` of what its keeper wrote around it."""

    market: msgspec.Raw = msgspec.Raw()


_TRADE = msgspec.json.Decoder(TradeMoment)
_MARKET = msgspec.json.Decoder(KeptMarket)


def read_trades(file: SourceFile, _games: Games) -> Iterator[Entry]:
    """JSON rows of `GET /markets/trades`, in whatever order; the row is kept as it is."""
    for text in file.lines():
        try:
            at = timestamps.from_text(file.decode(_TRADE, text).created_time)
        except timestamps.MomentError as error:
            raise file.failed(str(error)) from error
        yield Entry(at, "import", 0, TRADES, f'{{"row":{text}}}')


def read_markets(file: SourceFile, _games: Games) -> Iterator[Entry]:
    """JSON objects of `GET /markets`: each is listed when it opened, and closes and pays if it has."""
    for text in file.lines():
        kept = bytes(file.decode(_MARKET, text).market)
        row = msgspec.Raw(kept or text.encode())
        left_out: Reasons = Counter()
        try:
            ticker = times_of(row).ticker
        except REFUSABLE as error:
            file.refuse(str(error))
            continue
        market = PastMarket(ticker=ticker, row=row, trades=(), candles=())
        yield from market_lines(market, EVER, left_out)
        for reason, count in left_out.items():
            for _ in range(count):
                file.refuse(reason.value)
