"""Malformed requests against our own server on loopback: it never dies, and keeps nobody who is gone.

TIPOFF_FUZZ_SECONDS makes it longer.

Covers: tipoff.dashboard.server.
"""

import asyncio
import contextlib
import gc
import os
import random
from pathlib import Path
from typing import Final

import pytest

from tests.tipoff.dashboard.serving import TOKENS, ask, beside_a_daemon, run
from tipoff.dashboard.event_stream import EventStream

SECONDS: Final = float(os.environ.get("TIPOFF_FUZZ_SECONDS", "4"))
CONNECTIONS_MAX: Final = 20_000
AT_A_TIME: Final = 16
ANSWER_S: Final = 0.05
"""Longer is not waited for an answer: half of what is sent is none that gets one."""

BEARER: Final = f"authorization: Bearer {TOKENS.operate}\r\n"
COMMAND: Final = (
    "POST /api/do/halt HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: http://127.0.0.1\r\n"
    f"{BEARER}content-type: application/json\r\n"
)
SEEDS: Final = tuple(
    text.encode()
    for text in (
        "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
        f"GET /api/stream?topics=markets HTTP/1.1\r\nhost: 127.0.0.1\r\n{BEARER}\r\n",
        f"GET /api/ask/fills?limit=5 HTTP/1.1\r\nhost: 127.0.0.1\r\n{BEARER}connection: close\r\n\r\n",
        f'{COMMAND}content-length: 30\r\n\r\n{{"request_id":"a","params":{{}}}}',
        f"{COMMAND}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nGET /app.js HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
        "GET /api/stream HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        "expect: 100-continue\r\n\r\n",
        "HEAD / HTTP/1.0\r\n\r\n",
    )
)
PIECES: Final = (
    b"\r\n",
    b"\0",
    b":",
    b" ",
    b"%",
    b"/",
    b"..",
    b"\xff",
    b"chunked",
    b"-1",
    b"9" * 30,
    b"\r\n\r\n",
)


def mutated(draw: random.Random) -> bytes:
    """A request with a few bytes changed, left out, doubled, or with another one's end."""
    made = bytearray(draw.choice(SEEDS))
    for _ in range(draw.randint(1, 6)):
        place = draw.randrange(len(made) + 1)
        match draw.randrange(6):
            case 0:
                made[place:place] = draw.choice(PIECES)
            case 1:
                del made[place : place + draw.randint(1, 20)]
            case 2:
                made[place : place + 1] = bytes([draw.randrange(256)])
            case 3:
                made[place:place] = made[: draw.randint(0, 80)]
            case 4:
                del made[place:]
                made += draw.choice(SEEDS)[draw.randint(0, 60) :]
            case _:
                made[place:place] = bytes(draw.randrange(256) for _ in range(draw.randint(1, 40)))
    return bytes(made)


async def attack(port: int, draw: random.Random) -> None:
    """One connection: sends in one or two pieces, perhaps listens, and goes with or without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent = mutated(draw)
    cut = draw.randint(0, len(sent))
    with contextlib.suppress(OSError, TimeoutError):
        writer.write(sent[:cut])
        if draw.random() < 0.3:
            await asyncio.sleep(0.001)
        writer.write(sent[cut:])
        if draw.random() < 0.5:
            await asyncio.wait_for(reader.read(2_000), ANSWER_S)
    if draw.random() < 0.5:
        writer.transport.abort()
    else:
        writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@pytest.mark.promise("storm-malformed-requests-dashboard")
def test_whatever_is_sent_the_server_lives_and_no_client_that_is_gone_is_kept(tmp_path: Path) -> None:
    made = 0

    async def test() -> None:
        nonlocal made
        async with beside_a_daemon(tmp_path) as (daemon, port):
            draw, loop = random.Random(15), asyncio.get_running_loop()
            until = loop.time() + SECONDS
            while loop.time() < until and made < CONNECTIONS_MAX:
                await asyncio.gather(*(attack(port, draw) for _ in range(AT_A_TIME)))
                made += AT_A_TIME
                daemon.change("A", {"yes_bid": str(made)})
            async with asyncio.timeout(15):
                while _streams():  # noqa: ASYNC110 - nothing tells when the last one has ended
                    await asyncio.sleep(0.1)
            assert (await ask(port, "/api/about")).status == 200

    run(test())
    print(f"{made} connections, 0 deaths, 0 clients kept")  # noqa: T201 - a number to be shown
    assert made > 100


def _streams() -> int:
    """How many browsers the server believes to serve."""
    gc.collect()
    return sum(1 for each in gc.get_objects() if isinstance(each, EventStream))
