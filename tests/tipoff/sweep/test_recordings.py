"""Recordings by content: at another place, by URL, and refused where one byte differs."""

import functools
import shutil
import tempfile
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from tipoff.sweep import recordings
from tipoff.sweep.recordings import RecordingRefused, found, moved, recording_ref
from venues.recordings.recorder import read


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without telling."""

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(evenings: Path) -> Iterator[str]:
    """The evenings by HTTP."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(evenings)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_recording_is_found_by_the_same_name_at_another_place(evenings: Path, tmp_path: Path) -> None:
    shutil.copytree(evenings, tmp_path / "there")
    (ref,) = moved([recording_ref(evenings / "evening-3")], str(tmp_path / "there"))
    assert found(ref) == tmp_path / "there" / "evening-3"
    assert ref.digest == recording_ref(evenings / "evening-3").digest


def test_a_recording_that_differs_by_a_byte_is_refused(evenings: Path, tmp_path: Path) -> None:
    shutil.copytree(evenings / "evening-3", tmp_path / "evening-3")
    (segment,) = (tmp_path / "evening-3").glob("segment-*")
    body = bytearray(segment.read_bytes())
    body[len(body) // 2] ^= 1
    segment.chmod(0o600)
    segment.write_bytes(bytes(body))
    (ref,) = moved([recording_ref(evenings / "evening-3")], str(tmp_path))
    with pytest.raises(RecordingRefused, match="not the file"):
        found(ref)


def test_a_recording_that_is_not_there_is_refused(evenings: Path, tmp_path: Path) -> None:
    (ref,) = moved([recording_ref(evenings / "evening-3")], str(tmp_path / "nowhere"))
    with pytest.raises(RecordingRefused, match="copy the recordings"):
        found(ref)


def test_a_recording_is_fetched_by_url_once(
    evenings: Path, served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    (ref,) = moved([recording_ref(evenings / "evening-3")], served)
    folder = found(ref)
    assert list(read(folder)) == list(read(evenings / "evening-3"))
    monkeypatch.setattr(recordings, "_fetch", None)
    assert found(ref) == folder


@pytest.mark.parametrize("place", ["ftp://127.0.0.1/evenings", "http://127.0.0.1:1/evenings"])
def test_what_cannot_be_fetched_is_refused(
    place: str, evenings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    (ref,) = moved([recording_ref(evenings / "evening-3")], place)
    with pytest.raises(RecordingRefused):
        found(ref)
