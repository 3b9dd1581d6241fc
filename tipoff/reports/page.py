"""The report as one HTML page: charts inline, no script, no request to anybody, made to be read and printed.

A policy in the page forbids everything but its own style, so that whatever words of others stand in it can do
nothing even if an escape were forgotten. It follows the reader's choice of dark or light.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Final

from tipoff.json_types import Json
from tipoff.output import harmless_line
from tipoff.reports.charts import Bar, Dot, bars, calibration, line_with_band
from tipoff.reports.frame import chart_box, counted, none, section, table, text, whole_page
from tipoff.reports.numbers import (
    FEW,
    NOTHING,
    as_list,
    as_object,
    bounds,
    cents,
    enough,
    estimate,
    expectation_cells,
    few_games,
    horizon,
    limits_in_words,
    number,
    part_cells,
    percent,
    verdict_sentences,
    wishes_in_words,
)
from tipoff.reports.readings import explained

Rows = Mapping[str, Mapping[str, Json]]


def evidence_page(title: str, evidence: Mapping[str, Json]) -> str:
    """The whole page of an evidence document."""
    rows: Rows = {name: as_object(row) for name, row in as_object(evidence["strategies"]).items()}
    runs = [as_object(run) for run in as_list(evidence["runs"])]
    sections = [
        section("Verdict", _verdicts(rows)),
        section("Profit and loss", _money(rows)),
        section("Forecasts against the price", _forecasts(rows)),
        section("Closing line value", _closing(rows)),
        section("Markouts", _markouts(rows)),
        section("Expected and realized", _expectations(rows)),
        section("Where the money came from", _parts(rows)),
        section("Wishes and limits", _wishes(rows)),
        section("Games", _games(rows)),
        section("Where this comes from", _provenance(runs)),
    ]
    span = (
        f"{text(str(runs[0]['started_at'])[:10])} to {text(str(runs[-1]['last_at'])[:10])}: " if runs else ""
    )
    intro = (
        f"{span}{counted(evidence['games'], 'game')}, {counted(len(rows), 'strategy', 'strategies')}, "
        f"{counted(len(runs), 'run')}. "
        "Paper results on recorded books: an upper bound of what could have been had."
    )
    return whole_page(title, intro, sections)


def _verdicts(rows: Rows) -> str:
    found = []
    for name, row in rows.items():
        verdict, expected = as_object(row["verdict"]), as_object(row["expectation"])
        fiction = expected.get("honesty") == "fiction"
        kind = "fiction" if fiction else str(verdict["judgement"])
        found.append(
            f'<p class="verdict {text(kind)}"><strong>{text(name)}</strong> '
            f"{text(' '.join(verdict_sentences(row)))}</p>\n"
        )
    if few_games(rows):
        found.append(f'<p class="dim">{FEW}</p>\n')
    return "".join(found)


def _money(rows: Rows) -> str:
    lines = []
    for name, row in rows.items():
        pnl = as_object(row["pnl"])
        amounts = [cents(row[key]) for key in ("fees", "realized", "unrealized")]
        lines.append((name, *amounts, *(cents(pnl[key]) for key in ("low", "base", "high"))))
    heads = ("strategy", "fees", "closed", "open", "low", "base", "high")
    sentences = explained({name: as_object(row["pnl"]) for name, row in rows.items()})
    found = [table(heads, lines), f'<p class="dim">Dollars, after fees. {text(" ".join(sentences))}</p>\n']
    for name, row in rows.items():
        chart = _curve(name, as_list(row["curve"]), spaced=row["runs"] == 1)
        found.append(f"<h3>{text(name)}</h3>\n{chart_box(chart)}")
    return "".join(found)


def _curve(name: str, points: Sequence[Json], *, spaced: bool) -> str:
    """The curve over time, or, over several evenings with nothing between them, in equal steps."""
    rows = [as_list(point) for point in points]
    readings = [[float(str(row[place])) for row in rows] for place in (1, 2, 3)]
    # By value and not by name: the least reading need not be the pessimistic one.
    low, high = ([pick(values) for values in zip(*readings, strict=True)] for pick in (min, max))
    labels = (str(rows[0][0])[:16], str(rows[-1][0])[:16]) if rows else ("", "")
    title = f"Profit and loss of {harmless_line(name)} in dollars, with the band of the readings"
    times = [datetime.fromisoformat(str(row[0])).timestamp() for row in rows] if spaced else range(len(rows))
    return line_with_band(title, labels, (times, readings[1]), (low, high))


def _forecasts(rows: Rows) -> str:
    briers, losses, charts = [], [], []
    for name, row in rows.items():
        found = as_object(row["forecasts"])
        if not found["count"]:
            continue
        ours, theirs = as_object(found["log_loss"]), as_object(found["log_loss_market"])
        counts = (name, f"{found['compared']} of {found['count']}", str(found["games"]))
        scores = (number(found["brier"], 4), number(found["brier_market"], 4))
        briers.append((*counts, *scores, *_gain(found["brier_gain"])))
        clipped = f"{ours.get('clipped', 0)} and {theirs.get('clipped', 0)}"
        logs = (number(ours.get("mean"), 4), number(theirs.get("mean"), 4))
        losses.append((name, *logs, *_gain(found["log_loss_gain"]), clipped))
        charts.append(f"<figure><h3>{text(name)}</h3>\n{_calibration(name, found)}</figure>\n")
    if not briers:
        return none("No forecast has a result yet.")
    brier_heads = ("Brier score", "with a price", "games", "ours", "price's", "gain", "95 % by game")
    loss_heads = ("log loss", "ours", "price's", "gain", "95 % by game", "clipped")
    words = (
        "One forecast a market and game, the first, against the middle of the quote at the same moment. A "
        "gain above nothing says that we knew more than the price. Dots are as large as there are forecasts "
        "in their bin; whiskers are 95 % Wilson intervals of each bin, as if its games were independent."
    )
    return (
        f'{table(brier_heads, briers)}{table(loss_heads, losses)}<p class="dim">{words}</p>\n'
        f'<div class="few">{"".join(charts)}</div>\n'
    )


def _gain(found: Json) -> tuple[str, str]:
    return estimate(found, 4), bounds(found, 4)


def _calibration(name: str, found: Mapping[str, Json]) -> str:
    dots = [_dot(each) for each in map(as_object, as_list(as_object(found["calibration"]).get("bins")))]
    return calibration(f"Calibration of {harmless_line(name)}: what came against what was said", dots)


def _dot(found: Mapping[str, Json]) -> Dot:
    said, came, low, high = _numbers(found, "p_said", "p_came", "p_came_low", "p_came_high")
    return Dot(said, came, low, high, int(str(found["count"])))


def _numbers(found: Mapping[str, Json], *keys: str) -> Iterable[float]:
    return (float(str(found[key])) for key in keys)


def _closing(rows: Rows) -> str:
    lines = []
    for name, row in rows.items():
        for what, value in as_object(row["closing"]).items():
            found = as_object(value)
            if found["fills"] or found["missing"]:
                lines.append(
                    (
                        f"{name}, {what}",
                        str(found["fills"]),
                        str(found["missing"]),
                        estimate(found["mean"], 2, 100),
                        bounds(found["mean"], 2, 100),
                    )
                )
    if not lines:
        return none("No fill before a tip.")
    heads = ("strategy, close", "fills", "no close known", "cents a contract", "95 % by game")
    words = (
        "How much better than the last trusted quote before the tip, and than the sportsbooks' last prices "
        "without their margin. Fills in play have no close: see the markouts."
    )
    return f'{table(heads, lines)}<p class="dim">{words}</p>\n'


def _markouts(rows: Rows) -> str:
    found = []
    for name, row in rows.items():
        for side, value in as_object(row["markouts"]).items():
            points = [as_object(point) for point in as_list(value)]
            shown = [_bar(point) for point in points if point["mean"] is not None]
            if not shown:
                continue
            missing = "; ".join(
                f"{horizon(point['seconds'])} {point['missing']}" for point in points if point["missing"]
            )
            title = f"Markouts of {harmless_line(name)} as {side}"
            chart = chart_box(bars(title, shown, "cents a contract"))
            found.append(f"<h3>{text(name)}, {text(side)}</h3>\n{chart}")
            if missing:
                found.append(f'<p class="dim">Fills that could not be looked at: {missing}.</p>\n')
    if not found:
        return none("No fill has a later price.")
    words = (
        "What a fill was worth later: the middle of a trusted book less the price, before fees. For makers "
        "it should not be above nothing soon after the fill; if it is, fills are too kind."
    )
    return f'<p class="dim">{words}</p>\n{"".join(found)}'


def _bar(point: Mapping[str, Json]) -> Bar:
    mean = as_object(point["mean"])
    value, low, high = (100 * each for each in _numbers(mean, "estimate", "low", "high"))
    name = f"{horizon(point['seconds'])} ({point['fills']})"
    return Bar(name, value, low, high, f"({low:+.2f} to {high:+.2f})") if enough(mean) else Bar(name, value)


def _expectations(rows: Rows) -> str:
    lines, words = [], []
    for name, row in rows.items():
        found = as_object(row["expectation"])
        if not found["fills"]:
            continue
        lines.append((name, *expectation_cells(found)))
        words.append(f"<p><strong>{text(name)}</strong> {text(str(found['sentence']))}</p>\n")
    if not lines:
        return none("Nobody stated what it expected of a fill that is closed.")
    heads = ("strategy", "fills", "stated", "came", "difference", "95 % by game")
    note = '<p class="dim">Cents a contract, after the fees of both ways.</p>'
    return f"{table(heads, lines)}{note}\n{''.join(words)}"


def _parts(rows: Rows) -> str:
    found = []
    for name, row in rows.items():
        lines = part_cells(row)
        if lines:
            heads = ("part", "fills", "games", "dollars", "cents a contract")
            found.append(f"<h3>{text(name)}</h3>\n{table(heads, lines)}")
    if not found:
        return none("Nothing was filled.")
    words = (
        "No interval stands beside a part, on purpose: of thirty parts one or two look good by chance. Parts "
        "of one kind add up to what is closed."
    )
    return f'<p class="dim">{words}</p>\n{"".join(found)}'


def _wishes(rows: Rows) -> str:
    found = []
    for name, row in rows.items():
        wishes = as_object(row["wishes"])
        words = f"{wishes_in_words(wishes)}. {limits_in_words(wishes) or 'No limit refused any.'}"
        found.append(f"<p><strong>{text(name)}</strong> {text(words)}</p>\n")
    return "".join(found) or none("No wishes.")


def _games(rows: Rows) -> str:
    lines, extremes, charts = [], [], []
    for name, row in rows.items():
        ups = as_object(row["ups"])
        profit, best, worst = (as_object(ups.get(key)) for key in ("profit", "best", "worst"))
        lines.append(
            (
                name,
                str(profit.get("games", 0)),
                percent(profit.get("hit_rate")),
                cents(profit.get("mean")),
                cents(ups["drawdown"]),
                str(ups["losing_run"]),
                percent(ups["share_of_best_three"]),
            )
        )
        ends = ((str(each.get("game", NOTHING)), cents(each.get("pnl"))) for each in (best, worst))
        extremes.append((name, *chain.from_iterable(ends)))
        by_game = as_object(row["by_game"])
        shown = [
            Bar(
                game,
                float(str(as_object(band)["base"])),
                *_ends(as_object(band)),
            )
            for game, band in list(by_game.items())[-GAMES_DRAWN_MAX:]
        ]
        title = f"Result of {harmless_line(name)} by game"
        if shown:
            charts.append(f"<h3>{text(name)} by game</h3>\n{chart_box(bars(title, shown, 'dollars'))}")
    heads = ("strategy", "games", "won", "mean", "deepest fall", "losing run", "best three")
    tables = table(heads, lines) + table(("strategy", "best game", "", "worst game", ""), extremes)
    words = (
        "Won: the share of games with a gain; who buys at 90 cents wins nine of ten. Best three: their share "
        f"of the profit. Whiskers are the readings. At most the last {GAMES_DRAWN_MAX} games are drawn."
    )
    return f'{tables}<p class="dim">{words}</p>\n{"".join(charts)}'


def _ends(band: Mapping[str, Json]) -> tuple[float, float]:
    amounts = [float(str(amount)) for amount in band.values()]
    return min(amounts), max(amounts)


def _provenance(runs: Sequence[Mapping[str, Json]]) -> str:
    lines = [
        (
            str(run["run"]),
            str(run["started_at"])[:16].replace("T", " "),
            str(run["last_at"])[:16].replace("T", " "),
            str(run["version"]),
            str(run["seed"]),
            str(run["config_digest"])[:8],
            str(run["bars"]),
            str(run["blind"]),
            f"{run['assumed_fills']} of {run['fills']}",
            str(run["chain"])[:8],
            ", ".join(f"{kind} {word}" for kind, word in as_object(run["known"]).items()) or "real",
        )
        for run in runs
    ]
    heads = (
        "run", "from", "to", "version", "seed", "config", "bars", "gaps", "assumed", "journal", "moments",
    )  # fmt: skip
    return table(heads, lines)


GAMES_DRAWN_MAX: Final = 60
"""So many games have a bar; the table of a season's games is in the JSON document."""
