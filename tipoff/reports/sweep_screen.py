"""A sweep on a terminal of eighty columns, in the page's order, from the document that JSON has."""

from collections.abc import Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from tipoff.json_types import Json
from tipoff.output import harmless_line
from tipoff.reports.grid import grid, wrapped
from tipoff.reports.numbers import as_list, as_object, percent
from tipoff.reports.sweep_numbers import (
    guard_rows,
    measured,
    parameters_in_words,
    range_of,
    signed,
    step_cells,
    trial_cells,
)

TRIALS_TOLD_MAX: Final = 15
"""So many trials are told of on a terminal, the best in sample first."""


def sweep_screen(document: Mapping[str, Json]) -> RenderableType:
    """All parts of which something is known."""
    parts = [
        verdict(document),
        out_of_sample(document),
        luck(document),
        guards(document),
        importance(document),
    ]
    return Group(*(Text.assemble(part, "\n") for part in parts if part.plain), trials(document))


def verdict(document: Mapping[str, Json]) -> Text:
    """The sentence, and which trial it is about."""
    sentence = str(as_object(document["verdict"])["sentence"])
    text = Text(wrapped(f"The best of {document['tried']}: {harmless_line(sentence)}", "  "))
    text.stylize("bold", 0, len(f"The best of {document['tried']}:"))
    best = as_object(document["best"])
    if best:
        words = f"It is {best['key']}: {parameters_in_words(as_object(best['parameters']))}."
        text.append(wrapped(harmless_line(words), "  "), style="dim")
    return text


def out_of_sample(document: Mapping[str, Json]) -> Text:
    """What choosing day by day would have brought, and its steps."""
    walk = as_object(document["out_of_sample"])
    steps = [tuple(map(harmless_line, step_cells(as_object(step)))) for step in as_list(walk["steps"])]
    if not steps:
        return Text()
    result, unit = as_object(walk["result"]), as_object(document["sweep"])["unit"]
    title = f"Out of sample {measured(result)} {unit} a game{range_of(result)}"
    heads = ("from", "out of sample", "games", "in sample", "chosen on")
    return grid(harmless_line(title), heads, [(step[0], step[1:5]) for step in steps])


def luck(document: Mapping[str, Json]) -> Text:
    """What the best of so many without an edge looks like, in a sentence."""
    found, unit = as_object(document["luck"]), as_object(document["sweep"])["unit"]
    if not found:
        return Text()
    source = "the controls" if found["controlled"] else "the trials' own scatter"
    words = (
        f"The best of {found['tries']} without an edge, drawn from {source}, has {signed(found['middle'])} "
        f"{unit} a game in the middle and {signed(found['one_of_twenty'])} in one of twenty; this one has "
        f"{signed(found['observed'])}."
    )
    return Text(wrapped(harmless_line(words), "  "))


def guards(document: Mapping[str, Json]) -> Text:
    """Each guard's answer."""
    rows = [(name, (value,)) for name, value, _meaning in guard_rows(document)]
    return grid("", ("guard", "answer"), rows) if rows else Text()


def importance(document: Mapping[str, Json]) -> Text:
    """The share of each parameter, in sample."""
    found = [as_object(each) for each in as_list(document["importance"])]
    rows = [(harmless_line(str(each["parameter"])), (percent(each["share"]),)) for each in found]
    return grid("", ("parameter, in sample", "of the variance"), rows) if rows else Text()


def trials(document: Mapping[str, Json]) -> Text:
    """The best trials in sample, with what they did in the later games first."""
    rows = [as_object(row) for row in as_list(document["rows"])]
    cells = [tuple(map(harmless_line, trial_cells(row))) for row in rows[:TRIALS_TOLD_MAX]]
    if not cells:
        return Text("No trials.\n")
    heads = ("trial", "later games", "in sample", "t", "won", "lost")
    text = grid("", heads, [(f"{cell[0]} ({cell[6]})", cell[1:6]) for cell in cells])
    if len(rows) > TRIALS_TOLD_MAX:
        text.append(wrapped(f"{len(rows) - TRIALS_TOLD_MAX} more with --json.", "  "), style="dim")
    return text
