"""`tipoff simulate`: the simulated Kalshi and balldontlie on loopback, until they are ended.

Called by the command line. Prints addresses, keys and the fault switches as soon as clients can connect. Must
not start an engine.
"""

import math
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

import attrs
import trio

from engine.calendar import eastern
from engine.units import NANOS_PER_SECOND, Nanos
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

FIRST_HOUR, LAST_HOUR = 11, 22
PREGAME_MINUTES_MIN: Final = 5
BOOLEANS: Final = {"true": True, "false": False}
MINUTE_NS: Final = 60 * NANOS_PER_SECOND


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
    )
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
            wait_s = max(0.0, (settings.evening.starts_at - time.time_ns()) / NANOS_PER_SECOND)
            progress(f"the evening begins in {wait_s:.0f} s")
            await trio.sleep(wait_s)
            simulator.clock.begin()
        await simulator.live.over.wait()
        progress("the evening is over; its markets are still served, until Ctrl-C")


def beginning_now(evening: EveningSettings, now_ns: int) -> EveningSettings:
    """The same evening with its first moment at the next full minute, so that its time is the machine's."""
    starts_at = math.ceil(now_ns / MINUTE_NS) * MINUTE_NS
    tip = eastern(Nanos(starts_at)) + timedelta(minutes=PREGAME_MINUTES_MIN)
    if tip.minute:
        tip = tip.replace(minute=0) + timedelta(hours=1)
    if tip.hour < FIRST_HOUR:
        tip = tip.replace(hour=FIRST_HOUR)
    elif tip.hour > LAST_HOUR:
        tip = (tip + timedelta(days=1)).replace(hour=FIRST_HOUR)
    dated = attrs.evolve(evening, date=tip.date().isoformat(), first_tip_hour=tip.hour)
    return attrs.evolve(dated, pregame_minutes=(dated.tip_at(0) - starts_at) // MINUTE_NS)


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
    engine = attrs.evolve(usual.engine, state_directory=private.parent.absolute() / "state")
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
