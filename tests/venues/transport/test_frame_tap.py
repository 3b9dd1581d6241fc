"""The frame tap: however the bytes are cut, the texts come whole and in order."""

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from tests.venues.peers import BINARY, CLOSE, PING, TEXT, frame
from venues.transport.frame_tap import TOO_LARGE, FrameTap

UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n"
LIMIT = 70_000


class Bytes(trio.abc.Stream):
    """A stream that gives its chunks one by one, then ends."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks = [chunk for chunk in chunks if chunk]
        self.sent = b""
        self.closed = False

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await trio.lowlevel.checkpoint()
        return self.chunks.pop(0) if self.chunks else b""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await trio.lowlevel.checkpoint()
        self.sent += data

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        self.closed = True
        await trio.lowlevel.checkpoint()


async def tapped(chunks: list[bytes]) -> tuple[list[str], bytes, FrameTap]:
    """Texts, what the library gets after the upgrade, and the tap."""
    texts: list[str] = []
    tap = FrameTap(Bytes(chunks), texts.append, LIMIT)
    rest = b""
    while data := await tap.receive_some(4_096):
        rest += data
    return texts, rest.removeprefix(UPGRADE), tap


def sliced(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 4_096, 1_000_000])
async def test_one_byte_at_a_time_gives_the_same_as_all_at_once(size: int) -> None:
    texts = ["", "a", "é" * 70, "x" * 125, "y" * 126, "end"]
    if size > 3:
        texts += ["z" * 65_535, "w" * 65_536, "end"]
    control = frame(PING, b"heartbeat")
    data = UPGRADE + b"".join(frame(TEXT, text.encode()) + control for text in texts)
    found, rest, tap = await tapped(sliced(data, size))
    assert found == texts
    assert rest == control * len(texts)
    assert (tap.texts, tap.bytes_read) == (len(texts), len(data))


@given(
    st.lists(st.tuples(st.text(max_size=300), st.integers(1, 4), st.booleans()), max_size=8),
    st.integers(1, 500),
)
def test_fragments_are_put_together_between_pings_however_they_are_cut(
    messages: list[tuple[str, int, bool]], size: int
) -> None:
    data, pings = UPGRADE, 0
    for text, parts, with_ping in messages:
        payload = text.encode()
        pieces = sliced(payload, max(1, len(payload) // parts)) or [b""]
        for index, piece in enumerate(pieces):
            data += frame(TEXT if index == 0 else 0, piece, final=index == len(pieces) - 1)
            if with_ping:
                data, pings = data + frame(PING, b"p"), pings + 1
    found, rest, _ = trio.run(tapped, sliced(data, size))
    assert found == [text for text, _, _ in messages]
    assert rest == frame(PING, b"p") * pings


async def test_frames_in_the_same_read_as_the_upgrade_are_not_lost() -> None:
    found, _, _ = await tapped([UPGRADE[:20], UPGRADE[20:] + frame(TEXT, b"first")])
    assert found == ["first"]


async def test_a_refused_upgrade_passes_untouched() -> None:
    refusal = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 4\r\n\r\n\x81\x02hi"
    found, rest, _ = await tapped(sliced(refusal, 9))
    assert (found, rest) == ([], refusal)


async def test_an_endless_head_passes_untouched_within_bounds() -> None:
    found, rest, _ = await tapped([b"x" * 65_000, b"x" * 65_000])
    assert (found, len(rest)) == ([], 130_000)


@pytest.mark.parametrize(
    "frames",
    [
        frame(TEXT, b"x" * (LIMIT + 1)),
        frame(TEXT, b"x" * LIMIT, final=False) + frame(0, b"x"),
        bytes([0x81, 127]) + (2**62).to_bytes(8, "big"),
    ],
)
async def test_a_message_beyond_the_limit_becomes_one_that_the_library_closes_for(frames: bytes) -> None:
    found, rest, tap = await tapped(sliced(UPGRADE + frame(TEXT, b"ok") + frames, 65_536))
    assert found == ["ok"]
    assert rest.startswith(TOO_LARGE)
    assert tap.too_large


async def test_a_message_at_the_limit_is_taken() -> None:
    found, rest, _ = await tapped([UPGRADE + frame(TEXT, b"x" * LIMIT)])
    assert (len(found[0]), rest) == (LIMIT, b"")


@pytest.mark.parametrize(
    "odd",
    [
        frame(BINARY, b"binary"),
        frame(0, b"a continuation of nothing"),
        frame(TEXT, b"a", final=False) + frame(TEXT, b"b"),
        bytes([0x81, 0x83]) + b"masked!",
        bytes([0xC1, 3]) + b"rsv",
        frame(3, b"reserved"),
    ],
)
async def test_what_breaks_the_protocol_is_left_to_the_library_which_ends_the_connection(odd: bytes) -> None:
    found, rest, _ = await tapped([UPGRADE + frame(TEXT, b"ok") + odd + frame(TEXT, b"never")])
    assert found == ["ok"]
    assert rest.endswith(frame(TEXT, b"never"))


async def test_a_close_passes_after_the_texts_before_it() -> None:
    found, rest, _ = await tapped([UPGRADE + frame(TEXT, b"last") + frame(CLOSE, b"\x03\xe8bye")])
    assert (found, rest) == (["last"], frame(CLOSE, b"\x03\xe8bye"))


async def test_what_is_no_utf_8_comes_with_lone_surrogates_and_the_next_text_comes_too() -> None:
    found, _, _ = await tapped([UPGRADE + frame(TEXT, b'{"a":"\xff\xc3"}') + frame(TEXT, b"next")])
    assert found == ['{"a":"\udcff\udcc3"}', "next"]


async def test_a_half_frame_at_the_end_is_dropped() -> None:
    found, rest, _ = await tapped([UPGRADE + frame(TEXT, b"whole") + frame(TEXT, b"half")[:4]])
    assert (found, rest) == (["whole"], b"")


async def test_sending_and_closing_pass_through() -> None:
    inner = Bytes([])
    tap = FrameTap(inner, lambda _: None, LIMIT)
    await tap.send_all(b"x")
    await tap.wait_send_all_might_not_block()
    await tap.aclose()
    assert (inner.sent, inner.closed) == (b"x", True)
