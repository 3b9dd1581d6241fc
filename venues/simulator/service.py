"""Both simulated services on loopback: ports, keys, connections, faults, and the evening that they show.

`serve` is a task for a trio nursery: it reports a `Simulator` as started, with the addresses and keys that a
client needs, and runs until it is cancelled. Used by `tipoff` and by tests.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import attrs
import trio

from engine.calendar import next_pause
from engine.units import Nanos
from venues.simulator.admin import Admin
from venues.simulator.balldontlie.rest import BdlRest, Tier
from venues.simulator.kalshi.recorded_stream import ServedRecording
from venues.simulator.kalshi.rest import ROOT, STREAM_PATH, KalshiRest
from venues.simulator.kalshi.signatures import KeyPair, KeyRing, Refusal
from venues.simulator.kalshi.stream import KalshiStream
from venues.simulator.wire.error_responses import kalshi_refusal
from venues.simulator.wire.faults import Faults
from venues.simulator.wire.http import Answer, Handler, HttpSide, Request, Upgraded
from venues.simulator.wire.websocket import handshake
from venues.simulator.world.clock import SimulatedClock
from venues.simulator.world.history import LIVE_DAYS, History
from venues.simulator.world.listing import new_id
from venues.simulator.world.live import LiveEvening
from venues.simulator.world.settings import SECOND, EveningSettings
from venues.simulator.world.world import World

BDL_KEYS: Final[Mapping[str, Tier]] = {
    "simulated-goat": Tier.GOAT,
    "simulated-all-star": Tier.ALL_STAR,
    "simulated-free": Tier.FREE,
}
CONNECTIONS_MAX: Final = 1_000


@attrs.frozen
class ServiceSettings:
    """How the simulated services are run."""

    evening: EveningSettings = attrs.field(factory=EveningSettings)
    speed: float = attrs.field(default=1.0, validator=attrs.validators.gt(0))
    """Simulated seconds in a second."""
    held: bool = False
    """Whether simulated time stands still until a client has subscribed (or its clock begins)."""
    wall_clock: bool = False
    """Whether signatures and Date headers go by the machine's clock instead of simulated time."""
    host: str = "127.0.0.1"
    kalshi_port: int = 0
    """0 takes a free one."""
    balldontlie_port: int = 0
    public_keys: Mapping[str, bytes] = attrs.field(factory=dict)
    """Public keys (PEM) of clients by key id; without any, a pair is made."""
    ed25519: bool = False
    """Whether the pair that is made is Ed25519 instead of RSA."""
    balldontlie_keys: Mapping[str, Tier] = attrs.field(factory=lambda: BDL_KEYS)
    limited: bool = True
    """Whether clients that ask too often get a 429."""
    recording: Path | None = None
    """A recording that is served instead of an evening; its time begins with the first subscription."""
    history: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    """Evenings before this one, of which the REST services tell; they are played before serving begins."""
    live_days: float = LIVE_DAYS
    """So many days before the evening begins the venue's archive ends."""


@attrs.frozen
class Addresses:
    """What a client has to know."""

    kalshi_rest: str
    """Base address with the interface's root."""
    kalshi_stream: str
    balldontlie: str
    admin: str


@attrs.frozen
class Simulator:
    """The running services."""

    addresses: Addresses
    live: LiveEvening
    faults: Faults
    stream: KalshiStream
    key: KeyPair | None
    """The pair that was made for the client, if it brought no public key."""
    balldontlie_key: str
    """A key of the best tier."""

    @property
    def clock(self) -> SimulatedClock:
        """Simulated time."""
        return self.live.clock


async def serve(
    settings: ServiceSettings, task_status: trio.TaskStatus[Simulator] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve until cancelled. Raises OSError if a port is taken, RecordingError for a bad recording."""
    pair, ring = _keys(settings)
    recording = ServedRecording.read(settings.recording) if settings.recording else None
    bodies = recording.bodies if recording else None
    starts_at = recording.starts_at if recording else settings.evening.starts_at
    clock = SimulatedClock(starts_at, settings.speed, settings.wall_clock)
    history = History.before(settings.evening, settings.history, settings.live_days)
    live = LiveEvening(World(settings.evening), clock, history=history)
    faults = Faults()
    rest = KalshiRest(live, ring, faults, settings.limited, bodies)
    stream = KalshiStream.over(live, faults, recording)
    bdl = BdlRest(live, settings.balldontlie_keys, faults, settings.limited, bodies)
    admin = Admin(live, faults, stream)
    async with trio.open_nursery() as nursery:
        kalshi = await trio.open_tcp_listeners(settings.kalshi_port, host=settings.host)
        balldontlie = await trio.open_tcp_listeners(settings.balldontlie_port, host=settings.host)
        kalshi_side = _Side("kalshi", _KalshiPort(rest, stream, admin).answer, stream.serve, live, faults)
        bdl_side = _Side("balldontlie", bdl.answer, _no_websocket, live, faults)
        nursery.start_soon(partial(trio.serve_listeners, kalshi_side.connected, kalshi))
        nursery.start_soon(partial(trio.serve_listeners, bdl_side.connected, balldontlie))
        if recording is None:
            nursery.start_soon(live.run)
            nursery.start_soon(_close_in_pauses, clock, stream)
        if recording is None and not settings.held:
            live.clock.begin()
        best = max(settings.balldontlie_keys.items(), key=lambda item: item[1], default=("", Tier.FREE))
        addresses = _addresses(kalshi[0], balldontlie[0])
        task_status.started(Simulator(addresses, live, faults, stream, pair, best[0]))
        await trio.sleep_forever()


async def _close_in_pauses(clock: SimulatedClock, stream: KalshiStream) -> None:
    """At the begin of every weekly pause the venue closes its streams."""
    await clock.begun.wait()
    while True:
        start, end = next_pause(Nanos(clock.now()))
        await clock.sleep_until(start)
        stream.nudge()
        await clock.sleep_until(end)


def _keys(settings: ServiceSettings) -> tuple[KeyPair | None, KeyRing]:
    if settings.public_keys:
        return None, KeyRing.of(dict(settings.public_keys))
    key_id = new_id(Random(f"{settings.evening.seed}|key"))
    pair = KeyPair.made(key_id, kind="ed25519" if settings.ed25519 else "rsa")
    return pair, KeyRing.of({key_id: pair.public_pem})


def _addresses(kalshi: trio.SocketListener, balldontlie: trio.SocketListener) -> Addresses:
    exchange = "{}:{}".format(*kalshi.socket.getsockname()[:2])
    scores = "{}:{}".format(*balldontlie.socket.getsockname()[:2])
    return Addresses(
        kalshi_rest=f"http://{exchange}{ROOT}",
        kalshi_stream=f"ws://{exchange}{STREAM_PATH}",
        balldontlie=f"http://{scores}",
        admin=f"http://{exchange}/admin",
    )


@attrs.define(eq=False)
class _Side:
    """One port: makes the server side of each connection, up to a limit."""

    service: str
    handler: Handler
    upgraded: Upgraded
    live: LiveEvening
    faults: Faults
    connections: int = 0

    async def connected(self, stream: trio.SocketStream) -> None:
        if self.connections >= CONNECTIONS_MAX:
            await trio.aclose_forcefully(stream)
            return
        self.connections += 1
        try:
            side = HttpSide(stream, self.service, self.handler, self.upgraded, self.faults, self.clock)
            await side.run()
        finally:
            self.connections -= 1

    def clock(self) -> float:
        """Unix seconds of the venue's clock, for Date headers."""
        return self.live.clock.stamp() / SECOND + self.faults.skew_ms / 1000


@attrs.frozen
class _KalshiPort:
    """Sorts what comes to the Kalshi port: handshakes, switches, requests."""

    rest: KalshiRest
    stream: KalshiStream
    admin: Admin

    def answer(self, request: Request) -> Answer | None:
        if request.path.startswith("/admin/"):
            return self.admin.answer(request)
        if not request.wants_websocket:
            return self.rest.answer(request)
        if request.path != STREAM_PATH:
            return kalshi_refusal(404, self.rest.faults)
        paused = self.rest.faults.pause or (self.rest.recorded is None and self.rest.live.paused)
        if paused or self.rest.faults.refuse:
            return kalshi_refusal(503, self.rest.faults)
        try:
            self.rest.signer(request, required=True)
            handshake(request)
        except ValueError as error:
            return kalshi_refusal(400, self.rest.faults, details=str(error))
        except Refusal as refusal:
            return kalshi_refusal(401, self.rest.faults, code=str(refusal))
        return None


async def _no_websocket(stream: trio.SocketStream, _request: Request, _rest: bytes) -> None:
    await trio.aclose_forcefully(stream)
