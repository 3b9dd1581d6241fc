"""A client of the control socket: connects, asks, and turns every error into a `Failure`.

Used by the command line and by the terminal view. Plain blocking sockets with deadlines, so that a command
needs neither trio nor the engine to ask a question.
"""

import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tipoff.control.protocol import ERROR_CODES, FIELDS, PROTOCOL, ErrorCode, encode
from tipoff.control.unix_socket import SocketRefused, check_length
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Failure

ANSWER_BYTES_MAX = 16_000_000
"""More than this is not read of one answer."""

REQUEST_ID_BYTES = 6
"""Short enough to be read aloud: it becomes the id of an order by hand."""

CALL_SECONDS = 15.0
"""How long an answer is waited for; longer than the daemon itself takes to give up."""


class NotRunning(Failure):
    """No daemon accepts connections at the socket."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            "not_running",
            f"no daemon is running: {path}: {why}",
            details=["start it with `tipoff run`, or name its socket with --socket or --config"],
            exit_code=Exit.NOT_RUNNING,
        )


class ControlClient:
    """One connection. Use it as a context; `hello` is what the daemon said first."""

    def __init__(self, path: Path, seconds: float = CALL_SECONDS) -> None:
        """Connect. Raises NotRunning, or Failure if it is not permitted or does not answer."""
        self._path = path
        self._seconds = seconds
        self._buffer = bytearray()
        self._number = 0
        self._socket = _connected(path, seconds)
        self.hello: Mapping[str, Json] = {}
        try:
            self.hello = self._greeted()
        # Ctrl-C too: nobody has the client yet, so nobody else would close its socket.
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; for those who cannot use it as a context."""
        self._socket.close()

    def query(self, method: str, **params: Json) -> Json:
        """Ask something; parameters that are None are left out. Raises Failure."""
        return self._call(method, {name: value for name, value in params.items() if value is not None})

    def operate(self, method: str, request_id: str | None = None, **params: Json) -> Json:
        """Change something, once for each request id. Raises Failure."""
        return self.query(method, request_id=request_id or new_request_id(), **params)

    def watch(self, **params: Json) -> Iterator[Mapping[str, Any]]:
        """Ask to be told what changes, and yield each notification when it comes, also after long silence.

        The connection can be asked nothing more. Ends when the daemon says why it is over. Raises Failure.
        """
        self.query("watch", **params)
        while True:
            try:
                notification = self._frame(None)
            except (ConnectionError, EOFError):
                raise Failure("closed", "watch: the daemon closed the connection") from None
            if "error" in notification:
                raise failure_of(notification["error"])
            yield notification
            if notification.get("method") == "watch.bye":
                return

    def _call(self, method: str, params: Mapping[str, Json]) -> Json:
        self._number += 1
        request: Json = {
            "jsonrpc": "2.0",
            "v": PROTOCOL,
            "id": self._number,
            "method": method,
            "params": params,
        }
        deadline = time.monotonic() + self._seconds
        try:
            self._socket.settimeout(self._seconds)
            self._socket.sendall(encode(request))
            return self._result(deadline)
        except TimeoutError:
            message = f"{method}: no answer within {self._seconds:g} s"
            raise Failure("timeout", message, exit_code=Exit.TIMEOUT) from None
        except (ConnectionError, EOFError):
            message = f"{method}: the daemon closed the connection"
            raise Failure("closed", message, exit_code=Exit.FAILED) from None

    def _result(self, deadline: float) -> Json:
        pieces: list[str] = []
        while True:
            frame = self._frame(deadline)
            # The hello and other notifications carry no answer.
            if frame.get("method") is not None:
                continue
            if "error" in frame:
                raise failure_of(frame["error"])
            if "result" in frame:
                return frame["result"]
            pieces.append(str(frame.get("text", "")))
            if sum(map(len, pieces)) > ANSWER_BYTES_MAX:
                raise Failure("too_large", "the answer does not end")
            if frame.get("part") == frame.get("parts"):
                whole: Json = json.loads("".join(pieces))
                return whole

    def _greeted(self) -> Mapping[str, Json]:
        try:
            frame = self._frame(time.monotonic() + self._seconds)
        except TimeoutError:
            message = f"{self._path}: connected, but the daemon says nothing"
            raise Failure("timeout", message, exit_code=Exit.TIMEOUT) from None
        except (ConnectionError, EOFError):
            raise NotRunning(self._path, "the connection was closed at once") from None
        if "error" in frame:
            raise failure_of(frame["error"])
        params = frame.get("params")
        if frame.get("method") != "hello" or not isinstance(params, Mapping):
            raise Failure("protocol", f"{self._path}: what listens there is no tipoff daemon")
        if params.get("protocol") != PROTOCOL:
            message = f"the daemon speaks version {params.get('protocol')} of the protocol, not {PROTOCOL}"
            raise Failure("version", message)
        return params

    def _frame(self, deadline: float | None) -> Mapping[str, Json]:
        """The next frame, waited for without end if no deadline is given.

        Raises TimeoutError, ConnectionError or EOFError.
        """
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > ANSWER_BYTES_MAX:
                raise Failure("too_large", "the answer does not end")
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            # Set before every read: a timeout for each would let a peer that drips bytes hold a command for
            # ever.
            self._socket.settimeout(left)
            received = self._socket.recv(65_536)
            if not received:
                raise EOFError
            self._buffer += received
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            frame = json.loads(line)
        except ValueError:
            raise Failure("protocol", f"{self._path}: what listens there is no tipoff daemon") from None
        if not isinstance(frame, dict):
            raise Failure("protocol", f"{self._path}: what listens there is no tipoff daemon")
        return frame


def new_request_id() -> str:
    """A fresh random request id."""
    # As `secrets.token_hex`, whose module brings more along than the rest of such a command.
    return os.urandom(REQUEST_ID_BYTES).hex()


def failure_of(error: Json) -> Failure:
    """An error frame as the exception that ends a command."""
    found = error if isinstance(error, Mapping) else {}
    data = found.get("data")
    named = data if isinstance(data, Mapping) else {}
    code = ERROR_CODES.get(str(named.get("name")), ErrorCode.INTERNAL)
    details = named.get("details")
    lines = details if isinstance(details, list) else []
    return Failure(
        code.value,
        str(found.get("message", code.meaning)),
        details=lines,
        exit_code=code.exit,
        fields={name: str(named[name]) for name in FIELDS if name in named},
    )


def _connected(path: Path, seconds: float) -> socket.socket:
    try:
        check_length(path)
    except SocketRefused as error:
        raise Failure("path", str(error), exit_code=Exit.USAGE) from None
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(seconds)
        made.connect(str(path))
    except PermissionError:
        made.close()
        message = f"{path}: this user may not use the daemon's socket"
        raise Failure("not_permitted", message, exit_code=Exit.NOT_PERMITTED) from None
    except TimeoutError:
        made.close()
        raise Failure("timeout", f"{path}: the daemon does not answer", exit_code=Exit.TIMEOUT) from None
    except OSError as error:
        made.close()
        raise NotRunning(path, error.strerror or str(error)) from None
    return made
