"""The dashboard as a child process of the daemon: `python -m tipoff.dashboard.child`.

Started by `tipoff.services.dashboard`. Its first line on standard input says where it listens and whom it
serves, so that no secret stands on a command line; the end of that input is the end of the daemon, also when
it was killed. On standard output it says a line: the port, or what is wrong.
"""

import asyncio
import json
import logging
import sys
from pathlib import Path

import msgspec

from tipoff.dashboard.access import Tokens
from tipoff.dashboard.child_settings import ChildSettings
from tipoff.dashboard.daemon_link import DaemonLink
from tipoff.dashboard.server import ServerSettings, serve
from tipoff.output import Failure


def main() -> int:
    """Serve until standard input ends; returns the exit code."""
    logging.basicConfig(level=logging.ERROR, format="dashboard: %(message)s")
    try:
        asyncio.run(_run())
    except Failure as failure:
        _say({"error": str(failure)})
        return failure.exit
    except KeyboardInterrupt:
        # Ctrl-C in a terminal reaches the whole group; the daemon tells us by itself.
        return 0
    return 0


async def _run() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    told = msgspec.json.decode(await reader.readline(), type=ChildSettings)
    settings = ServerSettings(host=told.host, port=told.port, tokens=Tokens(told.operate, told.read))
    link = DaemonLink(Path(told.socket))
    await serve(settings, link, listening=lambda port: _say({"port": port}), until=reader.read)


def _say(line: dict[str, int | str]) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201 - that is the line to the daemon


if __name__ == "__main__":
    sys.exit(main())
