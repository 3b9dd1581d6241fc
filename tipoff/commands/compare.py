"""`tipoff compare A B`: two runs, or two sets of them, side by side.

Requests in, answers out. Called by the command line. Differences are B less A. Decisions are compared in the
games that both have; money by strategy and by game, with an interval over the games that both have.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
from rich.console import Group, RenderableType
from rich.text import Text

from engine.scoring.judgement import GAMES_MIN
from engine.units import Count, Money, Nanos, Price, format_count, format_money, format_price
from persistence.decisions import Decision, made_fills, sent_orders
from persistence.stored_runs import StoredRun, digest_of, opened, stored_runs
from tipoff.commands.database import storage_errors
from tipoff.commands.decision_diff import Pair, Tally, paired, tallies
from tipoff.commands.game_intervals import difference_a_game, document_of
from tipoff.commands.options import CompareRequest
from tipoff.commands.run_selection import selected
from tipoff.commands.runs import run_line
from tipoff.commands.several_runs import Gathered, all_results, by_game, gathered
from tipoff.commands.stored_configuration import Difference, differences, in_words
from tipoff.commands.sums import Sum, cents, numbers_right, of_results
from tipoff.config.database import database_url
from tipoff.config.load import load_or_template
from tipoff.json_types import Json, utc_text
from tipoff.output import Answer, harmless_line, table
from tipoff.reports.grid import grid
from tipoff.runs.from_config import schema

SHOWN = 10
"""Decisions that differ as a person sees them; the document has all."""

NONE = Sum()


@attrs.frozen(kw_only=True)
class Side:
    """One of the two: its runs, and what they decided."""

    runs: Sequence[Gathered]
    lines: Sequence[Mapping[str, Json]]
    orders: Sequence[Decision]
    fills: Sequence[Decision]

    @property
    def games(self) -> set[str]:
        """The games that it heard of or traded."""
        return {game for each in self.runs for game in each.run.games} | {
            result.game for result in all_results(self.runs)
        }

    def within(self, games: set[str]) -> "Side":
        """The same with decisions in these games only."""
        kept = (tuple(each for each in every if each.game in games) for every in (self.orders, self.fills))
        orders, fills = kept
        return attrs.evolve(self, orders=orders, fills=fills)


@attrs.frozen(kw_only=True)
class Compared:
    """The two sides, and what was found between them."""

    a: Side
    b: Side
    configuration: Sequence[Difference]
    orders: Sequence[Pair]
    fills: Sequence[Pair]


def run_compare(request: CompareRequest) -> Answer:
    """Compare what is named. Raises Failure where there is no such run."""
    with storage_errors():
        url = database_url(load_or_template(request.config, schema()), request.db)
        with opened(url) as connection:
            runs = stored_runs(connection)
            a, b = (_side(connection, selected(runs, text)) for text in (request.a, request.b))
    both = a.games & b.games
    mine, theirs = a.within(both), b.within(both)
    found = Compared(
        a=a,
        b=b,
        configuration=_configuration(a, b),
        orders=list(paired(mine.orders, theirs.orders)),
        fills=list(paired(mine.fills, theirs.fills)),
    )
    return Answer(_document(found), _screen(found))


def _side(connection: Any, runs: Sequence[StoredRun]) -> Side:  # noqa: ANN401 - as `opened` gives it
    return Side(
        runs=gathered(connection, runs),
        lines=[run_line(run, digest_of(connection, run.row.id)) for run in runs],
        orders=[each for run in runs for each in sent_orders(connection, run.row.id)],
        fills=[each for run in runs for each in made_fills(connection, run.row.id)],
    )


def _configuration(a: Side, b: Side) -> list[Difference]:
    """Every difference between any run of the one and any of the other, each once."""
    kinds = [{each.run.row.config_digest: each.configuration for each in side.runs} for side in (a, b)]
    found = [
        each
        for mine in kinds[0].values()
        for theirs in kinds[1].values()
        for each in differences(mine, theirs)
    ]
    return [each for number, each in enumerate(found) if each not in found[:number]]


def _money(found: Compared) -> dict[str, tuple[Sum, Sum]]:
    """The sums of each strategy, of the one and of the other."""
    a, b = (of_results(all_results(side.runs)) for side in (found.a, found.b))
    return {name: (a.get(name, NONE), b.get(name, NONE)) for name in dict.fromkeys((*a, *b))}


def _by_game(found: Compared, strategy: str) -> tuple[dict[str, int], dict[str, int]]:
    """Money by game; a game that a side had and the strategy left alone brought it nothing."""
    sides = (found.a, found.b)
    a, b = ({**dict.fromkeys(side.games, 0), **by_game(side.runs, strategy)} for side in sides)
    return a, b


def _names(side: Side) -> list[str]:
    return [each.name for each in side.runs]


def _words(found: Compared, strategy: str) -> tuple[str, ...]:
    return ("compare", strategy, *_names(found.a), "and", *_names(found.b))


def _document(found: Compared) -> Json:
    both = found.a.games & found.b.games
    strategies: dict[str, Json] = {}
    for name, (a, b) in _money(found).items():
        interval, is_paired = difference_a_game(*_by_game(found, name), *_words(found, name))
        strategies[name] = {
            "a": a.document(),
            "b": b.document(),
            "difference": format_money(Money(b.base - a.base)),
            "a_game": document_of(interval),
            "paired": is_paired,
        }
    return {
        "a": list(found.a.lines),
        "b": list(found.b.lines),
        "games": {
            "both": sorted(both),
            "only_a": sorted(found.a.games - both),
            "only_b": sorted(found.b.games - both),
        },
        "configuration": [attrs.asdict(each) for each in found.configuration],
        "decisions": {
            "orders": _decisions(found.orders),
            "fills": _decisions(found.fills),
        },
        "strategies": strategies,
        "by_game": list(_game_lines(found)),
    }


def _decisions(pairs: Sequence[Pair]) -> Json:
    return {
        "strategies": {name: attrs.asdict(each) for name, each in tallies(pairs).items()},
        "differ": [_pair(pair) for pair in pairs if pair.differs],
    }


def _pair(pair: Pair) -> Json:
    one = pair.either
    return {
        "strategy": one.strategy,
        "game": one.game,
        "ticker": one.ticker,
        "side": one.side,
        "at": utc_text(Nanos(one.at)),
        "a": _decision(pair.a),
        "b": _decision(pair.b),
    }


def _decision(each: Decision | None) -> Json:
    if each is None:
        return None
    return {
        "id": each.name,
        "price": format_price(Price(each.price)),
        "count": format_count(Count(each.count)),
    }


def _game_lines(found: Compared) -> Iterable[Mapping[str, Json]]:
    """Each game that either traded, by strategy; null where a side does not have the game."""
    for name in _money(found):
        a, b = _by_game(found, name)
        for game in sorted(a.keys() | b.keys()):
            mine, theirs = a.get(game), b.get(game)
            if mine or theirs:
                yield {
                    "game": game,
                    "strategy": name,
                    "a": None if mine is None else format_money(Money(mine)),
                    "b": None if theirs is None else format_money(Money(theirs)),
                }


def _screen(found: Compared) -> RenderableType:
    both = found.a.games & found.b.games
    parts: list[RenderableType] = [
        Text(f"A: {', '.join(_names(found.a))}\nB: {', '.join(_names(found.b))}", "bold"),
        Text(
            f"{len(both)} games in both, {len(found.a.games - both)} only in A, "
            f"{len(found.b.games - both)} only in B\n"
        ),
    ]
    words = in_words(list(found.configuration))
    parts += [Text("Configuration (A and B)"), *map(Text, words or ["no difference"]), Text("")]
    rows = [
        *((name, "orders", *_counts(each)) for name, each in tallies(found.orders).items()),
        *((name, "fills", *_counts(each)) for name, each in tallies(found.fills).items()),
    ]
    heads = ("strategy", "what", "both", "only A", "only B", "price", "count")
    parts += [
        Text("Decisions in the games of both; price, count: in both, but another"),
        numbers_right(table(heads, rows), 2),
        *differing((*found.orders, *found.fills)),
        Text("\nDollars after fees; a game: B less A, 95 % interval, whole games drawn"),
        _money_table(found),
    ]
    if len(both) < GAMES_MIN:
        little = f"{len(both)} games in both tell no difference from chance; {GAMES_MIN} are the least"
        parts.append(Text(little, "dim"))
    return Group(*parts)


def _counts(each: Tally) -> tuple[str, ...]:
    return tuple(map(str, attrs.astuple(each)))


def differing(pairs: Sequence[Pair]) -> list[RenderableType]:
    """The first decisions that differ, a line for each side, with the ids that `why` takes in one piece."""
    found = [pair for pair in pairs if pair.differs]
    if not found:
        return []
    rows = [
        _line(pair, side, each) for pair in found[:SHOWN] for side, each in (("A", pair.a), ("B", pair.b))
    ]
    left_out = len(found) - min(len(found), SHOWN)
    more = [Text(f"and {left_out} more; --json has all", "dim")] if left_out else []
    return [Text(""), grid("", ("decision", "at UTC", "count", "price"), rows), *more]


def _line(pair: Pair, side: str, each: Decision | None) -> tuple[str, tuple[str, str, str]]:
    at = utc_text(Nanos(pair.either.at))[11:19]
    if each is None:
        return f"{side}: none", (at, "-", "-")
    name = harmless_line(each.name)
    return f"{side}: {name}", (at, format_count(Count(each.count)), format_price(Price(each.price)))


def _money_table(found: Compared) -> RenderableType:
    rows = []
    for name, (a, b) in _money(found).items():
        interval, _paired = difference_a_game(*_by_game(found, name), *_words(found, name))
        numbers = (interval.estimate, interval.low, interval.high) if interval is not None else ()
        shown = [cents(round(number)) for number in numbers] or ["-", "-", "-"]
        rows.append((name, *map(cents, (a.base, b.base, b.base - a.base)), *shown))
    heads = ("strategy", "A", "B", "B - A", "a game", "low", "high")
    return numbers_right(table(heads, rows), 1)
