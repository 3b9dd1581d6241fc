"""NautilusTrader over a file of frames: run by `benchmarks.nautilus` with the Python of its environment.

The file has one line a frame: its receive time in nanoseconds, a space, and the text as the venue sent it.
Frames become `OrderBookDeltas` (a level's new size, NO bids shown as asks), which a `BacktestEngine` with a
book of two sides a market (`L2_MBP`) plays. Each strategy reads the top of the book at every change and takes
0.01 contract at each thousandth. Prints as JSON the seconds of the processor from the first byte of the file
to the end of the run, those of them before the engine had its data, and what was seen and ordered.
"""

import argparse
import gc
import json
import os
import time
from pathlib import Path

import msgspec
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.model.currencies import USDC
from nautilus_trader.model.data import BookOrder, OrderBookDelta, OrderBookDeltas
from nautilus_trader.model.enums import (
    AccountType,
    AssetClass,
    BookAction,
    BookType,
    OmsType,
    OrderSide,
    RecordFlag,
    TimeInForce,
)
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import BinaryOption
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("KALSHI")
ORDER_EACH = 1_000
LAST = RecordFlag.F_LAST.value
OPENING = RecordFlag.F_SNAPSHOT.value
LOT = Quantity.from_str("0.01")


class DeltaBody(msgspec.Struct, frozen=True, gc=False):
    """What the venue says of one change of a level."""

    market_ticker: str
    price_dollars: str
    delta_fp: str
    side: str


class Delta(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="orderbook_delta"):
    """A frame with one change."""

    seq: int
    msg: DeltaBody


class SnapshotBody(msgspec.Struct, frozen=True):
    """A whole book as the venue sends it."""

    market_ticker: str
    yes_dollars_fp: list[tuple[str, str]] = []
    no_dollars_fp: list[tuple[str, str]] = []


class Snapshot(msgspec.Struct, frozen=True, tag_field="type", tag="orderbook_snapshot"):
    """A frame with a whole book."""

    seq: int
    msg: SnapshotBody


class Frames:
    """Frames into deltas of levels; it knows the books, for the venue tells by how much a level changes."""

    def __init__(self) -> None:
        """Everything that repeats is made once."""
        self.instruments: dict[str, InstrumentId] = {}
        self._decode = msgspec.json.Decoder(Delta | Snapshot).decode
        self._sizes: dict[tuple[str, str, str], int] = {}
        self._yes: dict[str, Price] = {}
        self._no: dict[str, Price] = {}

    def read(self, path: Path) -> list[OrderBookDeltas]:
        """The whole file."""
        made = []
        with path.open("rb") as lines:
            for line in lines:
                at, _, text = line.partition(b" ")
                frame = self._decode(text)
                heard = self._delta if isinstance(frame, Delta) else self._snapshot
                made.append(heard(frame, int(at)))
        return made

    def _delta(self, frame: Delta, at: int) -> OrderBookDeltas:
        body = frame.msg
        instrument = self._instrument(body.market_ticker)
        key = (body.market_ticker, body.side, body.price_dollars)
        size = self._sizes.get(key, 0) + _hundredths(body.delta_fp)
        self._sizes[key] = size
        action = BookAction.UPDATE if size > 0 else BookAction.DELETE
        order = self._order(body.side, body.price_dollars, max(size, 0))
        return OrderBookDeltas(
            instrument, [OrderBookDelta(instrument, action, order, LAST, frame.seq, at, at)]
        )

    def _snapshot(self, frame: Snapshot, at: int) -> OrderBookDeltas:
        body = frame.msg
        instrument = self._instrument(body.market_ticker)
        made = [OrderBookDelta(instrument, BookAction.CLEAR, None, OPENING, frame.seq, at, at)]
        for side, levels in (("yes", body.yes_dollars_fp), ("no", body.no_dollars_fp)):
            for price, count in levels:
                size = _hundredths(count)
                self._sizes[body.market_ticker, side, price] = size
                order = self._order(side, price, size)
                made.append(OrderBookDelta(instrument, BookAction.ADD, order, OPENING, frame.seq, at, at))
        last = made.pop()
        order = None if last.action == BookAction.CLEAR else last.order
        made.append(OrderBookDelta(instrument, last.action, order, OPENING | LAST, frame.seq, at, at))
        return OrderBookDeltas(instrument, made)

    def _instrument(self, ticker: str) -> InstrumentId:
        found = self.instruments.get(ticker)
        if found is None:
            found = self.instruments[ticker] = InstrumentId(Symbol(ticker), VENUE)
        return found

    def _order(self, side: str, text: str, size: int) -> BookOrder:
        prices = self._yes if side == "yes" else self._no
        price = prices.get(text)
        if price is None:
            value = float(text) if side == "yes" else 1.0 - float(text)
            price = prices[text] = Price(value, 4)
        return BookOrder(
            OrderSide.BUY if side == "yes" else OrderSide.SELL, price, Quantity(size / 100, 2), 0
        )


def _hundredths(text: str) -> int:
    return round(float(text) * 100)


class Looks(Strategy):
    """Reads the top at every change; each thousandth time it takes a little at the best ask."""

    def __init__(self, instruments: list[InstrumentId], number: int) -> None:
        """One of several, told apart by a number."""
        super().__init__(StrategyConfig(strategy_id=f"LOOKS-{number}", order_id_tag=str(number)))
        self.instruments = instruments
        self.seen = self.ordered = 0

    def on_start(self) -> None:
        """Hear every market."""
        for instrument in self.instruments:
            self.subscribe_order_book_deltas(instrument, book_type=BookType.L2_MBP)

    def on_order_book_deltas(self, deltas: OrderBookDeltas) -> None:
        """Look, and now and then order."""
        book = self.cache.order_book(deltas.instrument_id)
        book.best_bid_price()
        ask = book.best_ask_price()
        self.seen += 1
        if self.seen % ORDER_EACH == 0 and ask is not None:
            self.ordered += 1
            order = self.order_factory.limit(
                deltas.instrument_id, OrderSide.BUY, LOT, ask, time_in_force=TimeInForce.IOC
            )
            self.submit_order(order)


def _market(instrument: InstrumentId) -> BinaryOption:
    return BinaryOption(
        instrument_id=instrument,
        raw_symbol=instrument.symbol,
        outcome="Yes",
        description="pays one dollar if so",
        asset_class=AssetClass.ALTERNATIVE,
        currency=USDC,
        price_precision=4,
        price_increment=Price.from_str("0.0001"),
        size_precision=2,
        size_increment=LOT,
        activation_ns=0,
        expiration_ns=4_000_000_000_000_000_000,
        max_quantity=None,
        min_quantity=LOT,
        ts_event=0,
        ts_init=0,
    )


def main() -> None:
    """Measure one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", type=Path)
    parser.add_argument("strategies", type=int)
    given = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(bypass=False),
            run_analysis=False,
        )
    )
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=USDC,
        starting_balances=[Money(1_000_000, USDC)],
        book_type=BookType.L2_MBP,
    )
    gc.collect()
    began = time.process_time()
    frames = Frames()
    data = frames.read(given.frames)
    parsed = time.process_time() - began
    for instrument in frames.instruments.values():
        engine.add_instrument(_market(instrument))
    strategies = [Looks(list(frames.instruments.values()), number) for number in range(given.strategies)]
    if strategies:
        engine.add_strategies(strategies)
    engine.add_data(data)
    engine.run()
    seconds = time.process_time() - began
    told = {
        "seconds": seconds,
        "parsing": parsed,
        "frames": len(data),
        "seen": [strategy.seen for strategy in strategies],
        "orders": sum(strategy.ordered for strategy in strategies),
        "filled": sum(order.is_closed for order in engine.cache.orders()),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
