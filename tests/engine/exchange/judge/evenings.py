"""Evenings of the judge by kind of feed and lag: one seed each, counted in a table.

`python -m tests.engine.exchange.judge` prints it; `test_judge` plays a share of it in every run of the suite.
"""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable
from itertools import product
from random import Random
from typing import Final

import attrs

from engine.accounts import Accounts
from tests.engine.exchange.judge.feed import Feed, Mode
from tests.engine.exchange.judge.flow import WANTS, flow
from tests.engine.exchange.judge.play import Player, played
from tests.engine.exchange.judge.verdict import Fault, Verdict, judge

LAGS_MS: Final = (0, 40, 200)
PAUSES: Final = 0.1


@attrs.frozen
class Cell:
    """One kind of feed and its lag."""

    mode: Mode
    lag_ms: int

    @property
    def name(self) -> str:
        """As a row of the table says it."""
        return f"{self.mode.value}, {self.lag_ms} ms"


CELLS: Final = tuple(Cell(mode, lag) for mode, lag in product(Mode, LAGS_MS))


@attrs.frozen
class Evening:
    """What happened and what the judge says of it."""

    seed: str
    player: Player
    verdict: Verdict


def evening(cell: Cell, number: int) -> Evening:
    """Play one evening; the cell and the number are all of it."""
    return judged(feed_of(cell, number), number)


def feed_of(cell: Cell, number: int, wants: tuple[int, ...] = WANTS) -> Feed:
    """What is heard in an evening; in one of ten the market or the venue stands still for a while."""
    seed = f"{cell.name}/{number}"
    pauses = Random(f"{seed}/pauses").random() < PAUSES
    return Feed(flow(seed, pauses=pauses, wants=wants), cell.mode, cell.lag_ms, seed)


def judged(feed: Feed, number: int) -> Evening:
    """Let paper live through it, and ask the judge; every other evening on accounts of their own."""
    player = played(feed, number, Accounts.ISOLATED if number % 2 else Accounts.SHARED)
    return Evening(feed.seed, player, judge(feed.flow, player.facts))


@attrs.define
class Row:
    """What came of a cell's evenings."""

    evenings: int = 0
    kinder: Counter[Fault] = attrs.field(factory=Counter)
    numbers: list[int] = attrs.field(factory=list)
    """The evenings in which paper was kinder in some way, the first few."""
    base: int = 0
    truth: int = 0
    orders: int = 0
    behind: int = 0
    """Orders that the venue would have given something, and paper less."""

    def add(self, number: int, found: Evening) -> None:
        """Count one evening."""
        self.evenings += 1
        verdict = found.verdict
        self.kinder.update({finding.fault for finding in verdict.kinder})
        if verdict.kinder and len(self.numbers) < NUMBERS_MAX:
            self.numbers.append(number)
        self.base += verdict.base
        self.truth += verdict.truth
        for case in verdict.cases.values():
            truth = sum(stand.leg.total for stand in case.stands)
            self.orders += truth > 0
            self.behind += case.filled < truth

    def merge(self, other: "Row") -> None:
        """Take in another part of the same cell."""
        self.evenings += other.evenings
        self.kinder += other.kinder
        self.numbers = sorted(self.numbers + other.numbers)[:NUMBERS_MAX]
        self.base += other.base
        self.truth += other.truth
        self.orders += other.orders
        self.behind += other.behind


NUMBERS_MAX: Final = 5
CHUNK: Final = 50


def _chunk(task: tuple[Cell, int, int]) -> tuple[Cell, Row]:
    cell, begins, ends = task
    row = Row()
    for number in range(begins, ends):
        row.add(number, evening(cell, number))
    return cell, row


def table(evenings: int, cells: Iterable[Cell] = CELLS, processes: int | None = None) -> dict[Cell, Row]:
    """Play so many evenings of each cell, on all cores."""
    cells = tuple(cells)
    tasks = [
        (cell, begins, min(begins + CHUNK, evenings))
        for begins in range(0, evenings, CHUNK)
        for cell in cells
    ]
    rows = {cell: Row() for cell in cells}
    processes = processes or len(os.sched_getaffinity(0))
    if processes == 1:
        for cell, row in map(_chunk, tasks):
            rows[cell].merge(row)
        return rows
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for cell, row in pool.imap_unordered(_chunk, tasks):
            rows[cell].merge(row)
    return rows


HEADINGS: Final = {
    Fault.BASE_COUNT: "count",
    Fault.BASE_PRICE: "price",
    Fault.TWICE: "twice",
    Fault.SLOW_COUNT: "pess. count",
    Fault.SLOW_PRICE: "pess. price",
    Fault.BELOW: "opt. < base",
    Fault.ABOVE: "pess. > base",
}


def printed_table(rows: dict[Cell, Row]) -> str:
    """Evenings in which paper was kinder, by reading, and how far base stays behind."""
    total = Row()
    for row in rows.values():
        total.merge(row)
    total.numbers.clear()
    names = [f"{name:>13}" for name in HEADINGS.values()]
    lines = [f"{'feed':<26}{'evenings':>9}{''.join(names)}{'base/venue':>12}{'behind':>9}  seeds"]
    for name, row in [*((cell.name, row) for cell, row in rows.items()), ("in all", total)]:
        counts = "".join(f"{row.kinder[fault]:>13}" for fault in HEADINGS)
        share = f"{100 * row.base / max(row.truth, 1):.1f} %"
        behind = f"{100 * row.behind / max(row.orders, 1):.1f} %"
        numbers = " ".join(map(str, row.numbers))
        lines.append(f"{name:<26}{row.evenings:>9,}{counts}{share:>12}{behind:>9}  {numbers}")
    return "\n".join(lines)
