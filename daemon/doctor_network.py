"""The part of `tipoff doctor` that asks the venues: can they be reached, do keys work, is our clock right.

Called by `doctor` when told to use the network. One question each, with short deadlines; nothing is traded,
nothing is written. Must not start an engine.
"""

from collections.abc import Awaitable, Callable
from functools import partial

import trio

from daemon.config import Config
from daemon.config_files import secret_path
from daemon.doctor import Finding
from venues.clock_skew import LARGE_S, skew_of_headers
from venues.errors import VenueError
from venues.http import Answer, Http, HttpLimits

LIMITS = HttpLimits(total_s_max=8.0, body_bytes_max=1_048_576)
REFUSED = (401, 403)

Connect = Callable[[str], Http]


def examine_network(config: Config | None, connect: Connect | None = None) -> list[Finding]:
    """What the venues say; nothing without a configuration. `connect` is for tests without sockets."""
    if config is None:
        return []
    return trio.run(partial(_examine, config, connect or partial(Http, limits=LIMITS)))


async def _examine(config: Config, connect: Connect) -> list[Finding]:
    return [*await _kalshi(config, connect), *await _balldontlie(config, connect)]


async def _kalshi(config: Config, connect: Connect) -> list[Finding]:
    section = config.kalshi
    url = section.rest_url_prod if config.engine.environment == "prod" else section.rest_url_demo
    return await _asked("kalshi", url, partial(_get, connect, url, "/exchange/status", {}))


async def _balldontlie(config: Config, connect: Connect) -> list[Finding]:
    url, key_file = config.balldontlie.url, config.balldontlie.key_file
    try:
        key = secret_path(key_file).read_text("utf-8").strip() if key_file else ""
    except (OSError, UnicodeDecodeError):
        key = ""
    headers = {"authorization": key} if key else {}
    findings = await _asked("balldontlie", url, partial(_get, connect, url, "/v1/teams", headers))
    return [finding for finding in findings if key or finding.check != "keys"]


async def _get(connect: Connect, url: str, target: str, headers: dict[str, str]) -> Answer:
    async with connect(url) as http:
        return await http.get(target, headers)


async def _asked(name: str, url: str, ask: Callable[[], Awaitable[Answer]]) -> list[Finding]:
    """Whether a service answers, takes the key, and agrees on the time."""
    try:
        answer = await ask()
    except VenueError as error:
        fix = f"try `curl -I {url}`; look at name service, firewall and proxy"
        return [Finding("reachable", "fail", f"{name}: {error}", fix)]
    findings = [_answered(name, answer.status), _key(name, answer.status)]
    skew = skew_of_headers(answer.headers)
    if skew is not None:
        detail = f"{skew.seconds:+.1f} s against {name}"
        fix = "" if not skew.large else f"more than {LARGE_S:g} s: timedatectl set-ntp true"
        findings.append(Finding("clock", "fail" if skew.large else "ok", detail, fix))
    return findings


def _answered(name: str, status: int) -> Finding:
    if status >= 500 or status == 429:
        return Finding("reachable", "warn", f"{name} answers HTTP {status}", "try again in a minute")
    return Finding("reachable", "ok", f"{name} answers")


def _key(name: str, status: int) -> Finding:
    if status in REFUSED:
        return Finding(
            "keys", "fail", f"{name} refuses the key (HTTP {status})", "put a valid key into its file"
        )
    return Finding("keys", "ok", f"{name} has not refused us")
