"""The method `watch` over the socket: who may, what is told and when, and what a watcher cannot do to others.

Covers: tipoff.control.watching, tipoff.control.queries.watch.
"""

import json
from typing import Any

import jsonschema
import pytest
import trio
import trio.lowlevel

from actors.addresses import JOURNAL, OBSERVER
from actors.messages import Commit
from engine.facts import StrategyChanged
from engine.message import changed
from engine.units import Nanos
from tipoff.control.ports import Hooks
from tipoff.control.queries.watch import HZ_MAX, TOPIC_NAMES
from tipoff.control.replica import Replica
from tipoff.control.schema import document
from tipoff.control.watched import TOPICS
from tipoff.control.watching import OWN_SECONDS, UNREAD_SECONDS_MAX, WATCHERS_MAX

from .conftest import TICKER, Bench, Serve, Served, Wire, snapshot, word_of

TABLES = sorted(set(TOPICS) - {"status", "actors"})


DOCUMENT: Any = json.loads(json.dumps(document()))
PARAMS = {
    name: jsonschema.Draft202012Validator({**schema, "methods": DOCUMENT["methods"]})
    for name, schema in DOCUMENT["notifications"].items()
    if name != "topics"
}
"""What checks the params of each notification."""


async def heard(wire: Wire) -> dict[str, Any]:
    frame = await wire.frame()
    assert frame is not None
    PARAMS[str(frame["method"])].validate(frame["params"])
    return frame


async def until_known(wire: Wire, replica: Replica, topics: int) -> None:
    while len(replica.tables) < topics:
        replica.apply(await heard(wire))


async def watching(served: Served, **params: object) -> Wire:
    wire = await served.greeted()
    await wire.result("watch", **params)
    return wire


def move(bench: Bench, bid: int) -> None:
    bench.hand_in(changed(snapshot(bid=bid), at=Nanos(bench.now)))


def change_strategy(bench: Bench, times: int = 1) -> None:
    for _ in range(times):
        fact = StrategyChanged("mean_reversion", enabled=True, parameters="{}", by="u", at=Nanos(bench.now))
        bench.put(JOURNAL, Commit("test", (fact,)))


async def test_every_topic_is_told_whole_at_first_and_as_its_method_answers(serve: Serve) -> None:
    async with serve() as served:
        wire, asking = await watching(served), await served.greeted()
        replica = Replica()
        await until_known(wire, replica, len(TOPICS))
        for topic in TABLES:
            rows = await asking.result(topic)
            assert list(replica.tables[topic].values()) == rows
            row_schema = DOCUMENT["notifications"]["topics"][topic]["row"]
            for row in replica.tables[topic].values():
                jsonschema.validate(row, {**row_schema, "methods": DOCUMENT["methods"]})
        assert set(replica.tables["status"]) == {"status"}
        lines = await asking.result("actors")
        assert isinstance(lines, list)
        assert [line["address"] for line in lines] == list(replica.tables["actors"])


async def test_a_change_is_told_and_nothing_else(serve: Serve, bench: Bench) -> None:
    async with serve() as served:
        wire = await watching(served, topics=["markets", "games"])
        first = [await heard(wire), await heard(wire)]
        assert [frame["method"] for frame in first] == ["watch.snapshot"] * 2
        move(bench, 5_100)
        diff = await heard(wire)
        assert (diff["method"], diff["params"]["topic"]) == ("watch.diff", "markets")
        assert {key: row["yes_bid"] for key, row in diff["params"]["rows"].items()} == {TICKER: "0.5100"}


async def test_a_topic_without_rows_is_told_to_be_empty(serve: Serve) -> None:
    async with serve() as served:
        wire = await watching(served, topics=["fills"])
        assert (await heard(wire))["params"]["rows"] == {}


@pytest.mark.promise("watched-silent")
async def test_a_watcher_that_does_not_read_hears_it_all_at_once_and_keeps_nobody_waiting(
    serve: Serve,
    bench: Bench,
    autojump_clock: trio.testing.MockClock,  # noqa: ARG001 - being asked for is its use
) -> None:
    async with serve() as served:
        silent, reading = await watching(served, hz=10), await watching(served)
        replica = Replica()
        await until_known(reading, replica, len(TOPICS))
        # 400 times all that there is fills every buffer between the two.
        for number in range(400):
            move(bench, 4_000 + number)
            change_strategy(bench)
            served.server.hub._own_at = float("-inf")  # the largest rows change with every sample
            while replica.tables["markets"][TICKER]["yes_bid"] != f"0.{4_000 + number}":  # type: ignore[call-overload, index]
                replica.apply(await heard(reading))
        late = Replica()
        frames = 0
        while late.tables.get("markets", {}).get(TICKER) != replica.tables["markets"][TICKER]:
            late.apply(await heard(silent))
            frames += 1
        assert frames < 400


async def test_twenty_watchers_are_sampled_for_once(serve: Serve, bench: Bench) -> None:
    async with serve() as served:
        wires = [await watching(served) for _ in range(20)]
        replicas = [Replica() for _ in wires]
        for wire, replica in zip(wires, replicas, strict=True):
            await until_known(wire, replica, len(TOPICS))
        hub = served.server.hub
        asked, samples = bench.asked, hub.samples
        move(bench, 5_100)
        for wire, replica in zip(wires, replicas, strict=True):
            while replica.tables["markets"][TICKER]["yes_bid"] != "0.5100":  # type: ignore[call-overload, index]
                replica.apply(await heard(wire))
        # One question a sample, and five for a status of each second.
        seconds = 1 + (hub.samples - samples) / HZ_MAX / OWN_SECONDS
        assert bench.asked - asked <= hub.samples - samples + 1 + 10 * seconds
        assert all(replica.tables == replicas[0].tables for replica in replicas) or seconds > 2


async def test_nothing_is_sampled_while_nobody_watches(
    serve: Serve,
    bench: Bench,
    autojump_clock: trio.testing.MockClock,  # noqa: ARG001 - being asked for is its use
) -> None:
    async with serve() as served:
        wire = await watching(served, topics=["games"])
        await heard(wire)
        wire.stream.socket.close()
        await trio.sleep(1)
        asked = bench.asked
        await trio.sleep(100)
        assert (bench.asked, len(served.server.hub)) == (asked, 0)


@pytest.mark.limit("tipoff.control.queries.watch:HZ_MAX")
async def test_nobody_is_told_more_often_than_he_wants(
    serve: Serve,
    bench: Bench,
    autojump_clock: trio.testing.MockClock,  # noqa: ARG001 - being asked for is its use
) -> None:
    async with serve() as served:
        asking = await served.greeted()
        assert await asking.error("watch", hz=HZ_MAX + 1) == "invalid_params"
        wires = {hz: await watching(served, topics=["markets"], hz=hz) for hz in (1, HZ_MAX)}
        counts = dict.fromkeys(wires, 0)

        async def count(hz: int) -> None:
            while True:
                await heard(wires[hz])
                counts[hz] += 1

        async with trio.open_nursery() as nursery:
            for hz in wires:
                nursery.start_soon(count, hz)
            for number in range(100):
                move(bench, 4_000 + number)
                await trio.sleep(0.1)
            nursery.cancel_scope.cancel()
        assert 9 <= counts[1] <= 12
        assert 60 <= counts[HZ_MAX] <= 105


@pytest.mark.limit("tipoff.control.watching:WATCHERS_MAX")
async def test_more_than_so_many_are_told_to_come_later(serve: Serve) -> None:
    async with serve() as served:
        wires = [await watching(served, topics=["games"]) for _ in range(WATCHERS_MAX)]
        one_more = await served.greeted()
        assert await one_more.error("watch") == "busy"
        # Its connection can still ask, and one that leaves makes room.
        await one_more.result("games")
        wires[0].stream.socket.close()
        while len(served.server.hub) == WATCHERS_MAX:
            await trio.lowlevel.checkpoint()
        await one_more.result("watch", topics=["games"])


@pytest.mark.limit("tipoff.control.watching:UNREAD_SECONDS_MAX")
@pytest.mark.parametrize(("factor", "there"), [(0.99, 1), (1.2, 0)])
async def test_a_watcher_that_reads_nothing_for_so_long_is_dropped(
    serve: Serve,
    bench: Bench,
    factor: float,
    there: int,
    autojump_clock: trio.testing.MockClock,  # noqa: ARG001 - being asked for is its use
) -> None:
    async with serve() as served:
        await watching(served, topics=["status", "strategies"])
        # Every buffer is full long before the end of this.
        for _ in range(100):
            change_strategy(bench)
            await trio.sleep(OWN_SECONDS)
        await trio.sleep(UNREAD_SECONDS_MAX * factor - 100)
        assert len(served.server.hub) == there


async def test_facts_are_told_as_they_are_committed_and_from_the_one_that_is_known(
    serve: Serve, bench: Bench
) -> None:
    async with serve() as served:
        wire = await watching(served, topics=["journal"], since=0)
        replica = Replica()
        last = bench.facts[-1].seq
        while replica.seq < last:
            replica.apply(await heard(wire))
        assert [fact["seq"] for fact in replica.facts] == list(range(1, last + 1))
        change_strategy(bench)
        replica.apply(await heard(wire))
        assert [fact["seq"] for fact in replica.facts] == list(range(1, last + 2))
        assert replica.facts[-1]["kind"] == "StrategyChanged"
        again = await watching(served, topics=["journal"], since=last)
        told = (await heard(again))["params"]
        assert (told["from"], told["to"], "missed" in told) == (last + 1, last + 1, False)


async def test_without_a_number_only_further_facts_are_told(serve: Serve, bench: Bench) -> None:
    async with serve() as served:
        wire = await watching(served, topics=["games", "journal"])
        await heard(wire)
        last = bench.facts[-1].seq
        change_strategy(bench)
        told = (await heard(wire))["params"]
        assert (told["from"], told["to"]) == (last + 1, last + 1)


async def test_a_number_of_another_run_is_answered_with_all_of_this_one(serve: Serve) -> None:
    async with serve() as served:
        wire = await watching(served, topics=["journal"], since=1_000_000)
        assert (await heard(wire))["params"]["from"] == 1


async def test_before_a_stop_it_is_said(serve: Serve) -> None:
    phase = ["running"]
    async with serve(Hooks(phase=lambda: phase[0])) as served:  # type: ignore[arg-type, return-value]  # one of the words
        wire = await watching(served, topics=["games"])
        await heard(wire)
        phase[0] = "stopping"
        assert (await heard(wire))["params"] == {"reason": "the daemon is stopping"}
        assert await wire.frame() is None
        assert len(served.server.hub) == 0


async def test_who_watches_asks_nothing_more(serve: Serve) -> None:
    async with serve() as served:
        wire = await watching(served, topics=["games"])
        await heard(wire)
        await wire.send(b'{"jsonrpc": "2.0", "id": 7, "method": "games"}\n')
        assert word_of(await wire.frame()) == "invalid_request"
        assert await wire.frame() is None


async def test_an_observer_that_begins_anew_is_no_end(serve: Serve, bench: Bench) -> None:
    async with serve() as served:
        wire = await watching(served, topics=["markets"])
        replica = Replica()
        await until_known(wire, replica, 1)
        bench.restart(OBSERVER)
        move(bench, 5_100)
        bench.later(1)
        while replica.tables["markets"].get(TICKER, {}).get("yes_bid") != "0.5100":  # type: ignore[union-attr]
            replica.apply(await heard(wire))


async def test_a_fault_of_the_sampler_ends_its_watchers_and_nobody_else(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve() as served:
        wire, asking = await watching(served, topics=["games"]), await served.greeted()
        await heard(wire)
        monkeypatch.setattr(served.server.hub, "_sample", lambda: 1 / 0)
        assert "ZeroDivisionError" in (await heard(wire))["params"]["reason"]
        monkeypatch.undo()
        assert await asking.result("games")
        again = await watching(served, topics=["games"])
        await heard(again)


async def test_wrong_wishes_are_refused(serve: Serve) -> None:
    async with serve() as served:
        wire = await served.greeted()
        for topics in ([], ["secrets"], "games", [1], [["games"]]):
            assert await wire.error("watch", topics=topics) == "invalid_params"
        assert await wire.error("watch", hz=0) == "invalid_params"
        assert await wire.error("watch", since=-1) == "invalid_params"


def test_the_topics_are_named_once() -> None:
    assert (*TOPICS, "journal") == TOPIC_NAMES
