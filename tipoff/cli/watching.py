"""What a running daemon tells of itself, as lines: for `watch` and `journal --follow`.

A diff names the rows that changed; a person wants to see what of them did, so the rows are kept and compared.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import Group
from rich.text import Text

from tipoff.cli.where import Where
from tipoff.control.replica import Replica
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, harmless_line, progress

CLOCKS: Final = frozenset(
    {
        "at",
        "uptime_seconds",
        "age_seconds",
        "handled",
        "mailbox",
        "mailbox_peak",
        "journal_seq",
        "last_book_at",
    }
)
"""What changes all the time and says nothing to a person."""


def told(where: Where, params: Mapping[str, Json]) -> Iterator[Answer]:
    """Every notification, until the daemon stops. Raises Failure."""
    replica = Replica()
    for notification in _notifications(where, params):
        lines = list(_lines(notification, replica))
        replica.apply(notification)
        document = {"method": notification["method"], "params": notification["params"]}
        yield Answer(document, Group(*lines) if lines else "", _exit(notification))


def facts_told(where: Where, since: int) -> Iterator[Answer]:
    """Every fact after number `since`, each for itself, until the daemon stops. Raises Failure."""
    for notification in _notifications(where, {"topics": ["journal"], "since": since}):
        params = notification["params"]
        if "missed" in params:
            progress(f"{params['missed']} facts before these are not told any more")
        yield from map(fact_answer, params.get("facts", ()))
        if "reason" in params:
            raise Failure("over", f"it is over: {params['reason']}")


def fact_answer(fact: Mapping[str, Any]) -> Answer:
    """One fact as a line."""
    return Answer(fact, _fact(fact))


def _notifications(where: Where, params: Mapping[str, Json]) -> Iterator[Mapping[str, Any]]:
    with where.connected() as client:
        yield from client.watch(**params)


def _exit(notification: Mapping[str, Any]) -> Exit:
    return Exit.FAILED if notification["method"] == "watch.bye" else Exit.OK


def _fact(fact: Mapping[str, Any]) -> Text:
    return Text(
        f"{fact['at'][11:19]}  #{fact['seq']} {harmless_line(fact['owner'])}: {harmless_line(fact['text'])}"
    )


def _lines(notification: Mapping[str, Any], replica: Replica) -> Iterator[Text]:
    params = notification["params"]
    match notification["method"]:
        case "watch.snapshot":
            count = len(params["rows"])
            yield Text(f"{params['topic']}: {count} row{'s' * (count != 1)}", "dim")
        case "watch.diff":
            topic = params["topic"]
            for key, row in params["rows"].items():
                words = _changes(replica.tables[topic].get(key), row)
                if words:
                    yield Text(f"{topic}  {harmless_line(key)}  {harmless_line(words)}")
        case "watch.facts":
            if "missed" in params:
                yield Text(f"{params['missed']} facts before these are not told any more", "dim")
            yield from map(_fact, params["facts"])
        case _:
            yield Text(f"it is over: {params.get('reason', notification['method'])}")


def _changes(before: Any, after: Any) -> str:  # noqa: ANN401 - rows of any topic
    """What of a row changed, in words; empty if nothing that says something."""
    if after is None:
        return "is gone"
    old = before or {}
    return ", ".join(
        f"{name} {_short(value)}" if before is None else f"{name} {_short(old.get(name))} → {_short(value)}"
        for name, value in after.items()
        if name not in CLOCKS and old.get(name) != value and not isinstance(value, list | dict)
    )


def _short(value: object) -> str:
    return "-" if value is None or value == "" else str(value)
