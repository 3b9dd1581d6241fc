"""Takes whole text messages out of a WebSocket's bytes before the library sees them.

Used by `venues.transport.websocket` only, between the library and the network. Data frames become texts and
go to a callback at once, in the order in which they came, fragments put together; everything else (the
upgrade, ping, pong, close, and whatever breaks the protocol) passes on to the library, which answers it. The
callback never waits, so a ping is answered however busy the consumers are.
"""

from collections.abc import Callable

import trio

READ_BYTES = 65_536
"""More than this at once makes the C library map and unmap the buffer for every read (measured: 20 µs)."""

HEAD_BYTES_MAX = 65_536
"""An upgrade answer is shorter."""

FINAL_TEXT = 0x81
TEXT = 0x01
CONTINUATION = 0x00
FINAL_CONTINUATION = 0x80
# Compressed messages (RSV1, RFC 7692) are in neither set: the upgrade does not offer the extension.
DATA = frozenset({FINAL_TEXT, TEXT, CONTINUATION, FINAL_CONTINUATION})
CONTROL = frozenset({0x88, 0x89, 0x8A})
MASKED = 0x80

TOO_LARGE = b"\x81\x01x"
"""A text message of one byte. The library is told to accept none, so it closes with 1009 for us."""


# trio-websocket 0.12.2 passes each message through a memory channel: 17 µs of processor time against 0.4 µs
# here (flood of order-book deltas). And while its queue is full it reads nothing: pings wait, and the venue
# hangs up.
class FrameTap(trio.abc.Stream):
    """A stream whose text messages go to `on_text` and not to its reader."""

    def __init__(
        self, stream: trio.abc.Stream, on_text: Callable[[str], None], message_bytes_max: int
    ) -> None:
        """`stream` carries the WebSocket from its upgrade request on."""
        self.bytes_read = 0
        self.texts = 0
        self.too_large = False
        self.crashed = False
        self.last_bytes_at = trio.current_time()
        self.last_text_at = self.last_bytes_at
        self._stream = stream
        self._on_text = on_text
        self._max = message_bytes_max
        self._rest = b""
        self._pieces: list[bytes] = []
        self._missing = 0
        self._upgraded = False
        self._transparent = False
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._within_message = False

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what is not a text message; waits until there is some, or the stream ends."""
        while True:
            data = await self._stream.receive_some(READ_BYTES)
            if not data:
                return b""
            self.bytes_read += len(data)
            self.last_bytes_at = trio.current_time()
            left = self._sort(bytes(data))
            if left:
                return left

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Pass on."""
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Pass on."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Pass on."""
        await self._stream.aclose()

    def _sort(self, data: bytes) -> bytes:
        """Hand texts over; returns what is for the library."""
        if self._transparent:
            return data
        if not self._upgraded:
            return self._before_upgrade(data)
        if len(data) < self._missing:
            # Nothing can be whole yet. Putting a large frame together once, not at every read, keeps this
            # linear.
            self._missing -= len(data)
            self._pieces.append(data)
            return b""
        if self._rest:
            data = b"".join([self._rest, *self._pieces, data])
            self._pieces.clear()
        return self._frames(data)

    def _before_upgrade(self, data: bytes) -> bytes:
        """Everything up to the end of the upgrade's answer is the library's; frames may follow in the same
        read.
        """
        self._rest += data
        head, found, frames = self._rest.partition(b"\r\n\r\n")
        if not found:
            if len(self._rest) > HEAD_BYTES_MAX:
                self._transparent = True
                return self._rest
            return b""
        self._rest = b""
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            self._transparent = True
            return head + found + frames
        self._upgraded = True
        return head + found + (self._frames(frames) if frames else b"")

    def _frames(self, buffer: bytes) -> bytes:
        """Walk over the frames in `buffer`; what is not yet whole stays for the next read."""
        position, end = 0, len(buffer)
        passed: list[bytes] = []
        missing = 0
        while end - position >= 2:
            first, length = buffer[position], buffer[position + 1]
            start = position + 2
            if length >= 126:
                if length & MASKED or first not in DATA:
                    # A server never masks, and control frames are short: the library will say so.
                    self._transparent = True
                    break
                # RFC 6455, 5.2: 126 and 127 announce a length in the next two or eight bytes.
                start += 2 if length == 126 else 8
                if start > end:
                    break
                length = int.from_bytes(buffer[position + 2 : start], "big")
            if first in DATA and self._parts_bytes + length > self._max:
                self.too_large = self._transparent = True
                return b"".join(passed) + TOO_LARGE
            stop = start + length
            if stop > end:
                missing = stop - end
                break
            if first == FINAL_TEXT and not self._within_message:
                self._say(buffer[start:stop])
            elif first in CONTROL:
                passed.append(buffer[position:stop])
            elif not self._part(first, buffer[start:stop]):
                self._transparent = True
                break
            position = stop
        if self._transparent:
            passed.append(buffer[position:])
            self._rest = b""
        else:
            self._rest = buffer[position:] if position else buffer
            self._missing = missing
        return b"".join(passed)

    def _part(self, first: int, payload: bytes) -> bool:
        """Take a fragment; False if no fragment may stand here."""
        if first == FINAL_TEXT or first not in DATA or (first == TEXT) is self._within_message:
            return False
        self._within_message = True
        self._parts.append(payload)
        self._parts_bytes += len(payload)
        if first == FINAL_CONTINUATION:
            whole = b"".join(self._parts)
            self._parts, self._parts_bytes, self._within_message = [], 0, False
            self._say(whole)
        return True

    def _say(self, payload: bytes) -> None:
        """Hand a message over; what is no UTF-8 becomes lone surrogates, so that it is refused."""
        self.texts += 1
        self.last_text_at = self.last_bytes_at
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            text = payload.decode("utf-8", "surrogateescape")
        try:
            self._on_text(text)
        except BaseException:
            self.crashed = True
            raise
