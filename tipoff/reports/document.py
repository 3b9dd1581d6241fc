"""The report of a run: one JSON document (the contract's) and a screen for people.

Called by `tipoff replay`, `tipoff demo` and `tipoff report`. All numbers come from the tally of the run's
facts and from what the books showed at the end; this module only arranges them. Money and prices are
decimal strings in dollars.
"""

from collections.abc import Iterable, Mapping

import attrs
from rich.console import Group, RenderableType
from rich.text import Text

from actors.runtime import ActorStatus
from engine.game import Game
from engine.scoring.scores import verdict_of
from engine.tally import StrategyTally, Tally, ValuationMark
from engine.units import format_count, format_money, format_price
from tipoff.json_types import Json
from tipoff.output import harmless_line
from tipoff.reports.evidence_screen import evidence_screen, money, verdicts
from tipoff.reports.grid import grid, wrapped
from tipoff.reports.numbers import as_list, as_object
from tipoff.reports.readings import Ground, coincidence, pnl_document


@attrs.frozen
class FailedActor:
    """An actor that failed at messages: how often, what is with it at the end, and its last error."""

    actor: str
    state: str
    """`running` again, or `parked`."""
    failures: int
    error: str


@attrs.frozen(kw_only=True)
class RunSnapshot:
    """What a run has to say beside its facts."""

    run: str
    digest: str
    frames: int
    first_at: str | None
    last_at: str | None
    gaps: int
    refused: int
    events: int
    seconds: float
    restarts: int
    dead_letters: int
    failed: tuple[FailedActor, ...] = ()


def failed_actors(status: Iterable[ActorStatus]) -> tuple[FailedActor, ...]:
    """Those whose handlers failed, of everybody who ran."""
    return tuple(
        FailedActor(str(each.address), each.state, each.failures, each.last_error)
        for each in status
        if each.failures
    )


def marks_of(games: Iterable[Game]) -> dict[str, ValuationMark]:
    """The last prices of every market while it had any, for the valuation of what is still open."""
    return {
        ticker: ValuationMark(market.quoted.yes_bid, market.quoted.yes_ask)
        for game in games
        for ticker, market in game.markets.items()
        if market.quoted is not None
    }


def report_document(figures: RunSnapshot, tally: Tally, games: Mapping[str, Game]) -> dict[str, Json]:
    """Return the contract's JSON document of a run."""
    marks = marks_of(games.values())
    return {
        "run": figures.run,
        "digest": figures.digest,
        "recording": {
            "frames": figures.frames,
            "first_at": figures.first_at,
            "last_at": figures.last_at,
            "gaps": figures.gaps,
            "refused": figures.refused,
        },
        "events": figures.events,
        "events_per_second": round(figures.events / figures.seconds) if figures.seconds > 0 else 0,
        "markets": {ticker: row for game in games.values() for ticker, row in _markets(game)},
        "games": [_game(game) for game in games.values()],
        **decisions_document(tally, marks),
        "actors": {
            "restarts": figures.restarts,
            "dead_letters": figures.dead_letters,
            "failed": [attrs.asdict(each) for each in figures.failed],
        },
    }


def decisions_document(tally: Tally, marks: Mapping[str, ValuationMark]) -> dict[str, Json]:
    """The part of a report that follows from facts alone (and from prices to value what is open)."""
    return {
        "strategies": {name: _strategy(tally, row, marks) for name, row in tally.strategies.items()},
        "ledger": {"imbalance": format_money(tally.ledger.verify()), "entries": tally.ledger.entries},
        "halted": {scope: {"state": halt.state, "why": halt.why} for scope, halt in tally.halted.items()},
    }


def _markets(game: Game) -> Iterable[tuple[str, Json]]:
    for ticker, market in game.markets.items():
        book = market.book
        yield (
            ticker,
            {
                "yes_bid": None if book.yes_bid is None else format_price(book.yes_bid),
                "yes_ask": None if book.yes_ask is None else format_price(book.yes_ask),
                "trust": book.trust.value,
                "status": market.listed.status.value,
                "deltas": book.deltas,
                "snapshots": book.snapshots,
                "negative_levels": book.negatives,
                "pseudo": book.pseudo,
            },
        )


def _game(game: Game) -> Json:
    score = game.score
    known = game.known
    return {
        "game": game.game,
        "away": known.away if known else None,
        "home": known.home if known else None,
        "score": None if score is None else f"{score.away}-{score.home}",
        "status": "unknown" if score is None else score.phase.value,
        "matched": bool(known and known.matched),
    }


def _strategy(tally: Tally, row: StrategyTally, marks: Mapping[str, ValuationMark]) -> Json:
    band = tally.band(row.name, marks)
    ground = Ground(fills=row.fills, assumed=row.assumed, delayed=row.delayed, rested=row.rested)
    verdict = verdict_of(tally.by_game(row.name, marks), tally.ranges(row.name))
    return {
        "verdict": {"judgement": verdict.judgement.value, "sentence": verdict.sentence},
        "kind": row.kind,
        "signals": row.signals,
        "near_misses": row.near_misses,
        "missed": dict(sorted(row.missed.items())),
        "orders": row.orders,
        "fills": row.fills,
        "denied": dict(sorted(row.denied.items())),
        "rejected": dict(sorted(row.rejected.items())),
        "cancelled": dict(sorted(row.cancelled.items())),
        "contracts": format_count(row.contracts),
        "fees": format_money(tally.fees(row.name)),
        "realized": format_money(tally.realized(row.name)),
        "unrealized": format_money(tally.unrealized(row.name, marks)),
        "pnl": {**pnl_document(band), "coincide": coincidence(band, ground)},
    }


def report_screen(document: Mapping[str, Json]) -> RenderableType:
    """The report as a person reads it, from the same document that `--json` prints.

    An engine that could not tell its figures any more leaves a document with nothing but its run.
    """
    if "recording" not in document:
        return Text(
            f"run {document['run']} ended without its figures; `tipoff report` reads them from the database"
        )
    return Group(_headline(document), _body(document), _games_table(document), _footer(document))


def decisions_screen(document: Mapping[str, Json]) -> RenderableType:
    """A stored run as a person reads it."""
    head = Text()
    head.append(f"Run {document['run']}\n", style="bold")
    head.append(f"{document['started_at']} to {document['last_at']}, ")
    head.append("not ended\n" if document["ended"] is None else f"{document['ended']}\n")
    ledger = as_object(document["ledger"])
    foot = _halted(document)
    foot.append(f"Ledger: {ledger['entries']} entries, imbalance {ledger['imbalance']}.\n")
    foot.append(f"Digest {document['digest']}")
    return Group(head, _body(document), foot)


def _body(document: Mapping[str, Json]) -> RenderableType:
    """The evidence where there is a database to take it from; else what the tally alone can say."""
    evidence = document.get("evidence")
    if isinstance(evidence, Mapping):
        return evidence_screen(evidence)
    rows = {harmless_line(name): as_object(row) for name, row in as_object(document["strategies"]).items()}
    wishes = Text()
    for name, row in rows.items():
        wishes.append(wrapped(_wishes(name, row), "  "))
    return Group(verdicts(rows), money(rows), wishes)


def _headline(document: Mapping[str, Json]) -> Text:
    recording = as_object(document["recording"])
    text = Text()
    text.append(f"Run {document['run']}\n", style="bold")
    text.append(f"{recording['first_at']} to {recording['last_at']}\n")
    text.append(
        f"{recording['frames']} frames, {recording['gaps']} gaps, {document['events']} events "
        f"at {document['events_per_second']} a second\n"
    )
    return text


def _wishes(name: str, row: Mapping[str, Json]) -> str:
    """One sentence on what became of a strategy's signals."""
    words = (
        f"{name}: {row['signals']} signals, {row['near_misses']} near misses, {row['orders']} orders, "
        f"{row['fills']} fills"
    )
    for word, key in (
        ("missed", "missed"),
        ("refused", "denied"),
        ("rejected", "rejected"),
        ("cancelled", "cancelled"),
    ):
        counts = as_object(row[key])
        if counts:
            words += f"; {word}: {', '.join(f'{reason} {count}' for reason, count in counts.items())}"
    return words


def _games_table(document: Mapping[str, Json]) -> Text:
    lines = []
    for game in map(as_object, as_list(document["games"])):
        matched = "yes" if game["matched"] else "no"
        name = harmless_line(str(game["game"]))
        lines.append((name, (str(game["score"] or "-"), str(game["status"]), matched)))
    return grid("Games", ("game", "away-home", "status", "matched"), lines)


def _halted(document: Mapping[str, Json]) -> Text:
    """What was not allowed to trade at the end, and why."""
    text = Text()
    for scope, halt in as_object(document["halted"]).items():
        said = as_object(halt)
        words = f"{scope} is {said['state']}: {said['why']}"
        text.append(f"{harmless_line(words)}\n", style="yellow")
    return text


def _footer(document: Mapping[str, Json]) -> Text:
    ledger = as_object(document["ledger"])
    actors = as_object(document["actors"])
    text = _halted(document)
    for each in map(as_object, as_list(actors["failed"])):
        times = "once" if each["failures"] == 1 else f"{each['failures']} times"
        words = f"{each['actor']} failed {times} and is {each['state']} at the end: {each['error']}"
        text.append(f"{harmless_line(words)}\n", style="yellow")
    text.append(f"Ledger: {ledger['entries']} entries, imbalance {ledger['imbalance']}. ")
    text.append(f"Actors: {actors['restarts']} restarts, {actors['dead_letters']} dead letters.\n")
    text.append(f"Digest {document['digest']}\n")
    text.append("Paper results on recorded books: an upper bound of what could have been had.", style="dim")
    return text
