"""`tipoff simulate`: the simulated Kalshi and balldontlie on loopback, until they are ended.

Called by the command line. Prints addresses, keys and the fault switches as soon as clients can connect. Must
not start an engine.
"""

import math
import time
from pathlib import Path
from typing import Final

import attrs
import trio

from engine.calendar import eastern, eastern_date, next_pause
from engine.units import NANOS_PER_MINUTE, NANOS_PER_SECOND, Nanos
from tipoff.commands.options import SimulateRequest
from tipoff.config.load import template
from tipoff.config.render import render
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, Output, progress
from tipoff.runs.from_config import schema
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.bundled.kalshi.section import KalshiSection
from venues.simulator.service import ServiceSettings, Simulator, serve
from venues.simulator.wire.faults import SWITCHES, Faults
from venues.simulator.world.settings import EveningSettings

PREGAME_MINUTES: Final = 1
"""So long an evening that begins now waits for its first game: long enough to start a daemon beside it."""

BOOLEANS: Final = {"true": True, "false": False}


def run_simulate(request: SimulateRequest, *, as_json: bool) -> None:
    """Serve until cancelled or interrupted. Raises Failure for a fault that does not exist."""
    switches = faults_of(request.faults)
    evening = EveningSettings(
        seed=request.seed,
        games=request.games,
        surprises=request.surprises,
        edges=not request.no_edges,
    )
    if request.today:
        evening = beginning_now(evening, time.time_ns())
    settings = ServiceSettings(
        evening=evening,
        speed=request.speed,
        held=request.held or request.today,
        wall_clock=request.wall_clock or request.today,
        kalshi_port=request.port,
        balldontlie_port=request.balldontlie_port,
        recording=request.recording,
        history=request.history,
        live_days=request.live_days,
    )
    if request.history:
        progress(f"playing the {request.history} evenings before")
    trio.run(_serve, request, settings, switches, Output(as_json=as_json))


async def _serve(
    request: SimulateRequest, settings: ServiceSettings, switches: dict[str, object], output: Output
) -> None:
    async with trio.open_nursery() as nursery:
        simulator: Simulator = await nursery.start(serve, settings)
        simulator.faults.change(switches)
        document = description(simulator, request)
        if request.keys is not None:
            document |= {"config": str(write_keys(simulator, request.keys))}
        output.answer(Answer(document, _screen(document)))
        if request.today:
            now_ns = time.time_ns()
            progress(begins_in_words(settings.evening, now_ns))
            await trio.sleep(max(0.0, (settings.evening.starts_at - now_ns) / NANOS_PER_SECOND))
            simulator.clock.begin()
        await simulator.live.over.wait()
        progress("the evening is over; its markets are still served, until Ctrl-C")


def beginning_now(
    evening: EveningSettings, now_ns: int, pregame_minutes: int = PREGAME_MINUTES
) -> EveningSettings:
    """The same evening with its first moment at the next full second, so that its time is the machine's.

    The first game begins so many minutes later, at whatever hour that is.
    """
    starts_at = math.ceil(now_ns / NANOS_PER_SECOND) * NANOS_PER_SECOND
    tip_at = starts_at + pregame_minutes * NANOS_PER_MINUTE
    return attrs.evolve(
        evening,
        date=eastern_date(Nanos(tip_at)).isoformat(),
        first_tip_at=tip_at,
        pregame_minutes=pregame_minutes,
        tip_delay_minutes=(0, 0),
    )


def begins_in_words(evening: EveningSettings, now_ns: int) -> str:
    """When the evening and its first game begin, and the venue's pause if that is in the way."""
    wait_s = max(0.0, (evening.starts_at - now_ns) / NANOS_PER_SECOND)
    tip_s = (evening.tip_at(0) - now_ns) / NANOS_PER_SECOND
    words = f"the evening begins in {wait_s:.0f} s, the first game in {tip_s:.0f} s"
    paused_from, paused_to = next_pause(Nanos(now_ns))
    if paused_from > evening.tip_at(0):
        return words
    until = eastern(paused_to).strftime("%H:%M")
    return f"{words}; but nothing trades until {until} in New York, for it is the venue's weekly pause"


def faults_of(texts: tuple[str, ...]) -> dict[str, object]:
    """Switches from NAME=VALUE. Raises Failure naming what is wrong, and every switch that there is."""
    values: dict[str, object] = {}
    for text in texts:
        name, _, value = text.partition("=")
        present = getattr(Faults(), name, None) if name in SWITCHES else None
        if present is None:
            message = f"there is no fault switch {name!r}; they are {', '.join(SWITCHES)}"
            raise Failure("usage", message, exit_code=Exit.USAGE)
        try:
            values[name] = BOOLEANS[value] if isinstance(present, bool) else type(present)(value)
            Faults().change(values)
        except (KeyError, ValueError) as error:
            message = f"{text!r}: {name} is set by {name}=VALUE, such as {name}={_example(present)}"
            raise Failure("usage", message, exit_code=Exit.USAGE) from error
    return values


def _example(present: object) -> str:
    """A value of the same kind as the one that a switch has."""
    match present:
        case bool():
            return "true"
        case int() | float():
            return "3"
        case _:
            return str(present) or "TEXT"


def description(simulator: Simulator, request: SimulateRequest) -> dict[str, Json]:
    """What a client needs to know, and how faults are switched on."""
    addresses = simulator.addresses
    return {
        "kalshi_rest": addresses.kalshi_rest,
        "kalshi_stream": addresses.kalshi_stream,
        "balldontlie": addresses.balldontlie,
        "admin": addresses.admin,
        "key_id": None if simulator.key is None else simulator.key.key_id,
        "private_key": None if simulator.key is None else simulator.key.private_pem.decode(),
        "balldontlie_key": simulator.balldontlie_key,
        "seed": request.seed,
        "games": request.games,
        "speed": request.speed,
        "faults": list(SWITCHES),
    }


def write_keys(simulator: Simulator, folder: Path) -> Path:
    """Write the keys, and a configuration that uses them; returns the configuration's path."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    assert simulator.key is not None  # noqa: S101 - made for the client, for it brought none
    private, key = folder / "kalshi.pem", folder / "balldontlie.key"
    for path, content in (
        (private, simulator.key.private_pem),
        (key, simulator.balldontlie_key.encode()),
    ):
        path.touch(0o600)
        path.write_bytes(content)
    config = folder / "engine.toml"
    config.write_text(_config_text(simulator, private, key), "utf-8")
    return config


def _config_text(simulator: Simulator, private: Path, key: Path) -> str:
    """The defaults with the simulated venues in the place of the real ones, and state beside the keys."""
    assert simulator.key is not None  # noqa: S101 - the caller has written it
    usual, addresses = template(schema()), simulator.addresses
    kalshi = attrs.evolve(
        usual.section(KalshiSection),
        rest_url_demo=addresses.kalshi_rest,
        stream_url_demo=addresses.kalshi_stream,
        key_id=simulator.key.key_id,
        private_key_file=str(private.absolute()),
    )
    balldontlie = attrs.evolve(
        usual.section(BalldontlieSection), url=addresses.balldontlie, key_file=str(key.absolute())
    )
    state = private.parent.absolute() / "state"
    engine = attrs.evolve(usual.engine, environment="demo", state_directory=state)
    chosen = attrs.evolve(usual, engine=engine).with_sources(kalshi, balldontlie)
    return render(chosen)


def _screen(document: dict[str, Json]) -> str:
    lines = [
        f"{name:16}{document[name]}" for name in ("kalshi_rest", "kalshi_stream", "balldontlie", "admin")
    ]
    lines += [f"{name:16}{document[name]}" for name in ("key_id", "balldontlie_key")]
    if "config" in document:
        lines.append(f"{'config':16}{document['config']}")
    lines.append(
        'Faults: POST {"NAME": VALUE} to ADMIN/faults, GET shows them, DELETE clears them; --json lists them.'
    )
    return "\n".join(lines)
