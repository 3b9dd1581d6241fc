"""The evidence on a terminal of eighty columns, in the report's order, from the document that JSON has."""

from collections.abc import Callable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from tipoff.json_types import Json
from tipoff.output import harmless_line
from tipoff.reports.grid import grid, wrapped
from tipoff.reports.numbers import (
    FEW,
    as_list,
    as_object,
    bounds,
    cents,
    estimate,
    expectation_cells,
    few_games,
    limits_in_words,
    number,
    part_cells,
    percent,
    verdict_sentences,
    wishes_in_words,
)
from tipoff.reports.readings import explained

Rows = Mapping[str, Mapping[str, Json]]


def evidence_screen(evidence: Mapping[str, Json]) -> RenderableType:
    """All sections; those of which nothing is known say so in a line."""
    strategies = as_object(evidence["strategies"])
    rows: Rows = {harmless_line(name): as_object(row) for name, row in strategies.items()}
    sections = [section(rows) for section in SECTIONS]
    few = [Text(f"{FEW}\n", "dim")] if few_games(rows) else []
    return Group(*(Text.assemble(section, "\n") for section in sections), *few, _provenance(evidence))


def verdicts(rows: Rows) -> Text:
    """One sentence a strategy, and before it what is known of its expectations if they are fiction."""
    text = Text()
    for name, row in rows.items():
        line = wrapped(f"{name}: {' '.join(verdict_sentences(row))}", "  ")
        text.append(line[: len(name) + 1], style="bold")
        text.append(line[len(name) + 1 :])
    return text


def money(rows: Rows) -> Text:
    """Profit and loss: fees as a column of their own, closed and open, least, base and most."""
    lines = [
        (
            name,
            (
                *(cents(row[key]) for key in ("fees", "realized", "unrealized")),
                *(cents(as_object(row["pnl"])[key]) for key in ("low", "base", "high")),
            ),
        )
        for name, row in rows.items()
    ]
    heads = ("strategy", "fees", "closed", "open", "low", "base", "high")
    text = grid("Profit and loss in dollars, after fees", heads, lines)
    for sentence in explained({name: as_object(row["pnl"]) for name, row in rows.items()}):
        text.append(wrapped(sentence, "  "), style="dim")
    return text


def ups_and_downs(rows: Rows) -> Text:
    """What the games were like."""
    lines = []
    for name, row in rows.items():
        ups = as_object(row["ups"])
        profit = as_object(ups.get("profit"))
        lines.append(
            (
                name,
                (
                    str(profit.get("games", 0)),
                    percent(profit.get("hit_rate")),
                    cents(profit.get("mean")),
                    cents(ups["drawdown"]),
                    str(ups["losing_run"]),
                    percent(ups["share_of_best_three"]),
                ),
            )
        )
    heads = ("strategy", "games", "won", "mean", "drawdown", "run", "best 3")
    text = grid("Games: won, mean result, deepest fall, longest losing run", heads, lines)
    text.append("best 3: the share of the profit that the best three games made\n", style="dim")
    return text


def forecasts(rows: Rows) -> Text:
    """Ours against the price at the same moment."""
    lines = []
    for name, row in rows.items():
        found = as_object(row["forecasts"])
        if found["compared"]:
            lines.append(
                (
                    name,
                    (
                        str(found["compared"]),
                        str(found["games"]),
                        number(found["brier"], 4),
                        number(found["brier_market"], 4),
                        estimate(found["brier_gain"], 4),
                        bounds(found["brier_gain"], 4),
                    ),
                )
            )
    heads = ("strategy", "n", "games", "ours", "price's", "gain", "95 % by game")
    return _known(
        lines, heads, "Forecasts: Brier score, one a market and game", "none has a result and a price"
    )


def closing(rows: Rows) -> Text:
    """Fills before the tip against the last price before it."""
    lines = []
    for name, row in rows.items():
        for what, value in as_object(row["closing"]).items():
            found = as_object(value)
            if found["fills"]:
                lines.append(
                    (
                        f"{name}, {what}",
                        (
                            str(found["fills"]),
                            str(found["missing"]),
                            estimate(found["mean"], 2, 100),
                            bounds(found["mean"], 2, 100),
                        ),
                    )
                )
    heads = ("strategy, close", "fills", "no close", "cents", "95 % by game")
    return _known(lines, heads, "Closing line value, cents a contract", "no fill before a tip has one")


def markouts(rows: Rows) -> Text:
    """What fills were worth later, before fees."""
    lines = []
    for name, row in rows.items():
        for side, points in as_object(row["markouts"]).items():
            found = [as_object(point) for point in as_list(points)]
            if not any(point["fills"] for point in found):
                continue
            numbers = [
                estimate(point["mean"], 2, 100) + (f" ({point['missing']})" if point["missing"] else "")
                for point in found
            ]
            lines.append((f"{name}, {side}", numbers))
    heads = ("strategy", "10 s", "1 min", "5 min", "15 min", "settlement")
    text = _known(lines, heads, "Markouts, cents a contract before fees", "no fill has a later price")
    if lines:
        text.append("in brackets: fills that could not be looked at\n", style="dim")
    return text


def expectations(rows: Rows) -> Text:
    """What was expected of fills and what they brought."""
    lines = []
    for name, row in rows.items():
        found = as_object(row["expectation"])
        if found["fills"]:
            lines.append((name, expectation_cells(found)))
    heads = ("strategy", "fills", "stated", "came", "gap", "95 % by game")
    return _known(lines, heads, "Expected and realized, cents a contract", "nobody stated what it expected")


def parts(rows: Rows) -> Text:
    """Where the money came from."""
    text = Text()
    for name, row in rows.items():
        lines = [(what, numbers) for what, *numbers in part_cells(row)]
        if lines:
            heads = (f"{name}", "fills", "games", "dollars", "cents each")
            text.append(grid("Where the money came from" if not text else "", heads, lines))
    return text or Text("Where the money came from: nothing was filled\n")


def limits(rows: Rows) -> Text:
    """Wishes that were refused, and what limits cost."""
    text = Text()
    text.append("Wishes\n", style="bold")
    for name, row in rows.items():
        wishes = as_object(row["wishes"])
        text.append(wrapped(f"{name}: {wishes_in_words(wishes)}. {limits_in_words(wishes) or ''}", "  "))
    return text


def extremes(rows: Rows) -> Text:
    """The best and the worst game of each."""
    lines = []
    for name, row in rows.items():
        for what in ("best", "worst"):
            found = as_object(as_object(row["ups"]).get(what))
            if found:
                lines.append((f"{name}, {what}", (str(found["game"]), cents(found["pnl"]))))
    return _known(lines, ("strategy", "game", "dollars"), "Best and worst game", "no game was traded")


def _known(
    lines: Sequence[tuple[str, Sequence[str]]], heads: tuple[str, ...], title: str, nothing: str
) -> Text:
    if not lines:
        text = Text()
        text.append(f"{title}: ", style="bold")
        return text.append(f"{nothing}\n")
    return grid(title, heads, [(name, tuple(numbers)) for name, numbers in lines])


def _provenance(evidence: Mapping[str, Json]) -> Text:
    text = Text()
    text.append("Where this comes from\n", style="bold")
    runs = [as_object(run) for run in as_list(evidence["runs"])]
    for run in runs[:PROVENANCE_MAX]:
        fills, assumed = run["fills"], run["assumed_fills"]
        words = (
            f"{run['run']}: {run['started_at']} to {run['last_at']}, version {run['version']}, "
            f"seed {run['seed']}, configuration {str(run['config_digest'])[:12]}, {run['bars']} bars, "
            f"{run['blind']} gaps, {assumed} of {fills} fills on assumed quotes, "
            f"chain {str(run['chain'])[:12]}{_moments(as_object(run['known']))}"
        )
        text.append(wrapped(words, "  "))
    if len(runs) > PROVENANCE_MAX:
        text.append(f"and {len(runs) - PROVENANCE_MAX} runs more; --json has them all\n")
    text.append("Paper results on recorded books: an upper bound of what could have been had.\n", style="dim")
    return text


def _moments(known: Mapping[str, Json]) -> str:
    """When imported rows could be known; nothing is said of what was heard live."""
    return "".join(f", moments of {kind} {word}" for kind, word in known.items())


PROVENANCE_MAX = 10
"""So many runs are told of on the screen."""

SECTIONS: tuple[Callable[[Rows], Text], ...] = (
    verdicts,
    money,
    forecasts,
    closing,
    markouts,
    expectations,
    parts,
    limits,
    ups_and_downs,
    extremes,
)
"""In the order in which a person should read them."""
