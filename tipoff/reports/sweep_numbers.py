"""A sweep's numbers as people read them, for the screen and the page alike."""

from collections.abc import Mapping
from typing import Final

from engine.overfitting.judgement import ERROR_MAX
from tipoff.json_types import Json
from tipoff.reports.numbers import NOTHING, as_object, number, percent

HOW_IMPORTANT: Final = (
    "How much of what trials differ by is told by each parameter's own means (one-way analysis of variance, "
    "Kelley's ε², which takes off what so many values explain of mere noise). What two parameters do only "
    "together is in neither share, and all of it is in sample: it says what the search saw, not what comes."
)
"""What the shares of parameters mean, and what they cannot show."""


def measured(found: Mapping[str, Json]) -> str:
    """A mean a game with its sign."""
    return signed(found.get("mean"))


def signed(value: Json) -> str:
    """Three digits with a sign; results are of any size."""
    return f"{value:+.3g}" if isinstance(value, int | float) else NOTHING


def range_of(found: Mapping[str, Json]) -> str:
    """From where to where a mean reaches, in brackets; of few games nothing."""
    if found.get("low") is None:
        return ""
    return f" ({signed(found['low'])} to {signed(found['high'])})"


def parameters_in_words(parameters: Mapping[str, Json]) -> str:
    """Names and values of a trial."""
    return (
        ", ".join(f"{name} {value_in_words(value)}" for name, value in parameters.items()) or "no parameters"
    )


def value_in_words(value: Json) -> str:
    """A parameter's value; numbers with as many digits as they need."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def step_cells(step: Mapping[str, Json]) -> tuple[str, ...]:
    """A step of the walk: when, what came, of how many games, what was seen before, on how many, who."""
    return (
        str(step["from"]),
        signed(step["out_of_sample"]),
        str(step["games"]),
        signed(step["in_sample"]),
        str(step["chosen_on"]),
        str(step["chosen"]),
    )


def trial_cells(row: Mapping[str, Json]) -> tuple[str, ...]:
    """A trial: later games first, then what was searched."""
    words = parameters_in_words(as_object(row["parameters"]))
    if row["error"] is not None:
        return (str(row["key"]), "failed", NOTHING, NOTHING, NOTHING, NOTHING, f"{words}: {row['error']}")
    return (
        str(row["key"]),
        signed(row["later"]),
        measured(as_object(row["in_sample"])),
        number(row["t"], 2),
        str(row["won"]),
        str(row["lost"]),
        words,
    )


def guard_rows(document: Mapping[str, Json]) -> list[tuple[str, str, str]]:
    """Each guard that has an answer: its name, the answer, and what it means."""
    guards = as_object(document["guards"])
    deflated, overfitting = as_object(guards["deflated_sharpe"]), as_object(guards["overfitting"])
    above = (
        f"likely above the {number(deflated.get('by_luck'), 3)} a game that luck gives the best; it has "
        f"{number(deflated.get('sharpe'), 3)}"
    )
    rows = [
        (
            "the best without an edge is as good",
            guards["p_best"],
            f"of sweeps; at most {percent(ERROR_MAX)} is asked for. All {document['tried']} tries count",
        ),
        (
            "Hansen's check (SPA)",
            guards["p_spa"],
            "without studentizing each draw: skewed bets pass too often",
        ),
        ("White's reality check", guards["p_white"], "in plain results: who scatters most has the last word"),
        ("deflated Sharpe ratio", deflated.get("p_above"), above),
        (
            "probability of overfitting",
            overfitting.get("p_overfit"),
            "of halves have a best that is below the middle in the other half; of equally good trials a half",
        ),
    ]
    return [(name, percent(value), meaning) for name, value, meaning in rows if value is not None]
