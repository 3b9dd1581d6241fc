"""How the simulator's evenings compare with real ones: the table of `docs/simulated_evenings.md`.

`python -m benchmarks.evenings DATA [--write]` measures both anew, DATA being the folder with `kalshi/` and
`nba_joined/`; with --write it puts the table into the page. Without DATA it measures the simulator only.
Nothing is fitted here: whoever changes the simulator sees in the table what became better and what worse.
"""

import csv
import gzip
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import correlation, fmean, median
from typing import Final

import attrs

from engine.book import Book
from engine.events import BookDelta, BookSnapshot, GamePhase, ScoreSeen, TradePrinted
from engine.tickers import TickerKind, parse_ticker
from engine.units import COUNT_ONE, NANOS_PER_MILLISECOND, NANOS_PER_SECOND, Nanos
from tipoff.sources.registry import translator
from venues.importers.evening import ImportSpec, import_files
from venues.recordings.recorder import Line, read
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "simulated_evenings.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
TICKER: Final = "kalshi/nba_ticker_stream_25NOV22LACCHA_CHA_until1900Z.jsonl.gz"
FRAMES: Final = "kalshi/ws_orderbook_prod_mlb_wnba_20260807.jsonl.gz"
MINUTES: Final = "nba_joined/po2025_joined_1m.csv.gz"
TIP: Final = datetime(2025, 11, 22, 18, 11, tzinfo=UTC).timestamp()
"""LAC at CHA; the stream ends in the second quarter."""

BEFORE_TIP_S: Final = 7200
SEEDS: Final = (1, 2, 3)
WINDOWS_MS: Final = (50, 200, 500)
Row = tuple[str, ...]
"""What is measured, and its value on real evenings, on simulated ones, and on those without planted edges."""


@attrs.frozen
class Top:
    """Best prices in cents from a moment (s) on; sizes in contracts, None where the source has none."""

    at: float
    bid: float
    ask: float
    size: float | None = None


@attrs.frozen
class Minute:
    """A minute in play: the last close (cents), what was traded in it (contracts), the lead of YES's team."""

    close: float
    volume: float
    lead: int


Games = Sequence[Sequence[Minute]]


@attrs.frozen
class Evening:
    """What is measured: tops of a market before the tip and in play, and minutes of games."""

    before: Sequence[Top] = ()
    live: Sequence[Top] = ()
    tip: float = 0.0
    ends_at: float = 0.0
    games: Games = ()


def spread(tops: Sequence[Top], ends_at: float) -> float:
    """The mean distance of bid and ask in cents, each for as long as it stood."""
    stood = [(then.at - top.at, top) for top, then in pairwise([*tops, Top(ends_at, 0, 0)])]
    return sum(time * (top.ask - top.bid) for time, top in stood) / sum(time for time, _ in stood)


def moved(tops: Iterable[Top]) -> list[float]:
    """The moments at which a best price changed."""
    return [then.at for top, then in pairwise(tops) if (top.bid, top.ask) != (then.bid, then.ask)]


def share_within(changes: Sequence[float], begins: float, ends: float, seconds: float) -> float:
    """How likely a best price changes within so many seconds of a random moment."""
    covered, reached = 0.0, begins
    for change in changes:
        # The moments from which this change is near enough, less those that an earlier one covers already.
        covered += max(0.0, change - max(reached, change - seconds))
        reached = max(reached, change)
    return covered / (ends - begins)


def quiet_minutes(games: Games) -> float:
    """The share of minutes without a trade."""
    return fmean(minute.volume == 0 for game in games for minute in game)


def autocorrelation(games: Games) -> float:
    """Of the changes of one minute with those of the next, both with a trade."""
    pairs = [
        (second.close - first.close, third.close - second.close)
        for game in games
        for first, second, third in zip(game, game[1:], game[2:], strict=False)
        if first.volume and second.volume and third.volume
    ]
    return correlation([first for first, _ in pairs], [second for _, second in pairs])


def follows(games: Games, later: int) -> float:
    """Correlation of a minute's change of the lead with the change of price `later` minutes after it."""
    pairs = []
    for game in games:
        leads = [then.lead - minute.lead for minute, then in pairwise(game)]
        closes = [then.close - minute.close for minute, then in pairwise(game)]
        pairs += [
            (lead, closes[number + later])
            for number, lead in enumerate(leads)
            if 0 <= number + later < len(closes)
        ]
    return correlation([float(lead) for lead, _ in pairs], [close for _, close in pairs])


def change_of_a_minute(games: Games) -> float:
    """The mean size of the change of a close from one traded minute to the next, in cents."""
    return fmean(
        abs(then.close - minute.close)
        for game in games
        for minute, then in pairwise(game)
        if minute.volume and then.volume
    )


def traded(games: Games) -> float:
    """Contracts of a minute with trades, half of them more."""
    return median(minute.volume for game in games for minute in game if minute.volume)


def leads(games: Games) -> float:
    """Whether the price moves a minute before the score does."""
    return follows(games, -1)


def together(games: Games) -> float:
    """Whether price and score move in the same minute."""
    return follows(games, 0)


def lags(games: Games) -> float:
    """Whether the price moves a minute after the score."""
    return follows(games, 1)


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
                size = (bid_size + ask_size) / (2 * COUNT_ONE)
                seen.append(Top(at, bid / 100, ask / 100, size))
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
        games=[list(_minutes(trades[ticker], live, tip, end))],
    )


def _wins_at_home(text: str) -> bool:
    ticker = parse_ticker(text)
    return ticker.kind is TickerKind.GAME and ticker.team == ticker.home


def _minutes(
    trades: Sequence[tuple[float, float, float]], live: Sequence[ScoreSeen], tip: float, end: float
) -> Iterator[Minute]:
    """Candles as the venue makes them, and the lead that a poll had shown by then."""
    minute, close = tip, 50.0
    while minute + 60 <= end:
        within = [(price, count) for at, price, count in trades if minute <= at < minute + 60]
        close = within[-1][0] if within else close
        shown = [score for score in live if score.at <= Nanos(round((minute + 60) * NANOS_PER_SECOND))]
        lead = shown[-1].home - shown[-1].away if shown else 0
        yield Minute(close, sum(count for _, count in within), lead)
        minute += 60


# The table


Evenings = Sequence[Evening]
Measure = Callable[[Evenings], float]


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
    return median(top.size or 0.0 for each in evenings for top in each.before)


def _of_minutes(measure: Callable[[Games], float]) -> Measure:
    return lambda evenings: measure([game for each in evenings for game in each.games])


STREAM, OTHERS, PLAYED = "one NBA game", "other sports, before play", "27 NBA games"
MEASURES: Final[tuple[tuple[str, str, Measure, str], ...]] = (
    ("spread before the tip, cents", STREAM, _spread_before, ".2f"),
    ("spread in play, cents", STREAM, _spread_live, ".2f"),
    ("a best price changes within 1 s of a random moment in play", STREAM, _changes_live, ".3f"),
    *(
        (
            f"the same before the tip, within {window} ms",
            OTHERS,
            _changes_before(window),
            ".4f",
        )
        for window in WINDOWS_MS
    ),
    ("contracts at a best price, median", OTHERS, _best_size, ".0f"),
    ("share of minutes in play without a trade", PLAYED, _of_minutes(quiet_minutes), ".3f"),
    ("contracts in a minute with trades, median", PLAYED, _of_minutes(traded), ".0f"),
    ("change of price between minutes with trades, cents", PLAYED, _of_minutes(change_of_a_minute), ".2f"),
    ("autocorrelation of these changes", PLAYED, _of_minutes(autocorrelation), "+.3f"),
    ("correlation of lead and price, the price a minute earlier", PLAYED, _of_minutes(leads), "+.3f"),
    ("the same, in the same minute", PLAYED, _of_minutes(together), "+.3f"),
    ("the same, the price a minute later", PLAYED, _of_minutes(lags), "+.3f"),
)
"""What is measured, on which real data, how, and how it is written."""


def sides(data: Path | None, out: Path) -> list[Row]:
    """Every line of the table; without data the real column is empty."""
    real: dict[str, Evenings] = {}
    if data is not None:
        real = {STREAM: [real_stream(data)], OTHERS: real_frames(data, out), PLAYED: [real_minutes(data)]}
    made = [[simulated(seed, edges=edges) for seed in SEEDS] for edges in (True, False)]
    return [
        (
            f"{what} (real: {where})",
            format(measure(real[where]), form) if where in real else "",
            *(format(measure(evenings), form) for evenings in made),
        )
        for what, where, measure, form in MEASURES
    ]


def table(rows: Sequence[Row]) -> str:
    """As the page holds it."""
    lines = ["| measure | real | simulated | without planted edges |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


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
