"""`tipoff demo`: a whole simulated evening through the whole engine, then its report.

No keys, no network. Called by the command line. The simulated venues and the engine run in one process, on
trio, and talk over real sockets of the loopback: discovery, stream, polls, journal and recording are those of
`tipoff run`. The engine's time is the evening's. With speed 0 the evening is replayed without sockets, as
fast as it goes.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from engine.calendar import eastern
from engine.events import MarketStatus
from engine.reasons import DenialReason
from engine.token_bucket import TokenBucket
from engine.units import NANOS_PER_SECOND, Nanos
from persistence.connect import Durability, Settings
from persistence.schema_upgrade import upgrade
from persistence.writer import JournalWriter, Mode, Options
from tipoff.commands.options import DemoRequest
from tipoff.commands.replay import replay, run_name, with_evidence
from tipoff.commands.simulated_recording import record_evening
from tipoff.commands.watched_reading import read_watched
from tipoff.config.load import Config, load_or_template
from tipoff.json_types import Json
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.output import Answer, Failure, long_work, progress
from tipoff.process.notifier import Notifier
from tipoff.process.shutdown import Shutdown, stop_engine
from tipoff.reports.document import report_screen
from tipoff.reports.numbers import as_object
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.recording_digest import RecordingDigest, write_config, write_digest
from tipoff.runs.settings import settings_digest
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.bundled.balldontlie.source import BALLDONTLIE, Key
from tipoff.sources.bundled.kalshi.section import KalshiSection
from tipoff.sources.bundled.kalshi.source import KALSHI
from tipoff.sources.clients import Credentials, Sources
from venues.kalshi.auth import read_signer
from venues.recordings.recorder import Recorder
from venues.simulator.service import ServiceSettings, Simulator, serve
from venues.simulator.world.settings import EveningSettings

PAUSES: Final = {
    "markets": 600 * NANOS_PER_SECOND,
    "exchange": 300 * NANOS_PER_SECOND,
    "fees": 7_200 * NANOS_PER_SECOND,
}
"""Of polls whose pauses no configuration names: an evening of minutes needs them less often."""

REQUESTS_PER_SECOND: Final = 100
RECORDING: Final = "recording"
DATABASE: Final = "tipoff.db"
LATE_SHARE_MIN: Final = 50
"""One wish in so many that was refused for the feed's lag is worth a word."""

TOLD_EVERY_S: Final = 10.0
SETTLED_S_MAX: Final = 10.0
PAID: Final = frozenset({MarketStatus.FINALIZED})


def run_demo(request: DemoRequest) -> Answer:
    """Play the evening of `request.seed` and report what the strategies made of it."""
    config = believing(load_or_template(None, schema()))
    with demo_folder(request.keep) as folder:
        if request.speed == 0:
            document = _without_sockets(request, config, folder)
        else:
            document = trio.run(partial(_evening, request, config, folder))
            told = lag_in_words(as_object(document["evidence"]), request.speed)
            if told is not None:
                progress(told)
    if request.keep is not None:
        progress(f"the recording is in {request.keep / RECORDING}")
        progress(f"tipoff report --db {_database(request.keep)} shows the run again")
        progress(f"tipoff dashboard --db {_database(request.keep)} looks back at it in a browser")
    return Answer(document, report_screen(document))


def believing(config: Config, say: Callable[[str], None] = progress) -> Config:
    """The same with every source of opinion at its word, which is said.

    What a simulated sportsbook is worth nobody has to estimate from real games: it is what the simulator
    makes it.
    """
    say('simulated sources of opinion are taken at their word: [trust] of = "stated"; real ones are not')
    return at_its_word(config)


def _without_sockets(request: DemoRequest, config: Config, folder: Path) -> dict[str, Json]:
    settings = trading_settings(config, seed=request.seed)
    recording = folder / RECORDING
    progress(f"making an evening of {request.games} games from seed {request.seed}")
    with long_work("making the evening", "lines") as work:
        evening = EveningSettings(seed=request.seed, games=request.games)
        lines = record_evening(evening, recording, work.reached)
    progress(f"{lines} frames and bodies; trading it")
    name = run_name([recording], settings)
    url = _database(folder)
    upgrade(url)
    write_config(recording, config, settings_digest(settings))
    with contextlib.closing(JournalWriter(url, name, Options(mode=Mode.REPLAY))) as writer:
        with long_work("trading the evening", "lines") as work:
            document = replay(read_watched([recording], work), settings, name, writer).document
        document = with_evidence(document, writer)
        digest, seq = writer.digest(), writer.stored_seq
    write_digest(recording, RecordingDigest(name, digest, settings_digest(settings), settings.seed, seq))
    return document


def lag_in_words(evidence: Mapping[str, Json], speed: float) -> str | None:
    """That the machine could not keep up with the evening, if wishes were refused for it; else None.

    At 160 seconds in one of ours a hold-up of 40 ms is a feed that lags by more than six seconds.
    """
    wishes = [as_object(as_object(row)["wishes"]) for row in as_object(evidence["strategies"]).values()]
    made = sum(int(str(each["made"])) for each in wishes)
    late = sum(int(str(as_object(each["refused"]).get(DenialReason.FEED_LAG.value, 0))) for each in wishes)
    if late * LATE_SHARE_MIN < made or not late:
        return None
    return (
        f"this machine could not keep up: {late} of {made} wishes were refused since the feed lagged behind "
        f"by seconds of the evening, so the result is the machine's too; play it slower than "
        f"--speed {speed:g}, or the same each time with --speed 0"
    )


@contextlib.contextmanager
def demo_folder(keep: Path | None) -> Iterator[Path]:
    """Where database and recording go. Raises Failure where an earlier demo's are already."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="tipoff-demo-") as folder:
            yield Path(folder)
        return
    keep.mkdir(parents=True, exist_ok=True)
    for name in (RECORDING, DATABASE):
        if (keep / name).exists():
            raise Failure("kept_before", f"{keep / name} is there already; name a folder without one")
    yield keep


async def _evening(request: DemoRequest, config: Config, folder: Path) -> dict[str, Json]:
    """The venues, the engine beside them, and the end when all is paid."""
    evening = EveningSettings(seed=request.seed, games=request.games)
    # Held until the engine is there, or the set-up would cost minutes of a fast evening; and not limited,
    # since an hour's requests come within a minute.
    service = ServiceSettings(evening=evening, speed=request.speed, held=True, limited=False)
    async with trio.open_nursery() as nursery:
        simulator: Simulator = await nursery.start(serve, service)
        chosen = pointed_at(config, simulator, request.seed)
        await trio.to_thread.run_sync(upgrade, _database(folder))
        async with Sources(chosen, credentials_of(simulator, folder), PAUSES).opened() as sources:
            document = await _trade(chosen, folder, simulator, sources)
        nursery.cancel_scope.cancel()
    return document


def _database(folder: Path) -> str:
    return f"sqlite:///{folder / DATABASE}"


async def _trade(config: Config, folder: Path, simulator: Simulator, sources: Sources) -> dict[str, Json]:
    """Trade the evening from its first moment until everything is paid; returns the report."""
    settings = trading_settings(config)
    # A demo that is cut short is played again, so no commit need wait for the disk.
    relaxed = Options(settings=Settings(durability=Durability.RELAXED))
    with contextlib.closing(JournalWriter(_database(folder), "demo", relaxed)) as writer:
        recorder = Recorder(folder / RECORDING, made_by=f"tipoff demo, seed {settings.seed}")
        write_config(recorder.folder, config, settings_digest(settings))
        simulated = simulator.live.clock
        # After all that takes its time, and right before the engine's own clock starts from it.
        simulated.begin()
        plan = LivePlan(
            settings=settings,
            settings_digest=settings_digest(settings),
            run="demo",
            writer=writer,
            recorder=recorder,
            clock=EveningClock(simulated.now(), simulated.speed),
        )
        engine = LiveEngine(plan, sources.specs)
        async with trio.open_nursery() as nursery:
            await nursery.start(engine.run)
            nursery.start_soon(_tell, engine)
            await simulator.live.over.wait()
            await settled(engine)
            stopped = await stop_engine(engine, "end of the evening", Shutdown(progress, Notifier({})))
            nursery.cancel_scope.cancel()
        return with_evidence(stopped.document, writer)


async def _tell(engine: LiveEngine) -> None:
    """A line of progress every now and then."""
    while True:
        await trio.sleep(TOLD_EVERY_S)
        rows = engine.tally.strategies.values()
        orders, fills = sum(row.orders for row in rows), sum(row.fills for row in rows)
        moment = eastern(Nanos(engine.plan.clock())).strftime("%H:%M")
        progress(
            f"{moment} in New York: {engine.ingress.status.lines} inputs, {orders} orders, {fills} fills"
        )


async def settled(engine: LiveEngine) -> None:
    """Wait until every game is over and paid as far as the engine knows, but not for ever."""
    with trio.move_on_after(SETTLED_S_MAX):
        while not await _all_paid(engine):  # noqa: ASYNC110 - nothing tells when the last market is paid
            await trio.sleep(0.1)
        await engine.commit_queue.drain()


async def _all_paid(engine: LiveEngine) -> bool:
    games = (await engine.games()).values()
    return all(market.listed.status in PAID for game in games for market in game.markets.values())


def pointed_at(config: Config, simulator: Simulator, seed: int) -> Config:
    """The configuration with the simulated venues in the place of the real ones."""
    addresses = simulator.addresses
    kalshi = attrs.evolve(
        config.section(KalshiSection),
        rest_url_demo=addresses.kalshi_rest,
        stream_url_demo=addresses.kalshi_stream,
    )
    balldontlie = attrs.evolve(
        config.section(BalldontlieSection),
        url=addresses.balldontlie,
        tier="auto",
        games_poll_ms=60_000,
        box_score_poll_ms=10_000,
        odds_poll_ms=30_000,
    )
    engine = attrs.evolve(config.engine, environment="demo", seed=seed)
    return attrs.evolve(config, engine=engine).with_sources(kalshi, balldontlie)


def credentials_of(simulator: Simulator, folder: Path) -> Credentials:
    """The keys of the simulated venues; the private one is a file in `folder` for the time being."""
    assert simulator.key is not None  # noqa: S101 - made for us, for we brought none
    path = folder / "simulated.pem"
    # Made with its mode before there is anything in it.
    path.touch(0o600)
    path.write_bytes(simulator.key.private_pem)
    bucket = partial(TokenBucket.full, REQUESTS_PER_SECOND, Nanos(NANOS_PER_SECOND), REQUESTS_PER_SECOND)
    return Credentials(
        {
            KALSHI.name: read_signer(simulator.key.key_id, path),
            BALLDONTLIE.name: Key(simulator.balldontlie_key, bucket),
        }
    )
