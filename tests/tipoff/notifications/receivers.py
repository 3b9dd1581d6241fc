"""Who gets notices in tests: a server of webhooks and one of mail, on loopback."""

import base64
import http.server
import socketserver
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, cast

import attrs


@attrs.define
class Hook:
    """A webhook that keeps what it is told."""

    port: int = 0
    status: int = 204
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    heard: list[tuple[str, bytes]] = attrs.field(factory=list)
    """Path with query, and body."""


class _HookHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        hook: Hook = cast("Any", self.server).hook
        hook.heard.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(hook.status)
        for name, value in hook.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(hook.body)))
        self.end_headers()
        self.wfile.write(hook.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@contextmanager
def hook_server(hook: Hook) -> Iterator[Hook]:
    """The webhook, served."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _HookHandler) as server:
        cast("Any", server).hook = hook
        hook.port = server.server_port
        with _served(server):
            yield hook


@attrs.define
class Mailbox:
    """A mail server that keeps what it is told. `refuses` are its answers to verbs instead of the usual."""

    port: int = 0
    context: ssl.SSLContext | None = None
    """Offers STARTTLS, or speaks TLS from the first byte if `implicit`."""
    implicit: bool = False
    refuses: Mapping[str, str] = attrs.field(factory=dict)
    logins: list[tuple[str, str]] = attrs.field(factory=list)
    mails: list[str] = attrs.field(factory=list)
    secured: list[bool] = attrs.field(factory=list)
    """Of each mail, whether it came encrypted."""


class _MailHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with suppress(OSError):
            self._serve(cast("Any", self.server).mailbox)
        self.request.close()

    def _serve(self, mailbox: Mailbox) -> None:
        if mailbox.implicit and mailbox.context is not None:
            self._wrap(mailbox.context)
        self.lines = self.request.makefile("rb")
        self._say("220 here")
        while line := self.lines.readline():
            verb = line[:4].decode().upper().strip()
            if verb in mailbox.refuses:
                self._say(mailbox.refuses[verb])
            elif verb == "EHLO":
                offered = mailbox.context is not None and not isinstance(self.request, ssl.SSLSocket)
                self._say("250-here", *(["250-STARTTLS"] if offered else []), "250 AUTH PLAIN")
            elif verb == "STAR" and mailbox.context is not None:
                self._say("220 go on")
                self._wrap(mailbox.context)
                self.lines = self.request.makefile("rb")
            elif verb == "AUTH":
                _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
                mailbox.logins.append((user, password))
                self._say("235 welcome")
            elif verb == "DATA":
                self._say("354 go on")
                mail = b""
                while (part := self.lines.readline()) != b".\r\n":
                    mail += part
                mailbox.mails.append(mail.decode())
                mailbox.secured.append(isinstance(self.request, ssl.SSLSocket))
                self._say("250 taken")
            else:
                self._say("221 bye" if verb == "QUIT" else "250 fine")

    def _wrap(self, context: ssl.SSLContext) -> None:
        self.request = context.wrap_socket(self.request, server_side=True)

    def _say(self, *lines: str) -> None:
        self.request.sendall("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def mail_server(mailbox: Mailbox) -> Iterator[Mailbox]:
    """The mail server, served."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _MailHandler) as server:
        cast("Any", server).mailbox = mailbox
        mailbox.port = server.server_address[1]
        with _served(server):
            yield mailbox


@contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=partial(server.serve_forever, 0.01))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
