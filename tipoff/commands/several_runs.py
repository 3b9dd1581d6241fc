"""`tipoff report --runs`: several runs added up, strategy by strategy and game by game.

Requests in, answers out. Called by the command line; `tipoff compare` gathers its two sets here, too. Runs of
different configurations, and games that would count twice, are added up only when that is asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
from rich.console import Group, RenderableType
from rich.text import Text

from persistence.queries import Reader
from persistence.run_results import GameResult, game_results
from persistence.stored_runs import StoredRun, opened, stored_runs
from tipoff.commands.database import storage_errors
from tipoff.commands.game_intervals import CONFIDENCE
from tipoff.commands.options import ReportRequest
from tipoff.commands.run_selection import day_of, selected
from tipoff.commands.runs import SHORT, run_line
from tipoff.commands.stored_configuration import configuration_of, differences, in_words
from tipoff.commands.sums import Sum, cents, numbers_right, of_results, total
from tipoff.config.database import database_url
from tipoff.config.load import load_or_template
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, table
from tipoff.reports.evidence_screen import evidence_screen
from tipoff.reports.html import write_html
from tipoff.reports.numbers import as_list, as_object
from tipoff.reports.of_stored_runs import runs_document
from tipoff.runs.from_config import schema

GAMES_SHOWN_MAX = 40
"""So many games a person is shown, the latest ones."""


@attrs.frozen(kw_only=True)
class Gathered:
    """A run with what it says of its configuration, and what came of each strategy in each game."""

    run: StoredRun
    configuration: Mapping[str, Json]
    results: Sequence[GameResult]

    @property
    def name(self) -> str:
        """The run's name."""
        return self.run.row.run


def gathered(connection: Any, runs: Iterable[StoredRun]) -> list[Gathered]:  # noqa: ANN401 - as `opened` gives it
    """The runs with all that is added up."""
    return [
        Gathered(
            run=run,
            configuration=configuration_of(connection, run),
            results=game_results(connection, run.row.id),
        )
        for run in runs
    ]


def run_several(request: ReportRequest) -> Answer:
    """Add up the runs that are meant. Raises Failure where they do not belong together."""
    assert request.runs is not None  # noqa: S101 - that is what it is called for
    with storage_errors():
        url = database_url(load_or_template(request.config, schema()), request.db)
        with opened(url) as connection:
            found = gathered(connection, selected(stored_runs(connection), request.runs))
            if not request.mixed:
                refuse_mixtures(found)
            evidence = as_object(runs_document(Reader(connection), _listed(found))["evidence"])
    if request.html is not None:
        write_html(request.html, _title(found), evidence)
    head, foot = Text(f"{_title(found)}\n", "bold"), _by_game(found)
    return Answer(_document(found, evidence), Group(head, evidence_screen(evidence), foot))


def refuse_mixtures(found: Sequence[Gathered]) -> None:
    """Raises Failure for runs of different configurations, and for a game that is in two of them."""
    kinds: dict[str | None, list[Gathered]] = {}
    for each in found:
        kinds.setdefault(each.run.row.config_digest, []).append(each)
    if len(kinds) > 1:
        first, *others = kinds.values()
        message = (
            f"these runs have {len(kinds)} configurations, and a sum over them means nothing; "
            "name those of one, or say --mixed"
        )
        raise Failure("mixed", message, details=list(_told(first, others)))
    played: dict[str, str] = {}
    for each in found:
        games = {result.game for result in each.results}
        twice = sorted(games & played.keys())
        if twice:
            both = f"{played[twice[0]]} and in {each.name}"
            message = f"game {twice[0]} is in {both}, and would count twice; name one of them, or say --mixed"
            raise Failure("mixed", message)
        played |= dict.fromkeys(games, each.name)


def _told(first: Sequence[Gathered], others: Iterable[Sequence[Gathered]]) -> Iterator[str]:
    """Which runs have which configuration, and how each differs from the first."""
    yield f"{_names(first)}: {_short(first[0])}"
    for each in others:
        yield f"{_names(each)}: {_short(each[0])}; beside the first"
        for line in in_words(list(differences(first[0].configuration, each[0].configuration))):
            yield f"  {line}"


def _names(runs: Sequence[Gathered]) -> str:
    return ", ".join(each.name for each in runs)


def _short(each: Gathered) -> str:
    return f"configuration {(each.run.row.config_digest or '-')[:SHORT]}"


def by_game(found: Iterable[Gathered], strategy: str) -> dict[str, int]:
    """What a strategy brought in each game in which it sent an order, in 1/1,000,000 dollar."""
    money: dict[str, int] = {}
    for each in found:
        for result in each.results:
            if result.strategy == strategy:
                money[result.game] = money.get(result.game, 0) + result.base
    return money


def all_results(found: Iterable[Gathered]) -> list[GameResult]:
    """The results of all the runs."""
    return [result for each in found for result in each.results]


def _games(found: Sequence[Gathered]) -> list[tuple[Gathered, str, dict[str, Sum]]]:
    """Every game of every run in which an order was sent, with its sums by strategy."""
    return [
        (each, game, of_results(result for result in each.results if result.game == game))
        for each in found
        for game in dict.fromkeys(result.game for result in each.results)
    ]


def _listed(found: Iterable[Gathered]) -> list[str]:
    return [each.name for each in found]


def _title(found: Sequence[Gathered]) -> str:
    days = sorted(day for day in (day_of(each.run) for each in found) if day is not None)
    span = f", {days[0]} to {days[-1]}" if days else ""
    return f"Tipoff: {len(found)} {'run' if len(found) == 1 else 'runs'}{span}"


def _document(found: Sequence[Gathered], evidence: Mapping[str, Json]) -> dict[str, Json]:
    """Sums of the folded tables, and the evidence, from which every statistic is taken."""
    strategies_of = (name for each in found for name in each.run.strategies)
    sums, games = of_results(all_results(found), strategies_of), _games(found)
    told = [as_object(run) for run in as_list(evidence["runs"])]
    digests = {str(run["run"]): str(run["digest"]) for run in told}
    scored = as_object(evidence["strategies"])
    strategies: dict[str, Json] = {}
    for name, each in sums.items():
        verdict = as_object(as_object(scored[name])["verdict"])
        interval = _a_game(as_object(as_object(verdict["per_game"]).get("base")))
        strategies[name] = {**each.document(), "games": verdict["games"], "a_game": interval}
    return {
        "runs": [run_line(each.run, digests[each.name]) for each in found],
        "configurations": sorted({each.run.row.config_digest or "" for each in found}),
        "games": len({game for _, game, _ in games}),
        "strategies": strategies,
        "total": total(sums).document(),
        "by_game": [
            {
                "run": each.name,
                "game": game,
                "strategies": {name: one.document() for name, one in mine.items()},
                "total": total(mine).document(),
            }
            for each, game, mine in games
        ],
        "evidence": evidence,
    }


def _a_game(interval: Mapping[str, Json]) -> Json:
    """An interval of the evidence as `tipoff compare` tells one: dollars as text."""
    if not interval:
        return None
    ends = {name: f"{interval[key]:.6f}" for name, key in ENDS.items()}
    return {**ends, "confidence": CONFIDENCE, "games": interval["games"]}


ENDS: Final = {"mean": "estimate", "low": "low", "high": "high"}


def _by_game(found: Sequence[Gathered]) -> RenderableType:
    rows = []
    games = _games(found)
    for _, game, mine in games[-GAMES_SHOWN_MAX:]:
        whole = total(mine)
        rows.append((game, str(whole.orders), str(whole.fills), cents(whole.fees), cents(whole.base)))
    left_out = len(games) - len(rows)
    more = [Text(f"and {left_out} before them; --json has all", "dim")] if left_out else []
    heads = ("game", "orders", "fills", "fees", "base")
    return Group(Text("\nBy game, all strategies"), numbers_right(table(heads, rows), 1), *more)
