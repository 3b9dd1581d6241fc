"""The panes of the terminal view as tables: games, books, strategies, actors, journal, made from answers.

Called by `app` for every round. Pure. Words carry the meaning and colours only repeat it; moments are
UTC, as in every other command.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from engine.calendar import parse_time
from engine.leagues import league_of
from engine.tickers import TickerKind, read_ticker
from engine.units import NANOS_PER_SECOND, format_tenths
from tipoff.top.layout import BAD, GOOD, PLAIN, QUIET, WARN, Cell, Column, Row, Table
from tipoff.top.snapshot import Answers, Line, Seen

GAME_COLUMNS: Final = (
    Column("game", width=9),
    Column("score", width=7, right=True),
    Column("when", width=9),
    Column("markets", right=True, rank=2),
    Column("sportsbooks", right=True, rank=3),
    Column("remarks", flex=True, rank=1),
)
BOOK_COLUMNS: Final = (
    Column("market", width=10),
    Column("bid size", width=9, right=True, rank=3),
    Column("bid", width=6, right=True),
    Column("ask", width=6, right=True),
    Column("ask size", width=9, right=True, rank=2),
    Column("trust", width=7),
    Column("age", width=6, right=True),
    Column("status", width=6, rank=1),
    Column("ticker", rank=9),
)
STRATEGY_COLUMNS: Final = (
    Column("strategy", width=14),
    Column("state", width=5),
    Column("sig.", right=True, rank=-1),
    Column("ord.", right=True),
    Column("fills", right=True),
    Column("open", right=True, rank=-2),
    Column("at risk", width=7, right=True),
    Column("pess.", width=7, right=True),
    Column("base", width=7, right=True),
    Column("opt.", width=7, right=True),
    Column("fees", width=5, right=True, rank=2),
    Column("denied", right=True, rank=1),
)
ACTOR_COLUMNS: Final = (
    Column("actor", width=18),
    Column("state", width=8),
    Column("mailbox", width=8, right=True),
    Column("peak", right=True, rank=3),
    Column("restarts", right=True),
    Column("failures", right=True, rank=2),
    Column("age", width=6, right=True, rank=1),
    Column("last error", width=10, flex=True),
)
JOURNAL_COLUMNS: Final = (
    Column("seq", width=4, right=True, rank=1),
    Column("at", width=8),
    Column("by", width=10, rank=2),
    Column("what", width=20, flex=True),
)
TRUST_STYLES: Final = {"trusted": PLAIN, "crossed": BAD, "gapped": BAD}
STATE_STYLES: Final = {"running": PLAIN, "starting": WARN, "backoff": WARN, "stopping": WARN}
PHASES: Final = {"halftime": "half-time", "final": "final", "postponed": "postponed"}


def tables(seen: Seen) -> dict[str, Table]:
    """Every pane by its name, in the order of the keys 1 to 5."""
    makers: dict[str, Callable[[Answers], Table]] = {
        "games": games,
        "books": books,
        "strategies": strategies,
        "actors": actors,
        "journal": journal,
    }
    return {name: make(seen.answers) for name, make in makers.items()}


def games(answers: Answers) -> Table:
    """Who plays, how it stands, and what is odd about it."""
    rows = [
        Row(
            game["game"],
            (
                Cell(_teams(game)),
                Cell(game["score"] or "-"),
                Cell(when(game)),
                Cell(str(game["markets"])),
                Cell(str(game["sportsbooks"])),
                Cell(", ".join(_remarks(game)), WARN),
            ),
            _whole(game),
        )
        for game in answers.games
    ]
    return Table("Games", GAME_COLUMNS, tuple(rows), _empty(answers, "games", "no game was found yet"))


def books(answers: Answers) -> Table:
    """The best prices of the chosen game in YES dollars, and whether they may be believed."""
    at = answers.status.get("at")
    rows = [
        Row(
            market["ticker"],
            (
                Cell(market_name(market["ticker"])),
                Cell(_count(market["yes_bid_size"]), QUIET),
                Cell(market["yes_bid"] or "-"),
                Cell(market["yes_ask"] or "-"),
                Cell(_count(market["yes_ask_size"]), QUIET),
                Cell(market["trust"] or "none", TRUST_STYLES.get(market["trust"] or "", WARN)),
                Cell(_age(at, market["at"])),
                Cell(market["status"] or "-", PLAIN if market["status"] == "active" else WARN),
                Cell(market["ticker"], QUIET),
            ),
            _whole(market),
        )
        for market in answers.markets
    ]
    chosen = next((game for game in answers.games if game["game"] == answers.game), None)
    title = f"Books of {_teams(chosen)}" if chosen else "Books"
    return Table(title, BOOK_COLUMNS, tuple(rows), _empty(answers, "markets", "choose a game with markets"))


def strategies(answers: Answers) -> Table:
    """What each strategy did, has at risk and has earned, in three readings."""
    results = {line["strategy"]: line for line in answers.status.get("results", ())}
    rows = []
    for line in answers.status.get("strategies", ()):
        state, style = _switch(line)
        result = results.get(line["name"])
        band = (
            [signed(result["band"][key]) for key in ("pessimistic", "base", "optimistic")] if result else []
        )
        rows.append(
            Row(
                line["name"],
                (
                    Cell(line["name"]),
                    Cell(state, style),
                    *(Cell(str(line[key])) for key in ("signals", "orders", "fills", "open_orders")),
                    Cell(dollars(line["at_risk"])),
                    *(Cell(each, money_style(each)) for each in band or ["-"] * 3),
                    Cell(dollars(result["fees"]) if result else "-", QUIET),
                    Cell(str(sum(line["denied"].values()))),
                ),
                _whole({**line, "results": result}),
            )
        )
    return Table(
        "Strategies", STRATEGY_COLUMNS, tuple(rows), _empty(answers, "status", "no strategy is set up")
    )


def actors(answers: Answers) -> Table:
    """The tree, indented, with what waits and what was restarted."""
    rows = [
        Row(
            actor["address"],
            (
                Cell("  " * actor["depth"] + str(actor["address"]).rpartition("/")[2]),
                Cell(actor["state"], STATE_STYLES.get(actor["state"], BAD)),
                *_work(actor),
                Cell(actor["last_error"], BAD),
            ),
            _whole(actor),
        )
        for actor in answers.actors
    ]
    return Table("Actors", ACTOR_COLUMNS, tuple(rows), _empty(answers, "actors", "no actor is known"))


def journal(answers: Answers) -> Table:
    """The last committed facts in words, the newest below."""
    rows = [
        Row(
            str(fact["seq"]),
            (
                Cell(str(fact["seq"]), QUIET),
                Cell(fact["at"][11:19], QUIET),
                Cell(fact["owner"], QUIET),
                Cell(fact["text"]),
            ),
            f"#{fact['seq']}  {fact['at']}\n{fact['kind']} by {fact['owner']}, on input {fact['cause']}\n\n"
            f"{fact['text']}",
        )
        for fact in answers.journal
    ]
    return Table(
        "Journal", JOURNAL_COLUMNS, tuple(rows), _empty(answers, "journal", "nothing is committed yet")
    )


def when(game: Line) -> str:
    """Where a game stands: "tip 23:30" (UTC), "Q2 05:13", "OT1 00:42", "half-time", "final"."""
    phase, period, clock_ms = game["phase"], game["period"], game["clock_ms"]
    if phase in PHASES:
        return PHASES[phase]
    if phase == "live":
        return f"{league_of(game['game']).period_name(period)} {_clock(clock_ms)}"
    tip = game["tip_at"]
    return f"tip {tip[11:16]}" if tip else phase


def market_name(ticker: str) -> str:
    """A market in a few words: "DAL", "DAL by >4.5", "total >221.5"; else its ticker."""
    read = read_ticker(ticker)
    strike = "" if read.strike is None else f">{format_tenths(read.strike)}"
    match read.kind:
        case TickerKind.GAME if read.team:
            return f"{read.team} wins"
        case TickerKind.SPREAD:
            return f"{read.team} by {strike}"
        case TickerKind.TOTAL:
            return f"total {strike}"
        case _:
            return ticker.removeprefix("KX")


def dollars(money: str) -> str:
    """Dollars and cents."""
    return f"{Decimal(money):.2f}"


def signed(money: str) -> str:
    """Dollars and cents with their sign; nothing is neither plus nor minus."""
    rounded = round(Decimal(money), 2)
    return f"{rounded:+.2f}" if rounded else "0.00"


def money_style(text: str) -> str:
    """The colour that repeats a sign."""
    return {"+": GOOD, "-": BAD}.get(text[:1], PLAIN) if len(text) > 1 else PLAIN


def duration(seconds: int | None) -> str:
    """A time span in at most six characters: "42s", "5m07s", "13h05m", "12d03h"."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d{hours:02}h"
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"


def _empty(answers: Answers, method: str, otherwise: str) -> str:
    trouble = answers.troubles.get(method)
    return f"no answer: {trouble}" if trouble else otherwise


def _teams(game: Line) -> str:
    return f"{game['away']} @ {game['home']}" if game["away"] and game["home"] else str(game["game"])


def _remarks(game: Line) -> list[str]:
    found = [] if game["halted"] is None else [game["halted"].upper()]
    found += [] if game["matched"] else ["no box score"]
    return found + (["scores disagree"] if game["scores_disagree"] else [])


def _clock(clock_ms: int | None) -> str:
    if clock_ms is None:
        return "--:--"
    minutes, seconds = divmod(clock_ms // 1_000, 60)
    return f"{minutes:02}:{seconds:02}"


def _count(count: str | None) -> str:
    return count if count is not None else "-"


def _age(now: str | None, at: str | None) -> str:
    if now is None or at is None:
        return "-"
    return duration(max(0, datetime_seconds(now, at)))


def datetime_seconds(later: str, earlier: str) -> int:
    """Whole seconds between two moments as the daemon writes them."""
    return (parse_time(later) - parse_time(earlier)) // NANOS_PER_SECOND


def _switch(line: Line) -> tuple[str, str]:
    if line["quarantined"]:
        return "quarantined", BAD
    if not line["enabled"]:
        return "off", QUIET
    return (str(line["halted"]), WARN) if line["halted"] else ("on", PLAIN)


def _work(actor: Line) -> tuple[Cell, ...]:
    if actor["kind"] == "supervisor":
        return tuple(Cell("") for _ in range(5))
    waiting = actor["mailbox"]
    return (
        Cell(str(waiting)),
        Cell(str(actor["mailbox_peak"]), QUIET),
        Cell(str(actor["restarts"]), WARN if actor["restarts"] else PLAIN),
        Cell(str(actor["failures"]), WARN if actor["failures"] else PLAIN),
        Cell(duration(actor["age_seconds"]), QUIET),
    )


def _whole(line: Mapping[str, object]) -> str:
    """All of an answer, a line for each value."""
    return "\n".join(f"{key.replace('_', ' ')}: {_value(value)}" for key, value in line.items())


def _value(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)
