"""The simulated venues in a process of their own, for one evening of a soak.

Started by `tests.simulation.soak.processes`. Prints one line of JSON when clients can connect, then serves
until it is ended.
"""

import json
import sys
from pathlib import Path

import trio

from tipoff.commands.simulate import write_keys
from tipoff.output import Answer, Output
from venues.simulator.service import ServiceSettings, Simulator, serve
from venues.simulator.world.settings import EveningSettings


async def serve_evening(settings: ServiceSettings, keys: Path) -> None:
    """Serve; say where, and where the configuration of a client is."""
    async with trio.open_nursery() as nursery:
        simulator: Simulator = await nursery.start(serve, settings)
        config = write_keys(simulator, keys)
        Output(as_json=True).answer(Answer({"admin": simulator.addresses.admin, "config": str(config)}, ""))


def main(document: str) -> None:
    """Take what is to be served as one JSON document."""
    given = json.loads(document)
    settings = ServiceSettings(
        evening=EveningSettings(seed=given["seed"], games=given["games"], date=given["date"]),
        speed=given["speed"],
        kalshi_port=given["kalshi_port"],
        balldontlie_port=given["balldontlie_port"],
    )
    trio.run(serve_evening, settings, Path(given["keys"]))


if __name__ == "__main__":
    main(sys.argv[1])
