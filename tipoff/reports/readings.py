"""The three readings of a result: which is least, which is most, and why they agree if they do."""

from collections.abc import Mapping

import attrs

from engine.tally import READINGS, Band
from engine.units import format_money
from tipoff.json_types import Json


@attrs.frozen(kw_only=True)
class Ground:
    """What readings can differ by: fills, those on assumed depth, delays, resting orders."""

    fills: int
    assumed: int
    delayed: int
    rested: int


def pnl_document(band: Band) -> dict[str, Json]:
    """The readings by name, the least and the most of them, and the names of these two."""
    amounts = {reading: getattr(band, reading) for reading in READINGS}
    low = min(READINGS, key=lambda reading: amounts[reading])
    # The last of equals, so that of three equal ones the names are not all the same.
    high = max(reversed(READINGS), key=lambda reading: amounts[reading])
    return {
        **{reading: format_money(amount) for reading, amount in amounts.items()},
        "low": format_money(amounts[low]),
        "high": format_money(amounts[high]),
        "low_reading": low,
        "high_reading": high,
    }


def coincidence(band: Band, ground: Ground) -> str | None:
    """Why the three readings are one number; None where they are not."""
    if not band.pessimistic == band.base == band.optimistic:
        return None
    if not ground.fills:
        return "nothing was filled"
    if ground.assumed == ground.fills:
        return "every fill is on a quote whose depth was assumed"
    arrival = (
        "no book got worse between the fast and the slow arrival"
        if ground.delayed
        else "orders take the same time in all three"
    )
    queue = "what rested was filled alike" if ground.rested else "nothing rested in the book"
    return f"{arrival}, and {queue}"


def explained(pnl_by_name: Mapping[str, Mapping[str, Json]]) -> list[str]:
    """Which reading is the least and which the most, a sentence for all strategies of which it is true."""
    names: dict[str, list[str]] = {}
    for name, pnl in pnl_by_name.items():
        if pnl.get("coincide"):
            words = f"the three readings are one number: {pnl['coincide']}"
        else:
            words = f"low is the {pnl['low_reading']} reading, high the {pnl['high_reading']} one"
        names.setdefault(words, []).append(name)
    return [f"{', '.join(of)}: {words}." for words, of in names.items()]
