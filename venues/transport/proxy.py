"""Which proxy the environment names for an address.

Used by `venues.transport.http`, which leaves the way to httpx, and by `venues.transport.byte_stream`, so that
requests and streams go by one rule. The only reader of HTTPS_PROXY and NO_PROXY.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import attrs

from venues.errors import Unreachable

PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
SECURE: Final = ("https", "wss")
WANTED: Final = "HTTPS_PROXY must be http://HOST:PORT or https://HOST:PORT"


class ProxyUnusable(Unreachable):
    """HTTPS_PROXY names what we cannot go through. Its value is not shown: it may hold a password."""


@attrs.frozen
class Proxy:
    """An HTTP proxy that opens tunnels (CONNECT)."""

    scheme: str
    host: str
    port: int
    user: str = attrs.field(default="", repr=False)
    password: str = attrs.field(default="", repr=False)

    @property
    def place(self) -> str:
        """Where it is: all of it that may be shown."""
        return place_of(self.host, self.port)


def proxy_for(url: str, environ: Mapping[str, str] = os.environ) -> Proxy | None:
    """What the environment names for an address; None goes straight there. Raises ProxyUnusable.

    Only what is encrypted from end to end goes through: https and wss. This machine's own addresses and those
    of NO_PROXY do not. As with curl, names in small letters go before, and an empty one takes the other back.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = _variable("HTTPS_PROXY", environ)
    if parts.scheme not in SECURE or not named or _is_here(host):
        return None
    if _is_left_out(host, port_of(parts), _variable("NO_PROXY", environ)):
        return None
    return _parsed(named)


def named_proxy(environ: Mapping[str, str] = os.environ) -> Proxy | None:
    """What the environment names, for whatever address. Raises ProxyUnusable."""
    named = _variable("HTTPS_PROXY", environ)
    return _parsed(named) if named else None


def through(where: str, proxy: Proxy | None) -> str:
    """A place, and the way to it: what fails there may be the proxy's fault."""
    return where if proxy is None else f"{where} through the proxy {proxy.place}"


def refused(status: str, reason: str) -> str:
    """Why a proxy opens no tunnel."""
    if status == "407":
        return "the proxy wants a user and a password: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"
    return f"the proxy refused: HTTP {status} {reason}".rstrip()


def place_of(host: str, port: int) -> str:
    """Host and port as they stand in an address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def port_of(parts: SplitResult) -> int:
    """The port of an address, named or not."""
    return parts.port or PORTS[parts.scheme]


def _variable(name: str, environ: Mapping[str, str]) -> str:
    return environ.get(name.lower(), environ.get(name, "")).strip()


def _is_here(host: str) -> bool:
    """Whether it is this machine; through a proxy it would be the proxy's."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_left_out(host: str, port: int, names: str) -> bool:
    """Whether NO_PROXY names a host, or a domain in which it lies, with this port or none; `*` is all."""
    for name in names.lower().split(","):
        wanted = name.strip().removesuffix(f":{port}").removeprefix(".")
        if wanted and (wanted == "*" or f".{host}".endswith(f".{wanted}")):
            return True
    return False


def _parsed(named: str) -> Proxy:
    try:
        parts = urlsplit(named if "://" in named else f"http://{named}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ProxyUnusable(f"{WANTED}; its value is no address") from None
    if parts.scheme not in ("http", "https"):
        raise ProxyUnusable(f"{WANTED}; {parts.scheme} is not supported")
    if not host:
        raise ProxyUnusable(f"{WANTED}; its value names no host")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Proxy(parts.scheme, host, port or PORTS[parts.scheme], user, password)
