"""How a source asks its service when `tipoff doctor --network` looks: is it there, is our clock right.

For the questions of the sources' records. A few requests each, with short deadlines; nothing is traded,
nothing is written, and what answers hold is not shown.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import attrs
import trio

from tipoff.sources.findings import Finding
from venues.errors import VenueError
from venues.transport.byte_stream import open_stream
from venues.transport.clock_skew import LARGE_S, remedy, skew_of_headers
from venues.transport.http import Http, HttpLimits
from venues.transport.proxy import place_of, port_of

LIMITS: Final = HttpLimits(total_s_max=8.0, body_bytes_max=1_048_576)
LOOK: Final = "look at name service, firewall and proxy"

Connect = Callable[[str], Http]


@attrs.frozen
class Asking:
    """How services are asked; tests use other ways than sockets and the wall clock."""

    connect: Connect = partial(Http, limits=LIMITS)
    wall: Callable[[], int] = time.time_ns
    stream: bool = True
    """Whether the hosts that are no HTTP services are tried too."""
    prod: bool = False
    """Whether it is the venue's real environment that the configuration listens to."""


async def reachable(name: str, url: str, target: str, asking: Asking) -> list[Finding]:
    """Whether a service answers, and agrees on the time."""
    try:
        async with asking.connect(url) as http:
            answer = await http.get(target)
    except VenueError as error:
        return [Finding("reachable", "fail", f"{name}: {error}", f"try `curl -I {url}`; {LOOK}")]
    findings = [_answered(name, answer.status)]
    skew = skew_of_headers(answer.headers, asking.wall())
    if skew is not None:
        detail = f"{skew.seconds:+.1f} s against {name}"
        fix = "" if not skew.large else f"more than {LARGE_S:g} s: {remedy(skew.seconds)}"
        findings.append(Finding("clock", "fail" if skew.large else "ok", detail, fix))
    return findings


def _answered(name: str, status: int) -> Finding:
    if status >= 500 or status == 429:
        return Finding("reachable", "warn", f"{name} answers HTTP {status}", "try again in a minute")
    return Finding("reachable", "ok", f"{name} answers")


async def listens(name: str, url: str) -> Finding:
    """Whether a connection to the address's host comes about. The address is not shown."""
    parts = urlsplit(url)
    where = f"{name}: {place_of(parts.hostname or '', port_of(parts))}"
    try:
        # A firewall that swallows what is sent refuses nothing and never answers.
        with trio.fail_after(LIMITS.total_s_max):
            stream = await open_stream(url)
    except trio.TooSlowError:
        return Finding("reachable", "fail", f"{where}: no answer in time", LOOK)
    except VenueError as error:
        return Finding("reachable", "fail", f"{name}: {error}", LOOK)
    await trio.aclose_forcefully(stream)
    return Finding("reachable", "ok", f"{where} listens")
