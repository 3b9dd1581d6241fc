"""What the daemon said last, and what each browser is told of it: without a socket."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.dashboard.hub import FACTS_MAX, VIEWERS_MAX, WAITING_BYTES_MAX, Hub, TooManyViewers, Viewer


def raw(document: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(document).encode())


def changed(rows: dict[str, object], version: int = 1, topic: str = "markets") -> msgspec.Raw:
    return raw({"topic": topic, "version": version, "rows": rows})


def events(text: bytes) -> list[tuple[str, Any]]:
    """As a browser reads them."""
    found = []
    for block in text.decode().split("\n\n")[:-1]:
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def nothing() -> None:
    """Nobody is woken."""


def folded(told: list[tuple[str, Any]], before: dict[str, Any]) -> dict[str, Any]:
    """The rows that a browser holds after these events."""
    rows = dict(before)
    for name, data in told:
        if name == "snapshot":
            rows = dict(data["rows"])
        elif name == "diff":
            rows = {key: row for key, row in {**rows, **data["rows"]}.items() if row is not None}
    return rows


def look(hub: Hub, *topics: str) -> Viewer:
    return hub.join(topics or ("markets",), nothing)


def test_who_comes_gets_the_whole_and_then_what_changes() -> None:
    hub = Hub()
    hub.snapshot(changed({"A": {"bid": "0.40"}, "B": {"bid": "0.50"}}))
    viewer = look(hub)
    (link, _), (name, whole) = events(hub.take(viewer))
    assert (link, name) == ("link", "snapshot")
    assert whole["rows"] == {"A": {"bid": "0.40"}, "B": {"bid": "0.50"}}
    hub.diff(changed({"A": {"bid": "0.41"}, "B": None}, 2))
    assert events(hub.take(viewer)) == [
        ("diff", {"topic": "markets", "version": 2, "rows": {"A": {"bid": "0.41"}, "B": None}})
    ]
    assert hub.take(viewer) == b""
    assert hub.rows("markets") == {"A": b'{"bid": "0.41"}'}


def test_only_the_topics_that_were_asked_for_are_told() -> None:
    hub = Hub()
    viewer = look(hub, "status")
    hub.take(viewer)
    hub.snapshot(changed({"A": {}}))
    assert hub.take(viewer) == b""
    hub.snapshot(changed({"status": {"state": "running"}}, topic="status"))
    assert [name for name, _ in events(hub.take(viewer))] == ["snapshot"]


@pytest.mark.limit("tipoff.dashboard.hub:WAITING_BYTES_MAX")
def test_a_browser_that_does_not_read_gets_the_whole_later_and_never_a_queue() -> None:
    hub = Hub()
    viewer = look(hub)
    hub.take(viewer)
    most = WAITING_BYTES_MAX - len('event: diff\ndata: {"topic":"markets","version":1,"rows":{"A":""}}\n\n')
    at_limit = msgspec.Raw(b'{"topic":"markets","version":1,"rows":{"A":"' + b"x" * most + b'"}}')
    hub.diff(at_limit)
    assert (viewer.waiting_bytes, viewer.behind) == (WAITING_BYTES_MAX, False)
    hub.diff(changed({"A": "y"}, 2))
    assert (viewer.waiting_bytes, viewer.behind, viewer.conflated) == (0, True, 1)
    for version in range(3, 100):
        hub.diff(changed({"A": version}, version))
    assert len(viewer.waiting) == 0
    assert folded(events(hub.take(viewer)), {}) == {"A": 99}
    hub.diff(changed({"A": 100}, 100))
    assert [name for name, _ in events(hub.take(viewer))] == ["diff"]


@pytest.mark.limit("tipoff.dashboard.hub:VIEWERS_MAX")
def test_so_many_browsers_may_look_and_one_more_may_not() -> None:
    hub = Hub()
    looking = [look(hub) for _ in range(VIEWERS_MAX)]
    with pytest.raises(TooManyViewers):
        look(hub)
    hub.leave(looking[0])
    assert look(hub) in hub.viewers


@pytest.mark.limit("tipoff.dashboard.hub:FACTS_MAX")
def test_the_newest_facts_are_kept_for_who_comes_later_and_asked_for_from_there() -> None:
    hub = Hub()
    assert hub.begin("evening-1") == 0
    hub.facts(raw({"from": 1, "to": FACTS_MAX + 1, "facts": [{"seq": n + 1} for n in range(FACTS_MAX + 1)]}))
    told = dict(events(hub.take(look(hub, "journal"))))
    assert [fact["seq"] for fact in told["facts"]["facts"]] == list(range(2, FACTS_MAX + 2))
    assert hub.begin("evening-1") == FACTS_MAX + 1


def test_facts_of_another_run_are_not_mixed_with_those_before() -> None:
    hub = Hub()
    hub.begin("evening-1")
    viewer = look(hub, "journal")
    hub.take(viewer)
    hub.facts(raw({"from": 1, "to": 1, "facts": [{"seq": 1, "text": "old"}]}))
    assert hub.begin("evening-2") == 0
    hub.facts(raw({"from": 1, "to": 1, "facts": [{"seq": 1, "text": "new"}]}))
    (facts,) = [data for name, data in events(hub.take(viewer)) if name == "facts"]
    assert facts == {"whole": True, "facts": [{"seq": 1, "text": "new"}]}


def test_a_daemon_that_went_is_said_and_what_is_known_stays() -> None:
    hub = Hub()
    hub.snapshot(changed({"A": {}}))
    viewer = look(hub)
    hub.take(viewer)
    hub.link(up=False, why="it stops")
    assert events(hub.take(viewer)) == [("link", {"up": False, "why": "it stops"})]
    assert [name for name, _ in events(hub.take(look(hub)))] == ["link", "snapshot"]


def test_the_end_is_told_to_all_also_to_those_who_do_not_know_anything_yet() -> None:
    hub = Hub()
    old = look(hub)
    hub.take(old)
    hub.close("over")
    assert events(hub.take(old)) == [("bye", {"reason": "over"})]
    assert events(hub.take(look(hub)))[-1][0] == "bye"


ROWS = st.dictionaries(st.sampled_from("ABCD"), st.one_of(st.none(), st.integers(0, 9)), max_size=4)


@given(st.lists(st.tuples(st.booleans(), ROWS, st.booleans(), st.booleans())))
def test_however_seldom_a_browser_reads_it_ends_with_what_the_daemon_has(
    steps: list[tuple[bool, dict[str, object], bool, bool]],
) -> None:
    hub = Hub()
    viewer = look(hub)
    true: dict[str, object] = {}
    seen: dict[str, Any] = {}
    for version, (whole, rows, reads, loses) in enumerate(steps):
        if whole:
            true = {key: row for key, row in rows.items() if row is not None}
            hub.snapshot(changed(true, version))
        else:
            true = {key: row for key, row in {**true, **rows}.items() if row is not None}
            hub.diff(changed(rows, version))
        if loses:
            viewer.forget()
        if reads:
            seen = folded(events(hub.take(viewer)), seen)
            assert seen == true
    assert folded(events(hub.take(viewer)), seen) == true
