"""What `tipoff doctor` wants to know of Kalshi: does the budget fit, is it there, does it take our key.

Named by the record. Reads no key by itself and shows none.
"""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from tipoff.sources.asking import LOOK, Asking, listens, reachable
from tipoff.sources.bundled.kalshi.section import KalshiSection
from tipoff.sources.findings import Finding
from venues.errors import ClockRefused, CredentialsRefused, VenueError
from venues.kalshi.auth import Signer
from venues.transport.websocket import SocketLimits, open_socket

SOCKET_LIMITS: Final = SocketLimits(open_s_max=8.0)
REFUSED: Final = (401, 403)
PRIVATE: Final = "/portfolio/settlements?limit=1"
"""Answered to whoever signs right only."""

KEYED_READS_PER_SECOND: Final = 20.0
"""Kalshi's Basic tier (its page on rate limits, 2026): 200 tokens a second, 10 a read."""

KEYLESS_READS_PER_SECOND: Final = 3.0
"""Undocumented; at four to five a second one request in twenty was refused."""


def budget(section: KalshiSection) -> Iterator[Finding]:
    """Whether the requests a second are those that Kalshi grants without a higher tier."""
    keyed = bool(section.key_id)
    key = "reads_per_second" if keyed else "reads_per_second_keyless"
    granted = KEYED_READS_PER_SECOND if keyed else KEYLESS_READS_PER_SECOND
    asked: float = getattr(section, key)
    whose = "that a key of tier Basic grants" if keyed else "that are safe without a key"
    detail = f"Kalshi is asked at most {asked:g} times a second, of {granted:g} {whose}"
    if asked > granted:
        fix = f"set kalshi.{key} to {granted:g} or less, unless your key has a higher tier than Basic"
        yield Finding("budget", "warn", detail, fix)
    elif not keyed and 1_000 / section.poll_ms > asked:
        often = 1_000 / section.poll_ms
        fix = f"set kalshi.poll_ms to {1_000 / asked:.0f} or more, or get a key, which streams books"
        yield Finding("budget", "warn", f"books are polled {often:g} times a second, of {asked:g}", fix)
    else:
        yield Finding("budget", "ok", detail)


async def rest(section: KalshiSection, signer: Signer | None, asking: Asking) -> list[Finding]:
    """The REST service, and whether it takes our signature."""
    url = section.rest_url_prod if asking.prod else section.rest_url_demo
    findings = await reachable("kalshi", url, "/exchange/status", asking)
    if signer is None or findings[0].state == "fail":
        return findings
    try:
        async with asking.connect(url) as http:
            headers = signer.headers("GET", http.root_path + PRIVATE.partition("?")[0], asking.wall())
            answer = await http.get(PRIVATE, headers)
    except VenueError as error:
        findings.append(Finding("signature", "fail", f"kalshi: {error}", f"try again; {LOOK}"))
    else:
        findings.append(_signature(answer.status, "prod" if asking.prod else "demo"))
    return findings


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


async def stream(section: KalshiSection, signer: Signer | None, asking: Asking) -> list[Finding]:
    """The WebSocket's host, with a real handshake where there is a key."""
    url = section.stream_url_prod if asking.prod else section.stream_url_demo
    if signer is None:
        return [await listens("stream", url)]
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


def _page(url: str) -> str:
    """The address of a WebSocket as one of a page, to try by hand."""
    return f"http{url.removeprefix('ws')}"
