"""Recordings of a sweep by content: the parent names them with their digests, a worker finds the same bytes.

A worker of another machine has the recordings at another place, or fetches them by URL. What differs by one
byte is refused: results of other evenings under the same name would be believed.
"""

import hashlib
import os
import shutil
import socket
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from tipoff.sweep.task import RecordingRef
from venues.errors import RecordingError
from venues.recordings.recorder import MANIFEST, read_manifest, segment_paths

FETCH_SECONDS: Final = 60
"""So long a server of recordings may be silent."""

_PIECE: Final = 1 << 20


class RecordingRefused(Exception):
    """A worker does not have the recording of that digest; the sweep stops, for no trial is to blame."""


def recording_ref(folder: Path) -> RecordingRef:
    """A recording as the parent has it. Raises RecordingError where there is none."""
    read_manifest(folder)
    files = tuple((path.name, _digest_of(path)) for path in (folder / MANIFEST, *segment_paths(folder)))
    # The manifest is written anew when a recording is merely closed again.
    content = hashlib.sha256("".join(digest for name, digest in files if name != MANIFEST).encode())
    return RecordingRef(content.hexdigest(), folder.name, str(folder), files)


def found(recording: RecordingRef) -> Path:
    """The folder of a recording on this machine, with its content looked at once for each process.

    Raises RecordingRefused.
    """
    if "://" in recording.place:
        return _fetched(recording)
    folder = Path(recording.place)
    _verify(recording, folder)
    return folder


def moved(recordings: Iterable[RecordingRef], at: str | None) -> list[RecordingRef]:
    """The same as workers find them: folders of the same names at `at`, a folder or a URL of theirs."""
    return [
        each
        if at is None
        else RecordingRef(each.digest, each.name, f"{at.rstrip('/')}/{each.name}", each.files)
        for each in recordings
    ]


@cache
def _verify(recording: RecordingRef, folder: Path) -> None:
    for name, digest in recording.files:
        try:
            here = _digest_of(folder / name)
        except RecordingError as error:
            raise RecordingRefused(f"{socket.gethostname()}: {error}; copy the recordings there") from error
        if here != digest:
            raise RecordingRefused(
                f"{socket.gethostname()}: {folder / name} is not the file that the sweep was started with "
                f"({here[:12]} instead of {digest[:12]}); copy the recordings there again"
            )


def _fetched(recording: RecordingRef) -> Path:
    folder = Path(tempfile.gettempdir()) / f"tipoff-recordings-{os.getuid()}" / recording.digest
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, _digest in recording.files:
        if not (folder / name).exists():
            _fetch(f"{recording.place}/{name}", folder / name)
    _verify(recording, folder)
    return folder


def _fetch(url: str, path: Path) -> None:
    if not url.startswith(("http://", "https://")):
        raise RecordingRefused(f"{url}: recordings are fetched by http:// or https://; or name a folder")
    # Written beside and renamed, for several workers of a machine may fetch the same file.
    handle, beside = tempfile.mkstemp(dir=path.parent)
    try:
        with (
            os.fdopen(handle, "wb") as file,
            urllib.request.urlopen(url, timeout=FETCH_SECONDS) as body,  # noqa: S310 - looked at above
        ):
            shutil.copyfileobj(body, file, _PIECE)
        Path(beside).replace(path)
    except (OSError, urllib.error.URLError) as error:
        raise RecordingRefused(f"{socket.gethostname()}: {url}: {error}") from error
    finally:
        Path(beside).unlink(missing_ok=True)


def _digest_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}") from error
