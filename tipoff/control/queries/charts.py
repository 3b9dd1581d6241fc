"""What charts are drawn from: prices, profit and loss, chances of winning and latency over the evening.

Kept in memory by who knows it: the bars actor, the observer, the live engine. What is older stands in the
database.
"""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from actors.addresses import BARS, OBSERVER
from actors.messages import ChartKind, ChartWanted
from engine.readings import POINTS_MAX, Chart, bucketed
from engine.units import (
    NANOS_PER_SECOND,
    PRICE_ONE,
    Count,
    Money,
    Nanos,
    Price,
    format_count,
    format_money,
    format_price,
)
from tipoff.control.context import Call, CallContext
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.parameters import Param, Params
from tipoff.control.protocol import ErrorCode, Fault
from tipoff.json_types import Json, utc_nanos, utc_text

ENDPOINTS = Endpoints()

POINTS: Final = 500
LAST_SECOND: Final = 2**32 - 1
"""Readings are numbered by seconds in 32 bits."""

NAMED_BY: Final[Mapping[ChartKind, str]] = {
    ChartKind.BARS: "ticker",
    ChartKind.PNL: "strategy",
    ChartKind.WIN_PROBABILITY: "game",
}
"""Which parameter says whose chart is wanted; the latency is the engine's."""


@attrs.frozen(kw_only=True)
class History:
    """Columns of equal length; `at` is the moment of each point, and a reading holds until the next.

    A point stands for all readings since the one before: of each column it has the last, and the least
    and the most (`NAME_min`, `NAME_max`); `traded` is the sum. Dollars and contracts are decimal texts,
    probabilities and milliseconds numbers; null is nothing known.
    """

    kind: str
    of: str
    columns: dict[str, tuple[object, ...]]


@ENDPOINTS.answers(
    Method(
        name="history",
        line="What a chart is drawn from, over the evening.",
        params=(
            Param(
                name="kind",
                required=True,
                choices=tuple(kind.value for kind in ChartKind),
                help="bars of a ticker, pnl of a strategy (or all), win_probability of a game, or latency.",
            ),
            Param(name="ticker", upper=True, help="With bars: the market."),
            Param(name="strategy", help="With pnl: the strategy, or all."),
            Param(name="game", help="With win_probability: the game."),
            Param(
                name="points",
                kind="whole",
                high=POINTS_MAX,
                unsaid=str(POINTS),
                help="So many points at most.",
            ),
            Param(name="from", help="Not before this moment, ISO 8601, in UTC unless it says otherwise."),
            Param(name="to", help="Not after this moment."),
        ),
        # A chart on a terminal is nobody's wish yet; what is asked for is columns for a program.
        command=False,
    )
)
async def history(context: CallContext, call: Call) -> History:
    """The readings of one chart, in buckets."""
    params = call.params
    kind = ChartKind(params.must("kind"))
    first, last = _second(params, "from", 0), _second(params, "to", LAST_SECOND)
    points = params.whole("points", POINTS)
    if kind is ChartKind.LATENCY:
        if context.hooks.latency is None:
            raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon keeps no readings of its latency")
        return _history(kind, "engine", bucketed(context.hooks.latency(first, last), points))
    of = params.text(NAMED_BY[kind])
    if of is None:
        problem = f"{NAMED_BY[kind]}: is required with {kind.value}"
        raise Fault(ErrorCode.INVALID_PARAMS, f"history: {problem}", [problem])
    to = OBSERVER if kind is ChartKind.PNL else BARS
    found = await context.ask(to, ChartWanted(kind, of, first, last, points))
    if not isinstance(found, Chart):
        raise Fault(ErrorCode.NOT_FOUND, f"nothing is known yet of the {NAMED_BY[kind]} {of!r} for a chart")
    return _history(kind, of, found)


def _second(params: Params, name: str, unsaid: int) -> int:
    text = params.text(name)
    if text is None:
        return unsaid
    try:
        return min(max(utc_nanos(text) // NANOS_PER_SECOND, 0), LAST_SECOND)
    except ValueError:
        problem = f"{name}: is a moment such as 2026-01-14T20:00:00Z"
        raise Fault(ErrorCode.INVALID_PARAMS, f"history: {problem}", [problem]) from None


def _history(kind: ChartKind, of: str, chart: Chart) -> History:
    write = WRITERS[kind]
    at = tuple(utc_text(Nanos(second * NANOS_PER_SECOND)) for second in chart.seconds)
    columns = {
        name: tuple(None if value is None else write(name, value) for value in column)
        for name, column in chart.columns.items()
    }
    return History(kind=kind.value, of=of, columns={"at": at, **columns})


def _price_or_count(name: str, value: int) -> Json:
    return format_count(Count(value)) if name == "traded" else format_price(Price(value))


WRITERS: Final[Mapping[ChartKind, Callable[[str, int], Json]]] = {
    ChartKind.BARS: _price_or_count,
    ChartKind.PNL: lambda _, value: format_money(Money(value)),
    ChartKind.WIN_PROBABILITY: lambda _, value: value / PRICE_ONE,
    ChartKind.LATENCY: lambda _, value: value / 1_000,
}
"""How a reading of each kind is written."""
