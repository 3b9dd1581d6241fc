"""The report as one HTML page: charts inline, no script, no request to anybody, made to be read and printed.

A policy in the page forbids everything but its own style, so that whatever words of others stand in it can do
nothing even if an escape were forgotten. It follows the reader's choice of dark or light.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from itertools import chain
from typing import Final

from tipoff.json_types import Json
from tipoff.output import harmless_line
from tipoff.reports.charts import Bar, Dot, bars, calibration, line_with_band
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

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

STYLE: Final = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2024; --dim: #5c6670; --rule: #d5dae0;
  --line: #1f5fa8; --band: #1f5fa833; --gain: #2e7d4f; --loss: #b3402e; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e6e9ec; --dim: #9aa5b0;
  --rule: #333a42; --line: #7db4f0; --band: #7db4f033; --gain: #6cc08f; --loss: #ec8a78; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .5rem; padding-top: .6rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p { margin: .3rem 0; }
.dim, .none { color: var(--dim); }
.verdict { margin: .6rem 0; padding-left: .8rem; border-left: 4px solid var(--rule); }
.verdict.beats_the_price { border-color: var(--gain); }
.verdict.loses, .verdict.fiction { border-color: var(--loss); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .4rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .18rem .7rem .18rem 0; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--rule); }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 9.5rem;
  overflow-wrap: break-word; }
th { font-weight: 600; color: var(--dim); }
svg { display: block; width: 100%; height: auto; margin: .3rem 0; min-width: 32rem; }
.few { display: flex; flex-wrap: wrap; gap: 1rem; }
.few figure { margin: 0; width: 18rem; }
.few svg { min-width: 0; }
svg text { fill: var(--dim); font-size: 12px; }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
.grid { stroke: var(--rule); }
.zero { stroke: var(--dim); }
.line { fill: none; stroke: var(--line); stroke-width: 1.8; }
.band { fill: var(--band); }
.gain { fill: var(--gain); }
.loss { fill: var(--loss); }
.whisker { stroke: var(--ink); stroke-width: 1.4; }
.diagonal { stroke: var(--dim); stroke-dasharray: 4 4; }
.dot { fill: var(--line); fill-opacity: .75; }
@media (max-width: 40rem) {
  svg { min-width: 0; }
  svg text { font-size: 18px; }
  .few svg text { font-size: 12px; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2, h3 { break-after: avoid; }
  svg, tr, .verdict { break-inside: avoid; }
  .wide { overflow: visible; }
  svg { min-width: 0; max-height: 22cm; }
  table { font-size: 7.5pt; }
  th { white-space: normal; overflow-wrap: normal; }
  th:first-child, td:first-child { min-width: 5rem; }
}
"""

Rows = Mapping[str, Mapping[str, Json]]


def evidence_page(title: str, evidence: Mapping[str, Json]) -> str:
    """The whole page of an evidence document."""
    rows: Rows = {name: as_object(row) for name, row in as_object(evidence["strategies"]).items()}
    runs = [as_object(run) for run in as_list(evidence["runs"])]
    sections = [
        _section("Verdict", _verdicts(rows)),
        _section("Profit and loss", _money(rows)),
        _section("Forecasts against the price", _forecasts(rows)),
        _section("Closing line value", _closing(rows)),
        _section("Markouts", _markouts(rows)),
        _section("Expected and realized", _expectations(rows)),
        _section("Where the money came from", _parts(rows)),
        _section("Wishes and limits", _wishes(rows)),
        _section("Games", _games(rows)),
        _section("Where this comes from", _provenance(runs)),
    ]
    shown = _text(title)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{shown}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{shown}</h1>\n<p class="dim">{_span(runs)}{_counted(evidence["games"], "game")}, '
        f"{_counted(len(rows), 'strategy', 'strategies')}, {_counted(len(runs), 'run')}. Paper results on "
        "recorded books: an upper bound of what could have been had.</p>\n"
        f"{''.join(sections)}</body>\n</html>\n"
    )


def _section(title: str, body: str) -> str:
    return f"<section>\n<h2>{title}</h2>\n{body}</section>\n"


def _verdicts(rows: Rows) -> str:
    found = []
    for name, row in rows.items():
        verdict, expected = as_object(row["verdict"]), as_object(row["expectation"])
        fiction = expected.get("honesty") == "fiction"
        kind = "fiction" if fiction else str(verdict["judgement"])
        found.append(
            f'<p class="verdict {_text(kind)}"><strong>{_text(name)}</strong> '
            f"{_text(' '.join(verdict_sentences(row)))}</p>\n"
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
    found = [_table(heads, lines), f'<p class="dim">Dollars, after fees. {_text(" ".join(sentences))}</p>\n']
    for name, row in rows.items():
        chart = _curve(name, as_list(row["curve"]), spaced=row["runs"] == 1)
        found.append(f"<h3>{_text(name)}</h3>\n{_chart(chart)}")
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


def _chart(svg: str) -> str:
    return f'<div class="wide">{svg}</div>\n'


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
        charts.append(f"<figure><h3>{_text(name)}</h3>\n{_calibration(name, found)}</figure>\n")
    if not briers:
        return _none("No forecast has a result yet.")
    brier_heads = ("Brier score", "with a price", "games", "ours", "price's", "gain", "95 % by game")
    loss_heads = ("log loss", "ours", "price's", "gain", "95 % by game", "clipped")
    words = (
        "One forecast a market and game, the first, against the middle of the quote at the same moment. A "
        "gain above nothing says that we knew more than the price. Dots are as large as there are forecasts "
        "in their bin; whiskers are 95 % Wilson intervals of each bin, as if its games were independent."
    )
    return (
        f'{_table(brier_heads, briers)}{_table(loss_heads, losses)}<p class="dim">{words}</p>\n'
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
        return _none("No fill before a tip.")
    heads = ("strategy, close", "fills", "no close known", "cents a contract", "95 % by game")
    words = (
        "How much better than the last trusted quote before the tip, and than the sportsbooks' last prices "
        "without their margin. Fills in play have no close: see the markouts."
    )
    return f'{_table(heads, lines)}<p class="dim">{words}</p>\n'


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
            chart = _chart(bars(title, shown, "cents a contract"))
            found.append(f"<h3>{_text(name)}, {_text(side)}</h3>\n{chart}")
            if missing:
                found.append(f'<p class="dim">Fills that could not be looked at: {missing}.</p>\n')
    if not found:
        return _none("No fill has a later price.")
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
        words.append(f"<p><strong>{_text(name)}</strong> {_text(str(found['sentence']))}</p>\n")
    if not lines:
        return _none("Nobody stated what it expected of a fill that is closed.")
    heads = ("strategy", "fills", "stated", "came", "difference", "95 % by game")
    note = '<p class="dim">Cents a contract, after the fees of both ways.</p>'
    return f"{_table(heads, lines)}{note}\n{''.join(words)}"


def _parts(rows: Rows) -> str:
    found = []
    for name, row in rows.items():
        lines = part_cells(row)
        if lines:
            heads = ("part", "fills", "games", "dollars", "cents a contract")
            found.append(f"<h3>{_text(name)}</h3>\n{_table(heads, lines)}")
    if not found:
        return _none("Nothing was filled.")
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
        found.append(f"<p><strong>{_text(name)}</strong> {_text(words)}</p>\n")
    return "".join(found) or _none("No wishes.")


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
            charts.append(f"<h3>{_text(name)} by game</h3>\n{_chart(bars(title, shown, 'dollars'))}")
    heads = ("strategy", "games", "won", "mean", "deepest fall", "losing run", "best three")
    tables = _table(heads, lines) + _table(("strategy", "best game", "", "worst game", ""), extremes)
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
    return _table(heads, lines)


def _span(runs: Sequence[Mapping[str, Json]]) -> str:
    if not runs:
        return ""
    return f"{_text(str(runs[0]['started_at'])[:10])} to {_text(str(runs[-1]['last_at'])[:10])}: "


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{_text(each)}</th>' for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>\n" for row in rows)
    whole = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>"
    return f'<div class="wide"><table>\n{whole}\n</table></div>\n'


def _none(words: str) -> str:
    return f'<p class="none">{words}</p>\n'


def _counted(count: Json, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _text(words: str) -> str:
    """Words of anybody as text of the page, on one line, without what commands a terminal or a reader."""
    return escape(harmless_line(words))


GAMES_DRAWN_MAX: Final = 60
"""So many games have a bar; the table of a season's games is in the JSON document."""
