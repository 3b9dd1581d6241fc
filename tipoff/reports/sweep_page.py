"""A sweep as one HTML page: what it is worth first, what was searched in grey, no script and no request.

Called by the commands of a sweep, with the document that `--json` prints.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from tipoff.json_types import Json
from tipoff.output import harmless_line
from tipoff.reports.charts import Bar, bars
from tipoff.reports.frame import chart_box, counted, none, section, table, text, whole_page
from tipoff.reports.numbers import as_list, as_object, percent
from tipoff.reports.sweep_charts import Bin, HeatCell, Line, heat_map, lines, luck
from tipoff.reports.sweep_numbers import (
    HOW_IMPORTANT,
    guard_rows,
    measured,
    parameters_in_words,
    range_of,
    signed,
    step_cells,
    trial_cells,
)

TRIALS_SHOWN_MAX: Final = 200
"""So many trials have a row; the JSON document has all."""


def sweep_page(document: Mapping[str, Json]) -> str:
    """The whole page of a sweep's document."""
    sweep = as_object(document["sweep"])
    days = [str(day) for day in as_list(document["days"])]
    span = f"{days[0]} to {days[-1]}: " if days else ""
    intro = (
        f"{text(span)}{counted(document['tried'], 'try', 'tries')}, {counted(document['games'], 'game')}. "
        f"Compared by {text(str(sweep['objective']))}, in {text(str(sweep['unit']))} a game. Paper results "
        "on recorded books."
    )
    sections = [
        section("Verdict", _verdict(document)),
        section("Out of sample", _out_of_sample(document)),
        section("The best of so many without an edge", _luck(document)),
        section("What the guards say", _guards(document)),
        section("Which parameters matter", _importance(document)),
        section("Two parameters", _heat(document)),
        section("Trials", _trials(document)),
        section("Where this comes from", _provenance(document)),
    ]
    return whole_page(str(sweep["title"]), intro, sections)


def _verdict(document: Mapping[str, Json]) -> str:
    verdict, best = as_object(document["verdict"]), as_object(document["best"])
    kind = text(str(verdict["judgement"]))
    found = f'<p class="verdict {kind}"><strong>The best of {document["tried"]}</strong> '
    found += f"{text(str(verdict['sentence']))}</p>\n"
    if best:
        words = f"{best['key']}: {parameters_in_words(as_object(best['parameters']))}"
        found += f'<p class="dim">It is {text(words)}.</p>\n'
    return found


def _out_of_sample(document: Mapping[str, Json]) -> str:
    walk, unit = as_object(document["out_of_sample"]), str(as_object(document["sweep"])["unit"])
    places, line = as_list(walk["places"]), as_list(walk["line"])
    if not line:
        return none("Games of one day, or too few of them, leave nothing to judge a choice on.")
    days = [str(day) for day in as_list(document["days"])]
    searched = _floats(as_list(walk["in_sample_line"]))
    drawn = [
        Line(range(len(searched)), searched, "grey", "in sample"),
        Line(_floats(places), _floats(line), "line", "out of sample"),
    ]
    title = f"Results added up, in {unit}: out of sample, and in grey the best in sample"
    picture = lines(title, (days[0], days[-1]), drawn, _floats(places)[0])
    result = as_object(walk["result"])
    words = (
        f"Out of sample {measured(result)} {unit} a game in {result.get('games', 0)} games"
        f"{range_of(result)}: before each step the trial is taken that was best until then, and its results "
        "from then on are added up. The grey line is the best of all, which was chosen by looking at all."
    )
    heads = ("from", "out of sample", "games", "in sample", "chosen on", "chosen")
    steps = table(heads, [step_cells(as_object(step)) for step in as_list(walk["steps"])])
    return f'{chart_box(picture)}<p>{text(words)}</p>\n<div class="searched worded">{steps}</div>'


def _luck(document: Mapping[str, Json]) -> str:
    found, unit = as_object(document["luck"]), str(as_object(document["sweep"])["unit"])
    if not found:
        return none("Nothing scatters yet.")
    bins = [
        Bin(float(str(row["from"])), float(str(row["to"])), int(str(row["fair"])), int(str(row["paid"])))
        for row in map(as_object, as_list(found["bins"]))
    ]
    observed = float(str(found["observed"]))
    title = f"The best of {found['tries']} without an edge, in {unit} a game, and the best of this sweep"
    source = (
        "drawn from the controls' own results, which know nothing; filled as if they had paid nothing, the "
        "line as they were"
        if found["controlled"]
        else "drawn from the trials' own scatter with their means taken off, for the sweep has no controls"
    )
    words = (
        f"You tried {found['tries']} combinations. The best of {found['tries']} without an edge looks like "
        f"this: {signed(found['middle'])} in the middle, {signed(found['one_of_twenty'])} in one of twenty. "
        f"Yours has {signed(found['observed'])}; so good are {percent(found['p_at_least'])} of them. It is "
        f"{source}. Tries are independent here, so it is the most that luck gives; tries that are much alike "
        "have less of it, and the guards below count that."
    )
    return f"{chart_box(luck(title, bins, observed, 'this sweep'))}<p>{text(words)}</p>\n"


def _guards(document: Mapping[str, Json]) -> str:
    rows = guard_rows(document)
    if not rows:
        return none("Too few games for any of them.")
    found = "".join(
        f"<tr><td>{text(name)}</td><td>{text(value)}</td><td>{text(meaning)}</td></tr>\n"
        for name, value, meaning in rows
    )
    return f'<div class="wide"><table class="told"><tbody>\n{found}</tbody></table></div>\n'


def _importance(document: Mapping[str, Json]) -> str:
    found = [as_object(each) for each in as_list(document["importance"])]
    known = [each for each in found if each["share"] is not None]
    if not known:
        return none("No parameter has several values and enough trials.")
    rows = [
        Bar(
            f"{harmless_line(str(each['parameter']))} {percent(each['share'])}",
            100 * float(str(each["share"])),
        )
        for each in known
    ]
    title = "Share of the trials' variance that a parameter's own means tell"
    picture = bars(title, rows, "percent", reach=100.0)
    unit = str(as_object(document["sweep"])["unit"])
    levels = [
        (f"{each['parameter']} = {level['name']}", str(level["trials"]), signed(level["mean"]))
        for each in known
        for level in map(as_object, as_list(each["levels"]))
    ]
    told = table(("value", "trials", f"{unit} a game"), levels)
    return (
        f'<div class="searched">{chart_box(picture)}</div><p class="dim">{text(HOW_IMPORTANT)}</p>\n'
        f'<div class="searched">{told}</div>'
    )


def _heat(document: Mapping[str, Json]) -> str:
    found = as_object(document["heat"])
    if not found:
        return none("Fewer than two parameters have several values.")
    unit = str(as_object(document["sweep"])["unit"])
    names = (harmless_line(str(found["across"])), harmless_line(str(found["up"])))
    rows = [
        (harmless_line(str(name)), [_cell(cell) for cell in as_list(cells)])
        for name, cells in zip(as_list(found["lines"]), as_list(found["cells"]), strict=True)
    ]
    columns = [harmless_line(str(name)) for name in as_list(found["columns"])]
    title = f"Mean of the trials by {names[0]} and {names[1]}, in {unit} a game, in sample"
    others = ", ".join(str(name) for name in as_list(found["others"]))
    over = f" over all values of {others}" if others else ""
    words = (
        f"In sample, in {unit} a game: each cell is the mean of its trials{over}. An edge is a plain on this "
        "map, luck is a peak that stands alone."
    )
    picture = chart_box(heat_map(title, names, columns, rows))
    return f'<div class="keep">{picture}</div><p class="dim">{text(words)}</p>\n'


def _cell(cell: Json) -> HeatCell | None:
    known = as_object(cell)
    return HeatCell(float(str(known["mean"])), int(str(known["trials"]))) if known else None


def _trials(document: Mapping[str, Json]) -> str:
    rows = [as_object(row) for row in as_list(document["rows"])]
    if not rows:
        return none("None.")
    heads = ("trial", "later games", "in sample", "t", "won", "lost", "parameters")
    shown = table(heads, [trial_cells(row) for row in rows[:TRIALS_SHOWN_MAX]])
    more = len(rows) - TRIALS_SHOWN_MAX
    words = (
        "Later games are those that the line out of sample is made of. To choose by that column is to search "
        "in it too. All other columns are in sample."
    )
    if more > 0:
        words += f" {more} more are in the document of --json."
    return f'<div class="searched worded">{shown}</div><p class="dim">{text(words)}</p>\n'


def _provenance(document: Mapping[str, Json]) -> str:
    sweep = as_object(document["sweep"])
    rows = [(name, str(value)) for name, value in as_object(sweep["provenance"]).items()]
    rows.append(("draws", f"{sweep['draws']} from seed {sweep['seed']}"))
    found = "".join(f"<tr><td>{text(name)}</td><td>{text(value)}</td></tr>\n" for name, value in rows)
    return f'<div class="wide"><table class="told"><tbody>\n{found}</tbody></table></div>\n'


def _floats(values: Sequence[Json]) -> list[float]:
    return [float(str(value)) for value in values]
