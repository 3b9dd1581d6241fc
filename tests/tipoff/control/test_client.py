"""The command line's side of the control socket, against a daemon that does not end its answer."""

import json
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from tipoff.control import client
from tipoff.control.client import ControlClient
from tipoff.control.protocol import PROTOCOL
from tipoff.output import Failure

LIMIT = 1_000


def frame(body: object) -> bytes:
    """A line of the protocol."""
    return json.dumps(body).encode() + b"\n"


@contextmanager
def answering(folder: Path, *frames: bytes) -> Generator[Path]:
    """A socket at which one peer is greeted, heard once, and answered with these frames."""
    path = folder / "control.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(frame({"v": PROTOCOL, "method": "hello", "params": {"protocol": PROTOCOL}}))
                peer.recv(65_536)
                for one in frames:
                    peer.sendall(one)
                peer.recv(1)

        server = Thread(target=serve)
        server.start()
        try:
            yield path
        finally:
            server.join(timeout=30)


def parts(characters: int) -> tuple[bytes, bytes]:
    """An answer of so many characters, in two parts."""
    text = json.dumps("x" * (characters - 2))
    halves = text[: characters // 2], text[characters // 2 :]
    first, second = (
        frame({"id": 1, "part": number, "parts": 2, "text": half})
        for number, half in enumerate(halves, start=1)
    )
    return first, second


def test_an_answer_at_the_limit_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_BYTES_MAX", LIMIT)
    with answering(tmp_path, *parts(LIMIT)) as path, ControlClient(path, 30) as daemon:
        assert daemon.query("version") == "x" * (LIMIT - 2)


@pytest.mark.limit("tipoff.control.client:ANSWER_BYTES_MAX")
def test_an_answer_that_is_longer_than_the_limit_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ANSWER_BYTES_MAX", LIMIT)
    with answering(tmp_path, *parts(LIMIT + 1)) as path, ControlClient(path, 30) as daemon:
        with pytest.raises(Failure) as caught:
            daemon.query("version")
        assert "the answer does not end" in str(caught.value)
