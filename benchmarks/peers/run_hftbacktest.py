"""hftbacktest over a file of frames: run by `benchmarks.hftbacktest` with the Python of its environment.

The file is that of `run_nautilus`. Frames become one array of events a market, levels with their new size, NO
bids shown as asks. A loop waits for the next change, reads the top of a book (of each in turn: which one has
changed is not told), and takes 0.01 at each thousandth: as plain Python, or compiled by numba before the
clock starts. Prints as JSON
the seconds of the processor from the first byte of the file to the end, those of them for parsing, and what
was seen and ordered.
"""

# ruff: noqa: ANN401  the engine has no types

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from hftbacktest import (
    BUY_EVENT,
    DEPTH_CLEAR_EVENT,
    DEPTH_EVENT,
    EXCH_EVENT,
    LIMIT,
    LOCAL_EVENT,
    SELL_EVENT,
    BacktestAsset,
    HashMapMarketDepthBacktest,
)
from hftbacktest.types import event_dtype
from numba import njit

IOC = 3
FEED = 2
ORDER_EACH = 1_000
WAIT_NS = 10**18
LATENCY_NS = 10_000
WARM = 2_000
"""Frames on which the loop is tried first, so that compiling it is not measured."""


class Body(msgspec.Struct, frozen=True):
    """What the venue says of one change of a level, or of a whole book."""

    market_ticker: str
    price_dollars: str = ""
    delta_fp: str = ""
    side: str = ""
    yes_dollars_fp: list[tuple[str, str]] = []
    no_dollars_fp: list[tuple[str, str]] = []


class Frame(msgspec.Struct, frozen=True):
    """A frame that changes a book."""

    type: str
    msg: Body


Event = tuple[int, int, int, float, float, int, int, float]


class Books:
    """Frames into events; it knows the books, for the venue tells by how much a level changes."""

    def __init__(self) -> None:
        """Nothing is known."""
        self.events: dict[str, list[Event]] = defaultdict(list)
        self._sizes: dict[tuple[str, str, str], int] = {}

    def hear(self, at: int, frame: Frame) -> None:
        """One frame."""
        body = frame.msg
        if frame.type == "orderbook_delta":
            key = (body.market_ticker, body.side, body.price_dollars)
            size = self._sizes.get(key, 0) + round(float(body.delta_fp) * 100)
            self._level(at, key, size)
            return
        events = self.events[body.market_ticker]
        for side in (BUY_EVENT, SELL_EVENT):
            worst = 0.0 if side == BUY_EVENT else 1.0
            events.append(
                (DEPTH_CLEAR_EVENT | EXCH_EVENT | LOCAL_EVENT | side, at, at, worst, 0.0, 0, 0, 0.0)
            )
        for side, levels in (("yes", body.yes_dollars_fp), ("no", body.no_dollars_fp)):
            for price, count in levels:
                self._level(at, (body.market_ticker, side, price), round(float(count) * 100))

    def _level(self, at: int, key: tuple[str, str, str], size: int) -> None:
        self._sizes[key] = size
        ticker, side, text = key
        price, way = (float(text), BUY_EVENT) if side == "yes" else (1.0 - float(text), SELL_EVENT)
        kind = DEPTH_EVENT | EXCH_EVENT | LOCAL_EVENT | way
        self.events[ticker].append((kind, at, at, price, max(size, 0) / 100, 0, 0, 0.0))


def parsed(path: Path, most: int | None = None) -> list[Any]:
    """An array of events for each market."""
    decode = msgspec.json.Decoder(Frame).decode
    books = Books()
    with path.open("rb") as lines:
        for number, line in enumerate(lines):
            if number == most:
                break
            at, _, text = line.partition(b" ")
            books.hear(int(at), decode(text))
    return [np.array(events, dtype=event_dtype) for events in books.events.values()]


def look(engine: Any, markets: int, each: int) -> tuple[int, int]:
    """The loop: how many changes were seen, how many orders sent."""
    seen = ordered = market = 0
    while engine.wait_next_feed(False, WAIT_NS) == FEED:
        depth = engine.depth(market)
        ask = depth.best_ask
        seen += 1
        if depth.best_bid > 0.0 and ask < 1.0 and seen % each == 0:
            ordered += 1
            engine.submit_buy_order(market, ordered, ask, 0.01, IOC, LIMIT, False)
            engine.clear_inactive_orders(market)
        market = (market + 1) % markets
    return seen, ordered


def run(loop: Callable[..., tuple[int, int]], arrays: list[Any]) -> tuple[int, int]:
    """Play the events of all markets."""
    assets = [
        BacktestAsset()
        .data(array)
        .linear_asset(1.0)
        .constant_order_latency(LATENCY_NS, LATENCY_NS)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(0.0001)
        .lot_size(0.01)
        for array in arrays
    ]
    engine = HashMapMarketDepthBacktest(assets)
    found = loop(engine, len(arrays), ORDER_EACH)
    engine.close()
    return found


def main() -> None:
    """Measure one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", type=Path)
    parser.add_argument("loop", choices=("plain", "compiled"))
    given = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    loop = look if given.loop == "plain" else njit(look)
    run(loop, parsed(given.frames, WARM))
    began = time.process_time()
    arrays = parsed(given.frames)
    parsing = time.process_time() - began
    seen, ordered = run(loop, arrays)
    seconds = time.process_time() - began
    events = sum(len(array) for array in arrays)
    told = {"seconds": seconds, "parsing": parsing, "events": events, "seen": seen, "orders": ordered}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
