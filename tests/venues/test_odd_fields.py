"""Every field of everything that both services send: null, missing, of another shape, under another name.

For each field of each wire struct the four bodies are made by machine and read, alone and beside good ones.
What must happen is written down in `odd_bodies`: the smallest thing that makes no sense is refused and
counted, null is absent, and nobody beside it notices.

Covers: venues.refusals, venues.shapes.
"""

import inspect
import json
from collections.abc import Iterator

import msgspec
import pytest
from _pytest.mark.structures import ParameterSet

from engine.events import (
    BookRefused,
    FeedGapped,
    FeedRefused,
    FeedSequenced,
    FeedUnnumbered,
)
from tests.venues.odd_bodies import CASES, OURS, Case, Promise, Row, Said, text_of
from venues.balldontlie import wire as league
from venues.kalshi import bodies, results, wire
from venues.kalshi.answers import BOOK_KEYS
from venues.kalshi.parse import SNAPSHOT_KEYS
from venues.shapes import keys_of

ODDITIES = ("null", "absent", "wrong", "renamed")
ABOUT_THE_FEED = (FeedRefused, FeedSequenced, FeedUnnumbered, FeedGapped, BookRefused)
"""What a refusal is made of, besides saying nothing."""

NOT_WITHOUT = {
    ("LifecycleBody", "result"),
    ("MarketBody", "result"),
    ("GameBody", "home_team_score"),
    ("GameBody", "visitor_team_score"),
}
"""Decisive fields whose absence is itself refused, or says less; what they say is tested by name."""


def fields_of(case: Case) -> list[tuple[msgspec.structs.FieldInfo, Promise]]:
    fields = msgspec.structs.fields(case.wire)
    return list(zip(fields, [Promise(letter) for letter in case.promises], strict=True))


def each_field() -> Iterator[ParameterSet]:
    """Each case × field × oddity."""
    for number, case in enumerate(CASES):
        for field, promise in fields_of(case):
            for oddity in ODDITIES:
                name = f"{number}-{case.wire.__name__}-{field.name}-{oddity}"
                yield pytest.param(case, field.encode_name, promise, oddity, id=name)


def list_of(case: Case) -> tuple[str | int, ...] | None:
    """The way to the innermost list of the body in which the object stands for itself."""
    if case.whole:
        return None
    for end in range(len(case.path) - 1, -1, -1):
        if case.path[end] == 0:
            return case.path[:end]
    return None


def beside() -> list[ParameterSet]:
    """Those of them that stand in a list; frames beside a frame are played in test_odd_frames."""
    return [
        pytest.param(case, key, oddity, id=str(each.id))
        for each in each_field()
        for case, key, _, oddity in [each.values]
        if isinstance(case, Case) and list_of(case) is not None
    ]


def at(body: object, path: tuple[str | int, ...]) -> Row:
    """The object at the end of a path."""
    for step in path:
        body = body[step]  # type: ignore[index]
    assert isinstance(body, dict)
    found: Row = body
    return found


def oddly(value: object) -> object:
    """Something that is not of the shape of `value`."""
    return {"odd": [1]} if isinstance(value, str | int | float) else "odd"


def spoiled(case: Case, key: str, oddity: str) -> Row:
    """The body with one field of the object changed."""
    body: Row = json.loads(text_of(case.body))
    thing = at(body, case.path)
    value = thing.pop(key)
    if oddity == "null":
        thing[key] = None
    elif oddity == "wrong":
        thing[key] = oddly(value)
    elif oddity == "renamed":
        thing[f"{key}_v2"] = value
    return body


def facts(said: Said) -> list[object]:
    """What is said but for refusals."""
    return [each for each in said if not isinstance(each, ABOUT_THE_FEED)]


def refusals(said: Said) -> list[FeedRefused]:
    return [each for each in said if isinstance(each, FeedRefused)]


@pytest.mark.fault("A14")
def test_every_field_of_every_wire_struct_has_a_promise() -> None:
    structs = {
        found
        for module in (wire, bodies, results, league)
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, msgspec.Struct) and found.__module__ == module.__name__
    }
    assert structs == {case.wire for case in CASES} | set(OURS)
    for case in CASES:
        assert len(case.promises) == len(msgspec.structs.fields(case.wire)), case.wire
        missing = {field.encode_name for field, _ in fields_of(case)} - set(at(case.body, case.path))
        assert not missing, case.wire


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.wire.__name__)
def test_the_good_bodies_are_good(case: Case) -> None:
    said = case.read(text_of(case.body))
    assert [each for each in refusals(said) if not each.kind.startswith("error_")] == []


@pytest.mark.fault("A14")
@pytest.mark.parametrize(("case", "key", "promise", "oddity"), list(each_field()))
def test_the_smallest_thing_is_refused_and_null_is_absent(
    case: Case, key: str, promise: Promise, oddity: str
) -> None:
    said = case.read(text_of(spoiled(case, key, oddity)))
    if _refuses(promise, oddity):
        assert len(refusals(said)) == 1, said
        assert facts(said) == facts_without_the_thing(case)
        return
    if promise is Promise.NULLABLE:
        assert refusals(said) == []
        return
    absent = case.read(text_of(spoiled(case, key, "absent")))
    counted = [each for each in refusals(said) if each not in refusals(absent)]
    assert facts(said) == facts(absent)
    if promise is Promise.SPARED and oddity == "wrong":
        (refused,) = counted
        assert key in refused.place
        assert key in refused.detail
    else:
        assert counted == []
        if (case.wire.__name__, key) not in NOT_WITHOUT:
            assert len(refusals(absent)) == len(refusals(case.read(text_of(case.body))))


@pytest.mark.fault("A14", "B14")
@pytest.mark.parametrize(("case", "key", "oddity"), beside())
def test_nobody_beside_it_notices(case: Case, key: str, oddity: str) -> None:
    place = list_of(case)
    assert place is not None
    good = good_neighbour(case, place)
    body = spoiled(case, key, oddity)
    alone = case.read(text_of(body))
    neighbours = at_list(body, place)
    for both in ([*neighbours, good], [good, *neighbours]):
        neighbours[:] = both
        said = case.read(text_of(body))
        assert sorted(map(repr, facts(said))) == sorted(
            map(repr, [*facts(alone), *facts_of_neighbour(case, place, good)])
        )
        assert len(refusals(said)) == len(refusals(alone))
        del neighbours[neighbours.index(good)]


def _refuses(promise: Promise, oddity: str) -> bool:
    match promise:
        case Promise.NEEDED:
            return True
        case Promise.NULLABLE:
            return oddity != "null"
        case Promise.DECISIVE:
            return oddity == "wrong"
        case Promise.SIDE:
            return oddity in ("wrong", "renamed")
        case _:
            return False


def facts_without_the_thing(case: Case) -> list[object]:
    """What the body says if the innermost list that the object stands in does not hold it."""
    place = list_of(case)
    if place is None:
        return []
    body = json.loads(text_of(case.body))
    del at_list(body, place)[0]
    return facts(case.read(text_of(body)))


def at_list(body: object, path: tuple[str | int, ...]) -> list[object]:
    for step in path:
        body = body[step]  # type: ignore[index]
    assert isinstance(body, list)
    found: list[object] = body
    return found


def good_neighbour(case: Case, place: tuple[str | int, ...]) -> object:
    """A good thing of the same kind, of another market or game."""
    return json.loads(
        json.dumps(at_list(case.body, place)[0])
        .replace("AAA", "BBB")
        .replace("111", "222")
        .replace("monday", "thursday")
    )


def facts_of_neighbour(case: Case, place: tuple[str | int, ...], good: object) -> list[object]:
    """What the body says if the neighbour alone stands in the list, less what it says without."""
    body = json.loads(text_of(case.body))
    at_list(body, place)[:] = [good]
    with_it = facts(case.read(text_of(body)))
    at_list(body, place).clear()
    for known in facts(case.read(text_of(body))):
        with_it.remove(known)
    return with_it


def test_the_keys_that_are_known_are_read_off_the_structs_as_they_are_sent() -> None:
    """So that a field which the venue renames is renamed in its struct alone."""

    class Renamed(msgspec.Struct):
        market_ticker: str
        yes: str | None = msgspec.field(name="outcome_yes_fp", default=None)

    assert keys_of(Renamed) == {"market_ticker", "outcome_yes_fp"}
    bodies_of: dict[str, type[msgspec.Struct]] = {
        "orderbook_snapshot": wire.SnapshotBody,
        "orderbook_delta": wire.DeltaBody,
        "ticker": wire.TickerBody,
    }
    assert wire.BODY_KEYS.keys() == bodies_of.keys()
    for kind, body in bodies_of.items():
        assert wire.BODY_KEYS[kind] > keys_of(body)
    assert keys_of(bodies.BookBody) == BOOK_KEYS
    assert wire.BODY_KEYS["orderbook_snapshot"] == SNAPSHOT_KEYS
