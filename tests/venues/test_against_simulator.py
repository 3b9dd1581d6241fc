"""The live clients against the simulated services, over sockets: recordings, faults, toxics, storms.

Covers: venues.simulator.balldontlie.bodies, venues.simulator.balldontlie.rest.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import attrs
import httpx
import pytest
import trio

from engine.events import BookDelta, FeedConnected, GameSeen
from engine.sequence import NumberCheck
from engine.units import Nanos
from tests.venues.ears import keeping
from tests.venues.followers import QUICK, Follower, books_of_recording
from tests.venues.peers import until
from tests.venues.toxics import Toxics, address_of, proxied
from venues.balldontlie.rest import BalldontlieRest
from venues.balldontlie.rest import Dependencies as ScoresSurroundings
from venues.balldontlie.tiers import Tier
from venues.errors import VenueError
from venues.importers.evening import import_files, parse_spec
from venues.kalshi.auth import Signer, read_signer
from venues.kalshi.rest import Budget, Dependencies, KalshiRest
from venues.recordings.recorder import read
from venues.simulator.service import ServiceSettings, Simulator, serve
from venues.simulator.world.settings import EveningSettings
from venues.transport.client import RetryPolicy
from venues.transport.http import Http, HttpLimits

EVENING = EveningSettings(seed=8, games=1, postponed=False, cancelled=False)
SETTINGS = ServiceSettings(EVENING, speed=600, limited=False)
FILES = [
    "kalshi-frames=ws_orderbook_prod_mlb_wnba_20260807.jsonl.gz",
    "kalshi-events=ws_btc15m_prod_20260515T0309Z.jsonl.gz",
    pytest.param("kalshi-events=ws_btc15m_prod_20260514T0431Z.jsonl.gz", marks=pytest.mark.slow),
]


@asynccontextmanager
async def simulated(
    settings: ServiceSettings = SETTINGS,
) -> AsyncGenerator[tuple[Simulator, trio.Nursery], None]:
    """A running simulator and a nursery that ends with it."""
    async with trio.open_nursery() as nursery:
        simulator: Simulator = await nursery.start(partial(serve, settings))
        yield simulator, nursery
        nursery.cancel_scope.cancel()


def signer_of(simulator: Simulator, folder: Path) -> Signer:
    """The key that the simulator made for its client, through a file as in real life."""
    assert simulator.key is not None
    path = folder / "key.pem"
    path.write_bytes(simulator.key.private_pem)
    path.chmod(0o600)
    return read_signer(simulator.key.key_id, path)


def agrees(follower: Follower, simulator: Simulator, tickers: list[str]) -> bool:
    """Whether every book can be believed and is the venue's to the last level."""
    if not follower.trusted(tickers):
        return False
    for ticker in tickers:
        book, truth = follower.books[ticker], simulator.live.world.markets[ticker].book
        for ours, theirs in ((book.yes, truth.sides[0]), (book.no, truth.sides[1])):
            if {int(price): int(size) for price, size in ours.items()} != {
                cents * 100: size for cents, size in theirs.items() if size
            }:
                return False
    return True


@pytest.mark.parametrize("spec", FILES)
async def test_a_recording_served_over_the_socket_gives_the_same_books_as_read_directly(
    spec: str, shared: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "recording"
    import_files([parse_spec(spec.replace("=", f"={shared}/data/kalshi/", 1))], folder)
    expected = books_of_recording(folder)
    settings = ServiceSettings(speed=100_000, recording=folder, wall_clock=False)
    wanted = _deltas_by_connection(folder)
    follower = Follower()
    async with simulated(settings) as (simulator, nursery):
        signer = signer_of(simulator, tmp_path)
        for conn, deltas in enumerate(wanted):
            before = follower.kinds[BookDelta]
            stream = follower.follow(
                simulator.addresses.kalshi_stream, signer, simulator.clock.stamp, expected, conn
            )
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as inner:
                    inner.start_soon(stream.run)
                    await until(partial(_has, follower, before + deltas), within_s=60)
                    scope.cancel()
        nursery.cancel_scope.cancel()
    assert follower.levels() == expected
    assert set(follower.heard) == {NumberCheck.FIRST, NumberCheck.NEXT}
    assert not follower.refused


def _has(follower: Follower, deltas: int) -> bool:
    return follower.kinds[BookDelta] == deltas


def _deltas_by_connection(folder: Path) -> list[int]:
    counts: dict[int, int] = {}
    for line in read(folder):
        if line.source == "kalshi.ws":
            counts[line.conn] = counts.get(line.conn, 0) + (line.what == "orderbook_delta")
    return list(counts.values())


async def test_rest_tells_the_evening_that_the_simulator_plays(tmp_path: Path) -> None:
    heard: list[tuple[str, str]] = []
    async with simulated() as (simulator, _):
        tickers = sorted(simulator.live.world.markets)
        surroundings = Dependencies(
            on_body=keeping(heard, "kalshi.rest", simulator.clock.stamp),
            wall=simulator.clock.stamp,
            draw=lambda: 0.5,
        )
        async with Http(simulator.addresses.kalshi_rest) as http:
            rest = KalshiRest(http, surroundings, signer_of(simulator, tmp_path), Budget(100_000, 100_000))
            await rest.exchange_status()
            await rest.exchange_schedule()
            found = set()
            for series in ("KXNBAGAME", "KXNBASPREAD", "KXNBATOTAL"):
                await rest.series(series)
                found |= {getattr(event, "ticker", "") for event in await rest.events(series)}
            assert found == set(tickers)
            books = await rest.books(tickers)
            assert len(books) == len(tickers)
            await rest.trades(tickers[0])
            since, until_ = Nanos(simulator.clock.starts_at), Nanos(simulator.clock.now())
            assert await rest.recover(tickers[0], since, until_)
    assert len(heard) >= 9


async def test_scores_and_odds_of_the_simulator_are_read() -> None:
    async with simulated() as (simulator, _):
        surroundings = ScoresSurroundings(
            on_body=keeping([], "balldontlie", simulator.clock.stamp),
            wall=simulator.clock.stamp,
            draw=lambda: 0.5,
        )
        async with Http(simulator.addresses.balldontlie) as http:
            rest = BalldontlieRest(http, simulator.balldontlie_key, surroundings, Tier.GOAT)
            games = await rest.games([EVENING.date])
            assert sum(isinstance(event, GameSeen) for event in games) == 1
            assert len(await rest.odds(EVENING.date)) >= 5
            await rest.opening_odds(EVENING.date)
            await rest.live_box_scores()


SHOTS: dict[str, dict[str, int]] = {
    "drop": {"drop": 3},
    "skip a number": {"skip_seq": 2},
    "duplicate": {"duplicate": 5},
    "reorder": {"reorder": 3},
    "garbage": {"garbage": 5},
    "half a frame": {"half_frame": 1},
    "clean close": {"disconnect": 1},
    "buffer overflow": {"error_25": 1},
    "oversized": {"oversized": 1, "oversized_bytes": 2_000_000},
    "wrong snapshot": {"drop": 1, "wrong_snapshot": 2},
}


@pytest.mark.promise("after-fault-stream-books")
@pytest.mark.parametrize("fault", SHOTS)
async def test_after_each_fault_of_the_stream_the_books_are_right_again(fault: str, tmp_path: Path) -> None:
    follower = Follower()
    async with simulated() as (simulator, nursery):
        tickers = sorted(simulator.live.world.markets)
        signer = signer_of(simulator, tmp_path)
        stream = follower.follow(simulator.addresses.kalshi_stream, signer, simulator.clock.stamp, tickers)
        nursery.start_soon(stream.run)
        await until(lambda: agrees(follower, simulator, tickers), within_s=20)
        before = follower.kinds[BookDelta]
        simulator.faults.change(SHOTS[fault])
        await until(lambda: follower.kinds[BookDelta] > before + 60, within_s=40)
        if fault == "wrong snapshot":
            # Nobody can see that a snapshot lies; the next one puts it right.
            stream.request_snapshots(stream.status.conn, 1)
        await until(lambda: agrees(follower, simulator, tickers), within_s=30)
        nursery.cancel_scope.cancel()
    assert follower.stale == 0


@pytest.mark.parametrize("state", ["stall", "freeze"])
async def test_after_a_silence_the_stream_is_given_up_and_comes_back(state: str, tmp_path: Path) -> None:
    follower = Follower()
    async with simulated() as (simulator, nursery):
        tickers = sorted(simulator.live.world.markets)
        signer = signer_of(simulator, tmp_path)
        stream = follower.follow(simulator.addresses.kalshi_stream, signer, simulator.clock.stamp, tickers)
        nursery.start_soon(stream.run)
        await until(lambda: agrees(follower, simulator, tickers), within_s=20)
        simulator.faults.change({state: True})
        await trio.sleep(2.5)
        assert stream.status.attempts > 1 or state == "freeze"
        simulator.faults.change({state: False})
        await until(lambda: agrees(follower, simulator, tickers), within_s=40)
        nursery.cancel_scope.cancel()


TOXICS: dict[str, dict[str, int]] = {
    "latency": {"latency_ms": 100},
    "jitter": {"latency_ms": 20, "jitter_ms": 80},
    "bandwidth": {"bandwidth_bytes_per_second": 20_000},
    "slow close": {"slow_close_ms": 500},
    "timeout": {"timeout_ms": 300},
    "reset": {"reset_peer_ms": 300},
    "slicer": {"slice_bytes": 1},
    "limit": {"limit_bytes": 30_000},
    "down": {"down": True},
}


@pytest.mark.fault("stream-line")
@pytest.mark.parametrize("toxic", TOXICS)
async def test_the_stream_survives_each_toxic(toxic: str, tmp_path: Path) -> None:
    follower = Follower()
    async with simulated() as (simulator, nursery):
        tickers = sorted(simulator.live.world.markets)
        toxics = Toxics()
        proxy = await nursery.start(partial(proxied, address_of(simulator.addresses.kalshi_stream), toxics))
        url = proxy.through(simulator.addresses.kalshi_stream)
        stream = follower.follow(url, signer_of(simulator, tmp_path), simulator.clock.stamp, tickers)
        nursery.start_soon(stream.run)
        await until(lambda: agrees(follower, simulator, tickers), within_s=20)
        for name, value in TOXICS[toxic].items():
            setattr(toxics, name, value)
        await trio.sleep(0.8)
        for field in attrs.fields(Toxics):
            setattr(toxics, field.name, field.default)
        await until(lambda: agrees(follower, simulator, tickers), within_s=40)
        nursery.cancel_scope.cancel()
    assert follower.stale == 0
    assert all(book.negatives == 0 for book in follower.books.values())


POLL_LIMITS = HttpLimits(total_s_max=1.0, connect_s_max=0.5, read_s_max=0.5)
POLL_RETRY = RetryPolicy(attempts_max=1, failures_to_open=100)
Ask = Callable[[Http], Awaitable[object]]


def asking(service: str, simulator: Simulator, folder: Path) -> tuple[str, Ask]:
    """Where a service is, and one poll of it by the client that the engine uses."""
    if service == "kalshi":
        given = Dependencies(
            on_body=keeping([], "kalshi.rest", simulator.clock.stamp),
            wall=simulator.clock.stamp,
            draw=lambda: 0.5,
            retry=POLL_RETRY,
        )
        signer, budget = signer_of(simulator, folder), Budget(100_000, 100_000)
        return simulator.addresses.kalshi_rest, lambda http: KalshiRest(http, given, signer, budget).events(
            "KXNBAGAME"
        )
    around = ScoresSurroundings(
        on_body=keeping([], "balldontlie", simulator.clock.stamp),
        wall=simulator.clock.stamp,
        draw=lambda: 0.5,
        retry=POLL_RETRY,
    )
    key = simulator.balldontlie_key
    return simulator.addresses.balldontlie, lambda http: BalldontlieRest(http, key, around, Tier.GOAT).games(
        [EVENING.date]
    )


@pytest.mark.fault("line-kalshi-balldontlie-requests")
@pytest.mark.parametrize("service", ["kalshi", "balldontlie"])
@pytest.mark.parametrize("toxic", TOXICS)
async def test_polling_survives_each_toxic(toxic: str, service: str, tmp_path: Path) -> None:
    """Each poll ends in an answer or a named error in its time; on a good line the next one is answered."""
    async with simulated() as (simulator, nursery):
        url, ask = asking(service, simulator, tmp_path)
        toxics = Toxics(**TOXICS[toxic])  # type: ignore[arg-type]
        proxy = await nursery.start(partial(proxied, address_of(url), toxics))
        async with Http(proxy.through(url), POLL_LIMITS) as http:
            for _ in range(2):
                with trio.fail_after(10), suppress(VenueError):
                    await ask(http)
            for field in attrs.fields(Toxics):
                setattr(toxics, field.name, field.default)
            with trio.fail_after(20):
                while True:
                    try:
                        assert await ask(http)
                    except VenueError:
                        continue
                    break
        nursery.cancel_scope.cancel()


def _connected_more(follower: Follower, than: int) -> bool:
    return follower.kinds[FeedConnected] > than


def open_descriptors() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.fault("A20")
async def test_a_storm_of_drops_leaves_nothing_behind_and_the_books_right(tmp_path: Path) -> None:
    follower = Follower()
    async with simulated() as (simulator, nursery):
        tickers = sorted(simulator.live.world.markets)
        signer = signer_of(simulator, tmp_path)
        stream = follower.follow(simulator.addresses.kalshi_stream, signer, simulator.clock.stamp, tickers)
        nursery.start_soon(stream.run)
        await until(lambda: agrees(follower, simulator, tickers), within_s=20)
        descriptors = open_descriptors()
        tasks = trio.lowlevel.current_statistics().tasks_living
        for _ in range(50):
            connections = follower.kinds[FeedConnected]
            simulator.faults.change({"half_frame": 1})
            await until(partial(_connected_more, follower, connections), within_s=20)
        await until(lambda: agrees(follower, simulator, tickers), within_s=20)
        assert abs(trio.lowlevel.current_statistics().tasks_living - tasks) <= 4
        assert open_descriptors() <= descriptors + 4
        nursery.cancel_scope.cancel()
    assert follower.stale == 0
    assert stream.status.conn > 50
    assert {gap.ticker for gap in follower.gaps} <= set(tickers)


@pytest.mark.fault("A19")
async def test_a19_the_weekly_pause_closes_the_stream_and_its_end_brings_the_books_back(
    tmp_path: Path,
) -> None:
    """While it lasts there is one try after each pause of the backoff, and no more."""
    follower = Follower()
    async with simulated() as (simulator, nursery):
        tickers = sorted(simulator.live.world.markets)
        signer = signer_of(simulator, tmp_path)
        stream = follower.follow(simulator.addresses.kalshi_stream, signer, simulator.clock.stamp, tickers)
        stream._given = attrs.evolve(
            stream._given, retry=attrs.evolve(QUICK, wait_s_base=0.2, wait_s_max=0.4)
        )
        nursery.start_soon(stream.run)
        await until(lambda: agrees(follower, simulator, tickers), within_s=20)
        before, began = stream.status.attempts, trio.current_time()
        async with httpx.AsyncClient(trust_env=False) as people:
            answer = await people.post(simulator.addresses.admin + "/faults", json={"pause": True})
        assert answer.status_code == 200
        await until(lambda: stream.status.attempts >= before + 4, within_s=30)
        # The draw is one half: 0.1 s after the first close, 0.2 s after each later one.
        assert trio.current_time() - began >= 0.1 + 2 * 0.2
        assert not follower.trusted(tickers)
        simulator.faults.change({"pause": False})
        await until(lambda: agrees(follower, simulator, tickers), within_s=40)
        assert stream.status.connected
        nursery.cancel_scope.cancel()
    assert follower.stale == 0
