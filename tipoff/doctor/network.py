"""The part of `tipoff doctor` that asks the venues: can they be reached, do keys work, is our clock right.

Called by `doctor` when told to use the network. A few questions each, with short deadlines; nothing is
traded, nothing is written, and what answers hold is not shown. Must not start an engine.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import attrs
import trio

from engine.calendar import eastern_date
from engine.leagues import NBA
from engine.units import Nanos
from tipoff.config.load import Config
from tipoff.config.secret_files import secret_path
from tipoff.doctor.budgets import tier_findings
from tipoff.doctor.findings import Finding
from tipoff.sources.balldontlie.section import BalldontlieSection
from tipoff.sources.kalshi.section import KalshiSection
from venues.balldontlie.rest import Dependencies, detect_tier
from venues.balldontlie.tiers import TIER_OF_WORD
from venues.errors import ClockRefused, CredentialsRefused, KeyUnusable, VenueError
from venues.kalshi.auth import Signer, read_signer
from venues.transport.client import RetryPolicy
from venues.transport.clock_skew import LARGE_S, remedy, skew_of_headers
from venues.transport.http import Http, HttpLimits
from venues.transport.websocket import SocketLimits, open_socket

LIMITS: Final = HttpLimits(total_s_max=8.0, body_bytes_max=1_048_576)
SOCKET_LIMITS: Final = SocketLimits(open_s_max=8.0)
PATIENCE: Final = RetryPolicy(attempts_max=1)
ASKED_S_MAX: Final = 30.0
REFUSED: Final = (401, 403)
PRIVATE: Final = "/portfolio/settlements?limit=1"
"""Answered to whoever signs right only."""

LOOK: Final = "look at name service, firewall and proxy"

Connect = Callable[[str], Http]


@attrs.frozen
class Asking:
    """How the venues are asked; tests use other ways than sockets and the wall clock."""

    connect: Connect = partial(Http, limits=LIMITS)
    wall: Callable[[], int] = time.time_ns
    stream: bool = True
    """Whether the hosts that are no HTTP services are tried too."""


def examine_network(config: Config | None, asking: Asking | None = None) -> list[Finding]:
    """What the venues say; nothing without a configuration."""
    if config is None:
        return []
    return trio.run(examine_venues, config, asking or Asking())


async def examine_venues(config: Config, asking: Asking) -> list[Finding]:
    """All of it, each venue beside the others. What does not end in time is said so."""
    found: dict[str, list[Finding]] = {}
    parts: dict[str, Callable[[], Awaitable[list[Finding]]]] = {
        "kalshi": partial(_kalshi, config, asking),
        "balldontlie": partial(_balldontlie, config, asking),
    }
    if asking.stream:
        parts["stream"] = partial(_stream, config, asking)
        parts["notices"] = partial(_notices, config)

    async def note(name: str) -> None:
        slow = Finding("reachable", "fail", f"{name}: no end within {ASKED_S_MAX:g} s", f"try again; {LOOK}")
        found[name] = [slow]
        with trio.move_on_after(ASKED_S_MAX):
            found[name] = await parts[name]()

    async with trio.open_nursery() as nursery:
        for name in parts:
            nursery.start_soon(note, name)
    findings = [finding for name in parts for finding in found[name]]
    return [*_no_network(findings), *findings]


def _no_network(findings: list[Finding]) -> Iterator[Finding]:
    """One sentence first if nothing at all can be reached: then it is this machine and not the venues."""
    reached = [finding.state for finding in findings if finding.check == "reachable"]
    if reached and set(reached) == {"fail"}:
        fix = "is this machine connected? Without --network everything else is checked"
        yield Finding("network", "fail", f"none of {len(reached)} hosts can be reached", fix)


async def _kalshi(config: Config, asking: Asking) -> list[Finding]:
    section = config.section(KalshiSection)
    url = section.rest_url_prod if config.engine.environment == "prod" else section.rest_url_demo
    findings = await _asked("kalshi", url, "/exchange/status", asking)
    signer = _signer(config)
    if signer is None or findings[0].state == "fail":
        return findings
    try:
        async with asking.connect(url) as http:
            headers = signer.headers("GET", http.root_path + PRIVATE.partition("?")[0], asking.wall())
            answer = await http.get(PRIVATE, headers)
    except VenueError as error:
        findings.append(Finding("signature", "fail", f"kalshi: {error}", f"try again; {LOOK}"))
    else:
        findings.append(_signature(answer.status, config.engine.environment))
    return findings


def _signer(config: Config) -> Signer | None:
    """The key, if it can be used; if not, that is told elsewhere."""
    kalshi = config.section(KalshiSection)
    if not (kalshi.key_id and kalshi.private_key_file):
        return None
    with suppress(KeyUnusable):
        return read_signer(kalshi.key_id, secret_path(kalshi.private_key_file))
    return None


def _signature(status: int, environment: str) -> Finding:
    if status in REFUSED:
        fix = (
            f"is the key of {environment} (engine.environment), its identifier and file of one pair, "
            "and the clock right? Make a new key at Kalshi otherwise"
        )
        return Finding("signature", "fail", f"kalshi refuses a signed request (HTTP {status})", fix)
    if status >= 400:
        return Finding("signature", "warn", f"kalshi answers HTTP {status}", "try again in a minute")
    return Finding("signature", "ok", "kalshi takes our signature")


async def _stream(config: Config, asking: Asking) -> list[Finding]:
    """The WebSocket's host, with a real handshake where there is a key."""
    section, signer = config.section(KalshiSection), _signer(config)
    url = section.stream_url_prod if config.engine.environment == "prod" else section.stream_url_demo
    if signer is None:
        return [await _host("stream", url)]
    path = urlsplit(url).path
    try:
        headers: Mapping[str, str] = signer.headers("GET", path, asking.wall())
        async with open_socket(url, headers, lambda _text: None, SOCKET_LIMITS):
            return [Finding("reachable", "ok", "stream opens with our key")]
    except (CredentialsRefused, ClockRefused) as error:
        return [
            Finding("reachable", "ok", "stream answers"),
            Finding("signature", "fail", f"stream: {error}", "see the finding of the signed request"),
        ]
    except VenueError as error:
        return [Finding("reachable", "fail", f"stream: {error}", f"try `curl -I {_page(url)}`; {LOOK}")]


async def _notices(config: Config) -> list[Finding]:
    """The host of the messages to people: only that somebody listens, for a question would be a message."""
    name = config.notify.webhook_file
    try:
        url = secret_path(name).read_text("utf-8").strip() if name else ""
    except (OSError, UnicodeDecodeError):
        url = ""
    return [await _host("notices", url)] if url else []


async def _host(name: str, url: str) -> Finding:
    """Whether a connection to the address's host comes about. The address is not shown."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
    try:
        with trio.fail_after(LIMITS.total_s_max):
            stream = await trio.open_tcp_stream(parts.hostname or "", port)
    except (OSError, trio.TooSlowError) as error:
        why = "no answer in time" if isinstance(error, trio.TooSlowError) else str(error)
        return Finding("reachable", "fail", f"{name}: {parts.hostname} port {port}: {why}", LOOK)
    await stream.aclose()
    return Finding("reachable", "ok", f"{name}: {parts.hostname} port {port} listens")


async def _balldontlie(config: Config, asking: Asking) -> list[Finding]:
    url, key_file = config.section(BalldontlieSection).url, config.section(BalldontlieSection).key_file
    try:
        key = secret_path(key_file).read_text("utf-8").strip() if key_file else ""
    except (OSError, UnicodeDecodeError):
        key = ""
    # Without a key it refuses us, and shows by that that it can be reached.
    findings = await _asked("balldontlie", url, f"{NBA.path}/v1/teams", asking)
    if key and findings[0].state == "ok":
        findings += await _tier(config, key, asking)
    return findings


async def _tier(config: Config, key: str, asking: Asking) -> list[Finding]:
    """What the key may do, by asking for what only the better tiers are given."""
    wall, date = asking.wall, eastern_date(Nanos(asking.wall())).isoformat()
    surroundings = Dependencies(on_body=lambda _what, _body: (), wall=wall, draw=lambda: 0.5, retry=PATIENCE)
    try:
        async with asking.connect(config.section(BalldontlieSection).url) as http:
            tier = await detect_tier(http, key, surroundings, date)
    except CredentialsRefused as error:
        return [Finding("keys", "fail", f"balldontlie: {error}", "put a valid key into its file")]
    except VenueError as error:
        return [Finding("tier", "warn", f"balldontlie: {error}", "try again in a minute")]
    configured = TIER_OF_WORD.get(config.section(BalldontlieSection).tier)
    if configured in (None, tier):
        return list(tier_findings(config, tier, "found out"))
    assert configured is not None  # noqa: S101 - for the type checker
    detail = f"balldontlie.tier is {configured.value}, the key's is {tier.value}"
    return [
        Finding("tier", "fail", detail, "set balldontlie.tier to auto, or to what the key is"),
        *tier_findings(config, tier, "found out"),
    ]


async def _asked(name: str, url: str, target: str, asking: Asking) -> list[Finding]:
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


def _page(url: str) -> str:
    """The address of a WebSocket as one of a page, to try by hand."""
    return f"http{url.removeprefix('ws')}"
