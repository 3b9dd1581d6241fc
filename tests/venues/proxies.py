"""A real HTTP proxy on loopback that opens tunnels: to hosts that only it knows."""

import base64
import ssl

import attrs
import trio

from tests.venues.peers import answer, header, listen, read_head

COPY_BYTES = 65_536


@attrs.define
class TunnelProxy:
    """Passes CONNECT on to ports of loopback, by name; changed while it runs."""

    ports: dict[str, int] = attrs.field(factory=dict)
    """HOST:PORT as it is asked for, and the port of this machine that stands for it."""
    credentials: str = ""
    """USER:PASSWORD that it wants."""
    hangs: bool = False
    """It listens and never answers."""
    says: bytes = b""
    """What it answers instead of opening a tunnel."""
    context: ssl.SSLContext | None = None
    """With it, it is spoken to in TLS."""
    asked: list[str] = attrs.field(factory=list)
    port: int = 0

    async def start(self, nursery: trio.Nursery) -> "TunnelProxy":
        """Listen until the nursery ends."""
        self.port = await listen(nursery, self._serve)
        return self

    @property
    def url(self) -> str:
        """Where it is, as HTTPS_PROXY wants it."""
        scheme = "http" if self.context is None else "https"
        return f"{scheme}://{self.credentials and self.credentials + '@'}127.0.0.1:{self.port}"

    async def _serve(self, raw: trio.SocketStream) -> None:
        stream: trio.abc.Stream = raw
        if self.context is not None:
            stream = trio.SSLStream(raw, self.context, server_side=True, https_compatible=True)
        head, _ = await read_head(stream)
        if not head:
            return
        method, target, _ = head.split("\r\n")[0].split(" ")
        self.asked.append(f"{method} {target}")
        if self.hangs:
            await trio.sleep_forever()
        if self.says:
            await stream.send_all(self.says)
        elif not self._let_in(head):
            await stream.send_all(answer("", "407 Authentication Required", "proxy-authenticate: Basic"))
        elif method != "CONNECT" or target not in self.ports:
            await stream.send_all(answer("", "502 Bad Gateway"))
        else:
            await stream.send_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await _join(stream, await trio.open_tcp_stream("127.0.0.1", self.ports[target]))

    def _let_in(self, head: str) -> bool:
        token = base64.b64encode(self.credentials.encode()).decode()
        return not self.credentials or header(head, "proxy-authorization") == f"Basic {token}"


async def in_tls(nursery: trio.Nursery, port: int, context: ssl.SSLContext) -> int:
    """The port of a server that is spoken to in TLS and passes everything on to a port that is not."""

    async def serve(raw: trio.SocketStream) -> None:
        stream = trio.SSLStream(raw, context, server_side=True, https_compatible=True)
        await _join(stream, await trio.open_tcp_stream("127.0.0.1", port))

    return await listen(nursery, serve)


async def _join(client: trio.abc.Stream, server: trio.abc.Stream) -> None:
    async with server, trio.open_nursery() as nursery:

        async def copy(source: trio.abc.Stream, sink: trio.abc.Stream) -> None:
            while data := await source.receive_some(COPY_BYTES):
                await sink.send_all(data)
            nursery.cancel_scope.cancel()

        nursery.start_soon(copy, client, server)
        nursery.start_soon(copy, server, client)
