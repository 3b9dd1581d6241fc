"""One HTTP request, bounded in time and size, with every failure as a VenueError.

The only module that knows httpx. Used by `venues.transport.client`. Every request has a total deadline (the
library's own limits are per chunk), the body is capped after decompression, redirects are refused, the
environment is not read but for its proxy (`venues.transport.proxy`), and no request ever queues inside the
library's pool: its queue leaks connections when a waiting request is cancelled, until nothing works any more.
"""

import ssl
import zlib
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import attrs
import httpx
import trio

from venues.errors import (
    AnswerNotUnderstood,
    BodyTooLarge,
    Redirected,
    TimedOut,
    TlsRefused,
    Unreachable,
    VenueError,
)
from venues.transport.proxy import Proxy, proxy_for, refused, through
from venues.transport.unreachable import is_tls, why_unreachable

CLOSE_S_MAX = 2.0
INFLATE_BYTES = 262_144
GZIP_WINDOW = 31


@attrs.frozen
class HttpLimits:
    """Deadlines and bounds, in seconds and bytes."""

    total_s_max: float = 10.0
    connect_s_max: float = 5.0
    read_s_max: float = 5.0
    write_s_max: float = 5.0
    body_bytes_max: int = 33_554_432
    connections_max: int = 8


@attrs.frozen
class Answer:
    """A whole answer: status, body as text, headers in lower case."""

    status: int
    body: str
    headers: Mapping[str, str]


class Http:
    """Requests to one service. Use it in an `async with`."""

    def __init__(
        self,
        base_url: str,
        limits: HttpLimits | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """`base_url` is scheme, host and path of the interface's root; `transport` is for tests without
        sockets. Raises VenueError for a proxy that is none.
        """
        self.base_url = base_url.rstrip("/")
        self.limits = limits or HttpLimits()
        self.requests = 0
        self.rebuilds = 0
        self._transport = transport
        self._ssl_context = ssl_context
        self._proxy = proxy_for(self.base_url) if transport is None else None
        # As many places as connections, so that no request waits in the pool of httpcore 1.0.9: when a
        # waiting one is cancelled its connection stays in CONNECTING for good (issue 1093 of
        # encode/httpcore), and at last every request ends in PoolTimeout though the server is well.
        self._places = trio.CapacityLimiter(self.limits.connections_max)
        self._client = self._fresh()

    @property
    def root_path(self) -> str:
        """The path of the root, which signatures cover too ("/trade-api/v2")."""
        return urlsplit(self.base_url).path

    async def get(self, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for `target` (path below the root, with its query). Raises VenueError."""
        async with self._places:
            self.requests += 1
            # httpx's read timeout is per chunk: a server that drips a byte at a time never meets it.
            with trio.move_on_after(self.limits.total_s_max):
                return await self._get(self.base_url + target, headers or {})
            raise TimedOut("total", f"{target} took more than {self.limits.total_s_max:g} s")

    async def post(self, target: str, body: str) -> Answer:
        """Post a JSON text to `target`. Raises VenueError."""
        async with self._places:
            self.requests += 1
            with trio.move_on_after(self.limits.total_s_max):
                headers = {"content-type": "application/json"}
                return await self._get(self.base_url + target, headers, body.encode())
            raise TimedOut("total", f"posting took more than {self.limits.total_s_max:g} s")

    async def aclose(self) -> None:
        """Close all connections."""
        with trio.move_on_after(CLOSE_S_MAX, shield=True):
            await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _fresh(self) -> httpx.AsyncClient:
        limits = self.limits
        return httpx.AsyncClient(
            transport=self._transport,
            verify=self._ssl_context or ssl.create_default_context(),
            proxy=_of_httpx(self._proxy),
            # It reads proxies otherwise than our streams do, and CA and SSLKEYLOGFILE variables belong to
            # whoever starts the process, not to its configuration.
            trust_env=False,
            # A redirect would carry the signature or the key to another host.
            follow_redirects=False,
            headers={"accept": "application/json", "accept-encoding": "gzip", "user-agent": "tipoff"},
            limits=httpx.Limits(max_connections=limits.connections_max, keepalive_expiry=30.0),
            timeout=httpx.Timeout(
                connect=limits.connect_s_max,
                read=limits.read_s_max,
                write=limits.write_s_max,
                pool=limits.connect_s_max,
            ),
        )

    async def _get(self, url: str, headers: Mapping[str, str], posted: bytes | None = None) -> Answer:
        method = "GET" if posted is None else "POST"
        try:
            async with self._client.stream(method, url, headers=headers, content=posted) as response:
                if response.has_redirect_location or 300 <= response.status_code < 400:
                    where = urlsplit(response.headers.get("location", "")).netloc or "elsewhere"
                    raise Redirected(f"{url}: HTTP {response.status_code} to {where}; not followed")
                body = await self._body(response)
                lowered = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, body, lowered)
        except httpx.PoolTimeout as error:
            await self._rebuild()
            raise TimedOut("pool", f"{url}; the client was built anew") from error
        except httpx.HTTPError as error:
            raise _in_our_words(error, through(url, self._proxy)) from error

    async def _rebuild(self) -> None:
        """Connections that the pool has lost track of never come back; a new pool has none of them."""
        self.rebuilds += 1
        old, self._client = self._client, self._fresh()
        with trio.move_on_after(CLOSE_S_MAX):
            await old.aclose()

    async def _body(self, response: httpx.Response) -> str:
        """The decoded body, never more than allowed: each chunk is inflated in bounded steps."""
        body = Body(response.headers.get("content-encoding", "identity"), self.limits.body_bytes_max)
        problem: VenueError | None = None
        try:
            # Raw, since httpx inflates a chunk whole: 200 KB of gzip became 200 MB in memory (httpx
            # 0.28.1).
            async for chunk in response.aiter_raw():
                if problem is None and (problem := body.take(chunk)) is not None:
                    # Leaving the loop would leave the library's generators to the garbage collector; with the
                    # connection closed under them they come to their end by themselves.
                    await response.aclose()
        except (httpx.HTTPError, httpx.StreamError):
            if problem is None:
                raise
        problem = problem or body.ended()
        if problem is not None:
            raise problem
        return bytes(body.data).decode("utf-8", "surrogateescape")


class Body:
    """A body while it comes, decompressed in bounded steps and never more than allowed."""

    def __init__(self, encoding: str, bytes_max: int) -> None:
        """`encoding` is the answer's content-encoding."""
        self.data = bytearray()
        self._encoding = encoding.strip().lower()
        self._bytes_max = bytes_max
        self._inflate = zlib.decompressobj(GZIP_WINDOW) if self._encoding == "gzip" else None

    def take(self, chunk: bytes) -> VenueError | None:
        """Take some bytes as they came; returns what is wrong with them."""
        if self._inflate is None:
            if self._encoding != "identity":
                return AnswerNotUnderstood(f"content-encoding {self._encoding!r} was not asked for")
            self.data += chunk
            return self._too_large()
        while chunk:
            try:
                self.data += self._inflate.decompress(chunk, INFLATE_BYTES)
            except zlib.error as error:
                return AnswerNotUnderstood(f"the compressed body is damaged: {error}")
            chunk = self._inflate.unconsumed_tail
            if (problem := self._too_large()) is not None:
                return problem
        return None

    def ended(self) -> VenueError | None:
        """What is wrong with the body as a whole."""
        if self._inflate is not None and not self._inflate.eof and self.data:
            return AnswerNotUnderstood("the compressed body is cut off")
        return None

    def _too_large(self) -> VenueError | None:
        if len(self.data) <= self._bytes_max:
            return None
        return BodyTooLarge(f"more than {self._bytes_max} bytes")


def _in_our_words(error: httpx.HTTPError, url: str) -> VenueError:
    """The library's exceptions as ours, which differ by what is to be done."""
    match error:
        case httpx.ConnectTimeout():
            return TimedOut("connect", url)
        case httpx.ReadTimeout():
            return TimedOut("read", url)
        case httpx.WriteTimeout():
            return TimedOut("write", url)
        case httpx.ConnectError() if is_tls(error):
            return TlsRefused(f"{url}: {error}")
        case httpx.ProxyError():
            status, _, reason = str(error).partition(" ")
            return Unreachable(f"{url}: {refused(status, reason)}")
        case httpx.DecodingError():
            return AnswerNotUnderstood(f"{url}: {error}")
        case _:
            return Unreachable(f"{url}: {why_unreachable(error)}")


def _of_httpx(proxy: Proxy | None) -> httpx.Proxy | None:
    if proxy is None:
        return None
    auth = (proxy.user, proxy.password) if proxy.user or proxy.password else None
    return httpx.Proxy(f"{proxy.scheme}://{proxy.place}", auth=auth)
