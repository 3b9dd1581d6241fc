"""How the simulator's evenings compare with real ones: the table of `docs/simulated_evenings.md`.

`python -m benchmarks.evenings DATA [--write]` measures both anew, DATA being the folder with `kalshi/` and
`nba_joined/`; with --write it puts the table into the page. Without DATA it measures the simulator only.
Nothing is fitted here: whoever changes the simulator sees in the table what became better and what worse, and
a test holds every line within what its last column says.
"""

import csv
import gzip
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from math import log
from pathlib import Path
from statistics import fmean, median, pstdev
from typing import Final

import attrs

from benchmarks.evening_measures import (
    Evening,
    Games,
    Minute,
    Top,
    autocorrelation,
    change_of_a_minute,
    continuation,
    lags,
    leads,
    minutes_of_a_game,
    moved,
    quiet_minutes,
    seconds_behind,
    share_within,
    spread,
    together,
    traded,
)
from engine.book import Book
from engine.events import BookDelta, BookSnapshot, GamePhase, ScoreSeen, TradePrinted
from engine.tickers import TickerKind, parse_ticker
from engine.units import COUNT_ONE, NANOS_PER_MILLISECOND, NANOS_PER_SECOND, Nanos
from tipoff.sources.registry import translator
from venues.importers.evening import ImportSpec, import_files
from venues.recordings.recorder import Line, read
from venues.simulator.evening import generate
from venues.simulator.world.play_by_play import Moment
from venues.simulator.world.settings import EveningSettings
from venues.simulator.world.world import World

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "simulated_evenings.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
TICKER: Final = "kalshi/nba_ticker_stream_25NOV22LACCHA_CHA_until1900Z.jsonl.gz"
FRAMES: Final = "kalshi/ws_orderbook_prod_mlb_wnba_20260807.jsonl.gz"
MINUTES: Final = "nba_joined/po2025_joined_1m.csv.gz"
TIP: Final = datetime(2025, 11, 22, 18, 11, tzinfo=UTC).timestamp()
"""LAC at CHA; the stream ends in the second quarter."""

BEFORE_TIP_S: Final = 7200
SEEDS: Final = tuple(range(1, 9))
WINDOWS_MS: Final = (50, 200, 500)


# What was real


def real_stream(data: Path) -> Evening:
    """LAC at CHA by the venue's ticker channel, which speaks at most once a second."""
    tops = []
    with gzip.open(data / TICKER, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            bid, ask = row["yes_bid_prob"], row["yes_ask_prob"]
            if bid is not None and ask is not None:
                tops.append(Top(row["kalshi_ts"], 100 * bid, 100 * ask))
    tops.sort(key=lambda top: top.at)
    before = [top for top in tops if TIP - BEFORE_TIP_S <= top.at < TIP]
    live = [top for top in tops if top.at >= TIP]
    return Evening(before=before, live=live, tip=TIP, ends_at=live[-1].at)


def real_minutes(data: Path) -> Evening:
    """27 playoff games by one-minute candles and plays."""
    games: dict[str, list[Minute]] = {}
    with gzip.open(data / MINUTES, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["kalshi_close_cents"]:
                traded = row["traded_this_minute"] == "1"
                volume = float(row["minute_volume"] or 0) if traded else 0.0
                minute = Minute(float(row["kalshi_close_cents"]), volume, int(row["lead_of_side"]))
                games.setdefault(row["game_id"], []).append(minute)
    return Evening(games=tuple(games.values()))


def real_frames(data: Path, out: Path) -> list[Evening]:
    """Eleven markets of baseball and one of the WNBA, before play, frame by frame for a minute."""
    import_files([ImportSpec("kalshi-frames", data / FRAMES)], out)
    found = _books(read(out)).values()
    return [Evening(before=tops, tip=ends_at) for tops, ends_at in found if len(tops) > 1]


def _books(lines: Iterable[Line]) -> dict[str, tuple[list[Top], float]]:
    """The tops of every market, and when its last frame came."""
    translate = translator().translate
    books: dict[str, Book] = {}
    tops: dict[str, tuple[list[Top], float]] = {}
    for line in lines:
        for event in translate(line):
            if not isinstance(event, BookSnapshot | BookDelta):
                continue
            book = books.setdefault(event.ticker, Book(event.ticker))
            book.apply_snapshot(event) if isinstance(event, BookSnapshot) else book.apply_delta(event)
            bid, bid_size, ask, ask_size = book.top()
            seen, _ = tops.setdefault(event.ticker, ([], 0.0))
            at = (event.at if event.at_venue is None else event.at_venue) / NANOS_PER_SECOND
            if bid is not None and ask is not None:
                sizes = bid_size / COUNT_ONE, ask_size / COUNT_ONE
                seen.append(Top(at, bid / 100, ask / 100, sizes))
            tops[event.ticker] = seen, at
    return tops


# What is simulated


def simulated(seed: int, *, edges: bool) -> Evening:
    """An evening of one game; of its markets the one of the home team's victory."""
    settings = EveningSettings(
        seed=seed, games=1, rungs=2, box_players=0, postponed=False, cancelled=False, edges=edges
    )
    lines = [
        Line(output.at, number, output.source, output.conn, output.what, output.body)
        for number, output in enumerate(generate(settings), start=1)
    ]
    translate = translator().translate
    scores: list[ScoreSeen] = []
    trades: dict[str, list[tuple[float, float, float]]] = {}
    for line in lines:
        for event in translate(line):
            if isinstance(event, ScoreSeen) and event.source == "balldontlie":
                scores.append(event)
            elif isinstance(event, TradePrinted):
                printed = (event.at / NANOS_PER_SECOND, event.price / 100, event.count / COUNT_ONE)
                trades.setdefault(event.ticker, []).append(printed)
    books = _books(lines)
    ticker = next(text for text in books if _wins_at_home(text))
    live = [score for score in scores if score.phase in (GamePhase.LIVE, GamePhase.HALFTIME)]
    tip, end = live[0].at / NANOS_PER_SECOND, live[-1].at / NANOS_PER_SECOND
    tops = books[ticker][0]
    return Evening(
        before=[top for top in tops if top.at < tip],
        live=[top for top in tops if tip <= top.at < end],
        tip=tip,
        ends_at=end,
        games=[list(_minutes(trades[ticker], World(settings).games[0].moments, tip, end))],
    )


def _wins_at_home(text: str) -> bool:
    ticker = parse_ticker(text)
    return ticker.kind is TickerKind.GAME and ticker.team == ticker.home


def _minutes(
    trades: Sequence[tuple[float, float, float]], played: Sequence[Moment], tip: float, end: float
) -> Iterator[Minute]:
    """Candles as the venue makes them, and the lead that the scorer had written by then."""
    minute, close = tip, 50.0
    while minute + 60 <= end:
        within = [(price, count) for at, price, count in trades if minute <= at < minute + 60]
        close = within[-1][0] if within else close
        written = [moment for moment in played if moment.at <= Nanos(round((minute + 60) * NANOS_PER_SECOND))]
        yield Minute(close, sum(count for _, count in within), written[-1].lead if written else 0)
        minute += 60


# The table


Evenings = Sequence[Evening]
Measure = Callable[[Evenings], float]


@attrs.frozen
class Near:
    """How far a simulated value may be from the real one: by so much, or by such a factor."""

    by: float | None = None
    factor: float | None = None

    def holds(self, real: float, simulated: float) -> bool:
        """Whether the simulated value is near enough."""
        if self.factor is not None:
            return real / self.factor <= simulated <= real * self.factor
        return abs(simulated - real) <= (self.by or 0.0)

    def __str__(self) -> str:
        return f"{self.by:g}" if self.factor is None else f"a factor of {self.factor:g}"


@attrs.frozen
class Compared:
    """A line of the table: what is measured, on which real data, how, how it is written, and what is near."""

    what: str
    where: str
    measure: Measure
    form: str
    near: Near


@attrs.frozen
class Measured:
    """A line of the table as measured."""

    compared: Compared
    real: float | None
    """None without data."""
    simulated: float
    plain: float
    """Without planted edges."""

    def holds(self) -> bool:
        """Whether both kinds of simulated evenings are near enough to the real ones."""
        if self.real is None:
            return True
        return all(self.compared.near.holds(self.real, value) for value in (self.simulated, self.plain))

    def cells(self) -> tuple[str, ...]:
        """As the page holds it."""
        values = (self.real, self.simulated, self.plain)
        texts = ("" if value is None else format(value, self.compared.form) for value in values)
        return f"{self.compared.what} (real: {self.compared.where})", *texts, str(self.compared.near)


def _spread_before(evenings: Evenings) -> float:
    return fmean(spread(each.before, each.tip) for each in evenings)


def _spread_live(evenings: Evenings) -> float:
    return fmean(spread(each.live, each.ends_at) for each in evenings)


def _changes_live(evenings: Evenings) -> float:
    return fmean(share_within(moved(each.live), each.tip, each.ends_at, 1.0) for each in evenings)


def _changes_before(milliseconds: int) -> Measure:
    seconds = milliseconds * NANOS_PER_MILLISECOND / NANOS_PER_SECOND

    def measure(evenings: Evenings) -> float:
        return fmean(
            share_within(moved(each.before), each.before[0].at, each.tip, seconds) for each in evenings
        )

    return measure


def _best_size(evenings: Evenings) -> float:
    return median(fmean(top.sizes) for each in evenings for top in each.before)


def _sizes_differ(evenings: Evenings) -> float:
    """Over markets and sides, as they stood last."""
    return pstdev(log(size) for each in evenings for size in each.before[-1].sizes)


def _of_minutes(measure: Callable[[Games], float]) -> Measure:
    return lambda evenings: measure([game for each in evenings for game in each.games])


STREAM, OTHERS, PLAYED = "one NBA game", "other sports, before play", "27 NBA games"
COMPARED: Final = (
    Compared("spread before the tip, cents", STREAM, _spread_before, ".2f", Near(by=0.15)),
    Compared("spread in play, cents", STREAM, _spread_live, ".2f", Near(by=0.2)),
    Compared(
        "a best price changes within 1 s of a random moment in play",
        STREAM,
        _changes_live,
        ".3f",
        Near(factor=1.3),
    ),
    *(
        Compared(
            f"the same before the tip, within {window} ms",
            OTHERS,
            _changes_before(window),
            ".4f",
            Near(factor=3),
        )
        for window in WINDOWS_MS
    ),
    Compared("contracts at a best price, median", OTHERS, _best_size, ".0f", Near(factor=6)),
    Compared(
        "standard deviation of their logarithm, of each side", OTHERS, _sizes_differ, ".2f", Near(by=1.2)
    ),
    *(
        Compared(what, PLAYED, _of_minutes(measure), form, near)
        for what, measure, form, near in (
            ("minutes from the tip to the final", minutes_of_a_game, ".0f", Near(factor=1.25)),
            ("share of minutes in play without a trade", quiet_minutes, ".3f", Near(by=0.05)),
            ("contracts in a minute with trades, median", traded, ".0f", Near(factor=1.5)),
            (
                "change of price between minutes with trades, cents",
                change_of_a_minute,
                ".2f",
                Near(factor=1.6),
            ),
            ("autocorrelation of these changes", autocorrelation, "+.3f", Near(by=0.2)),
            (
                "what follows in two minutes on a cent of a move of five or more in two",
                continuation,
                "+.3f",
                Near(by=0.15),
            ),
            ("correlation of lead and price, the price a minute earlier", leads, "+.3f", Near(by=0.1)),
            ("the same, in the same minute", together, "+.3f", Near(by=0.25)),
            ("the same, the price a minute later", lags, "+.3f", Near(by=0.12)),
            ("seconds of the price behind the scorer, by these two", seconds_behind, ".0f", Near(by=10)),
        )
    ),
)
"""Every line of the table, in order."""


def sides(data: Path | None, out: Path) -> list[Measured]:
    """Every line of the table, measured."""
    real: dict[str, Evenings] = {}
    if data is not None:
        real = {STREAM: [real_stream(data)], OTHERS: real_frames(data, out), PLAYED: [real_minutes(data)]}
    planted, plain = ([simulated(seed, edges=edges) for seed in SEEDS] for edges in (True, False))
    return [
        Measured(
            each,
            each.measure(real[each.where]) if real else None,
            each.measure(planted),
            each.measure(plain),
        )
        for each in COMPARED
    ]


def table(lines: Sequence[Measured]) -> str:
    """As the page holds it."""
    head = ["| measure | real | simulated | without planted edges | held within |", "|" + 5 * " --- |"]
    return "\n".join([*head, *(f"| {' | '.join(line.cells())} |" for line in lines), ""])


def on_page(text: str) -> str:
    """The table that stands on a page."""
    return text.partition(BEGIN)[2].partition(END)[0]


def main(arguments: Sequence[str]) -> int:
    """Print the table, and write it into the page if that is asked for."""
    data = Path(arguments[0]) if arguments else None
    with tempfile.TemporaryDirectory() as folder:
        made = table(sides(data, Path(folder) / "frames"))
    print(made)
    if data is not None and "--write" in arguments:
        text = PAGE.read_text("utf-8")
        before, begin, rest = text.partition(BEGIN)
        PAGE.write_text(f"{before}{begin}{made}{END}{rest.partition(END)[2]}", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
