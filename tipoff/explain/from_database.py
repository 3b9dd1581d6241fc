"""The causal chain of an id, read from a database: for `tipoff why --db`, and for a daemon that keeps one.

Called beside the loop, never on it: it blocks as long as the database takes. Reading disturbs no writer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from persistence.errors import StorageError
from persistence.queries import Reader
from tipoff.explain.chain import JournaledFact, Why, explain
from tipoff.json_schema import plain
from tipoff.json_types import Json
from tipoff.output import Failure
from tipoff.replay.time_of_knowledge import known_in


def chain_reader(url: str, run: str | None = None) -> Callable[[str], list[JournaledFact]]:
    """A function that reads all facts about an id from a run (None: the latest). It raises Failure."""

    def chain(name: str) -> list[JournaledFact]:
        with _opened(url, run) as reader:
            return _chain(reader, name)

    return chain


def why_in(url: str, run: str | None, name: str) -> Json:
    """The causal chain of an id as the control socket would tell it. Raises Failure."""
    with _opened(url, run) as reader:
        found = explain(name, _chain(reader, name), known_in(reader.run.configuration))
    if not found.steps:
        raise Failure("not_found", f"nothing is known of {name!r} in {run or 'the latest run'}")
    return plain(found, Why)


@contextmanager
def _opened(url: str, run: str | None) -> Iterator[Reader]:
    """The run to read. Raises Failure."""
    try:
        with Reader.open(url, run) as reader:
            yield reader
    except StorageError as error:
        raise Failure("storage", str(error)) from error


def _chain(reader: Reader, name: str) -> list[JournaledFact]:
    return [
        JournaledFact(each.seq, each.at, each.cause, each.owner, each.fact) for each in reader.chain_of(name)
    ]
