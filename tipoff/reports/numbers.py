"""Numbers of a report as people read them: dollars and cents, cents a contract, shares, intervals."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from engine.scoring.judgement import GAMES_MIN
from tipoff.json_types import Json

CENT: Final = Decimal("0.01")
FEW: Final = f"Intervals are told from {GAMES_MIN} games on."

NOTHING: Final = "-"
"""What stands for a number that is not known."""


def cents(value: Json) -> str:
    """Dollars and cents, rounded half away from zero, with commas; the document keeps all six digits."""
    return NOTHING if value is None else f"{Decimal(str(value)).quantize(CENT, ROUND_HALF_UP):,}"


def number(value: Json, digits: int) -> str:
    """A statistic with so many decimals."""
    return f"{value:.{digits}f}" if isinstance(value, int | float) else NOTHING


def signed(value: Json, digits: int, scale: int = 1) -> str:
    """A statistic with its sign, times `scale`."""
    if not isinstance(value, int | float):
        return NOTHING
    # Rounded first: what rounds to nothing has no sign.
    return f"{round(scale * value, digits) or 0.0:+.{digits}f}"


def percent(value: Json) -> str:
    """A share in percent."""
    return f"{100 * value:.1f} %" if isinstance(value, int | float) else NOTHING


def estimate(found: Json, digits: int, scale: int = 1) -> str:
    """What an interval is around."""
    return signed(found.get("estimate"), digits, scale) if isinstance(found, Mapping) else NOTHING


def enough(found: Json) -> bool:
    """Whether an interval rests on so many games that a person should see it."""
    games = as_object(found).get("games")
    return isinstance(games, int) and games >= GAMES_MIN


def few_games(rows: Mapping[str, Mapping[str, Json]]) -> bool:
    """Whether some strategy has too few games for an interval."""
    return any(not enough(row["verdict"]) for row in rows.values())


def bounds(found: Json, digits: int, scale: int = 1) -> str:
    """From where to where an interval reaches; of few games nothing, for it would look like knowledge."""
    if not isinstance(found, Mapping) or not enough(found):
        return NOTHING
    return f"{signed(found.get('low'), digits, scale)} to {signed(found.get('high'), digits, scale)}"


def horizon(seconds: Json) -> str:
    """How long after a fill: seconds, minutes, or the settlement."""
    if not isinstance(seconds, int):
        return "settlement"
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"


def part_cells(row: Mapping[str, Json]) -> list[tuple[str, ...]]:
    """A strategy's splits, a row each: what, fills, games, dollars, cents a contract."""
    return [
        (
            f"{by}: {part['name']}",
            str(part["fills"]),
            str(part["games"]),
            cents(part["gain"]),
            signed(part["per_contract"], 2, 100),
        )
        for by, listed in as_object(row["splits"]).items()
        for part in map(as_object, as_list(listed))
    ]


def expectation_cells(found: Mapping[str, Json]) -> tuple[str, ...]:
    """Fills, what was stated of them, what came, the gap and its bounds; money in cents a contract."""
    return (
        str(found["fills"]),
        signed(found["stated"], 2, 100),
        estimate(found["brought"], 2, 100),
        estimate(found["gap"], 2, 100),
        bounds(found["gap"], 2, 100),
    )


def verdict_sentences(row: Mapping[str, Json]) -> list[str]:
    """The verdict on a strategy; before it, if they are fiction, what its expectations are worth."""
    verdict, expected = str(as_object(row["verdict"])["sentence"]), as_object(row.get("expectation"))
    if expected.get("honesty") != "fiction":
        return [verdict]
    return [str(expected["sentence"]), _beginning(verdict)]


def limits_in_words(wishes: Mapping[str, Json]) -> str:
    """What limits did to the result, as a sentence after another; nothing where they did nothing."""
    return _beginning(str(wishes["sentence"] or ""))


def _beginning(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def wishes_in_words(wishes: Mapping[str, Json]) -> str:
    """How many there were, and why some were refused."""
    words = f"{wishes['signals']} signals, {wishes['near_misses']} near misses, {wishes['made']} wishes"
    refused = ", ".join(f"{code} {count}" for code, count in as_object(wishes["refused"]).items())
    return f"{words}; refused: {refused}" if refused else words


def as_object(value: Json) -> Mapping[str, Json]:
    """What is an object in a document; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: Json) -> list[Json]:
    """What is a list in a document; an empty one for anything else."""
    return list(value) if isinstance(value, list | tuple) else []
