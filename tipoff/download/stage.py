"""What has been answered so far of a day, kept on the disk until the day's recording stands.

Used by `tipoff.download.session`. A file an answer, named by what was asked, that takes its name when it is
whole: a kill at any instruction costs at most the answer that was being had.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from venues.importers.entries import Entry
from venues.recordings.recorder import OWNER_ONLY_FOLDER, for_owner
from venues.recordings.segments import zstd

UNFINISHED: Final = ".unfinished"
"""The folder beside the recordings in which days are being gathered."""
RECORDING: Final = "recording"
_ENTRIES: Final = msgspec.json.Decoder(Entry)


class Answered(msgspec.Struct, frozen=True):
    """What was asked, every page of the answer, and why there are no more, if they are not all."""

    target: str
    pages: tuple[str, ...]
    lost: str | None = None


_ANSWERED: Final = msgspec.json.Decoder(Answered)


class Stage:
    """The answers about one day."""

    def __init__(self, folder: Path) -> None:
        """Make `folder`, or go on with what is in it. Raises OSError."""
        self.folder = folder
        folder.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)

    def get(self, target: str) -> Answered | None:
        """What was answered before; None if nothing was, or what is there cannot be read."""
        try:
            found = _ANSWERED.decode(zstd.decompress(self._path(target).read_bytes()))
        except (FileNotFoundError, zstd.ZstdError, msgspec.DecodeError):
            return None
        return found if found.target == target else None

    def put(self, answered: Answered) -> None:
        """Keep an answer; it is there whole or not at all. Raises OSError."""
        path = self._path(answered.target)
        fresh = path.with_suffix(".new")
        # Torn texts come with lone surrogates at times, which are no UTF-8.
        kept = msgspec.structs.replace(answered, pages=tuple(map(_encodable, answered.pages)))
        with open(fresh, "wb", opener=for_owner) as file:
            file.write(zstd.compress(msgspec.json.encode(kept)))
        fresh.replace(path)

    def spill(self, name: str, entries: Iterable[Entry]) -> Path:
        """Put lines aside, so that a day need not fit into memory."""
        path = self.folder / f"{name}.lines"
        with open(path, "wb", opener=for_owner) as file:
            for entry in entries:
                file.write(msgspec.json.encode(entry))
                file.write(b"\n")
        return path

    @property
    def recording(self) -> Path:
        """Where the day's recording is written before it takes its place."""
        return self.folder / RECORDING

    def clear_recording(self) -> None:
        """Remove one that was begun."""
        shutil.rmtree(self.recording, ignore_errors=True)

    def remove(self) -> None:
        """All of it: the day's recording stands."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, target: str) -> Path:
        return self.folder / f"{hashlib.sha256(target.encode()).hexdigest()[:40]}.answer"


def spilt(path: Path) -> Iterator[Entry]:
    """The lines that were put aside."""
    with path.open("rb") as file:
        for line in file:
            yield _ENTRIES.decode(line)


def put_in_place(recording: Path, place: Path) -> None:
    """Give a whole recording its name in one step, on the disk."""
    folder = os.open(recording, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    recording.rename(place)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
