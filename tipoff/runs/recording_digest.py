"""Files beside a live recording: the digest of its run, and the configuration that a replay needs.

Written by `run` and `demo` when a run ends in good order, read by `tipoff replay`.
"""

from pathlib import Path
from typing import Final

import msgspec

from tipoff.config.load import Config
from tipoff.config.render import render

DIGEST: Final = "digest.json"
CONFIG: Final = "engine.toml"
DIGEST_CHARACTERS: Final = 16


class RecordingDigest(msgspec.Struct, frozen=True):
    """The digest of a recorded run and what it depends on."""

    run: str
    digest: str
    settings_digest: str
    seed: int
    journal_seq: int


def write_config(folder: Path, config: Config, settings_digest: str) -> None:
    """Keep the configuration beside the recording, without keys: a replay needs none.

    Each process of a run may have its own, so it is kept under the digest of its settings, too.
    """
    for path in (_config_of_process(folder, settings_digest), folder / CONFIG):
        path.write_text(render(config.without_keys()), "utf-8")


def _config_of_process(folder: Path, settings_digest: str) -> Path:
    return folder / f"engine-{settings_digest[:DIGEST_CHARACTERS]}.toml"


def write_digest(folder: Path, seal: RecordingDigest) -> None:
    """Keep the digest beside the recording, in one step."""
    # A rename replaces whole: a kill must not leave half a digest, which would vouch for nothing.
    fresh = folder / f"{DIGEST}.new"
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(seal)) + b"\n")
    fresh.replace(folder / DIGEST)


def remove_digest(folder: Path) -> None:
    """The recording goes on, so its digest is not known yet."""
    (folder / DIGEST).unlink(missing_ok=True)


def read_digest(folder: Path) -> RecordingDigest | None:
    """The digest beside a recording; None if there is none that can be read."""
    try:
        return msgspec.json.decode((folder / DIGEST).read_bytes(), type=RecordingDigest)
    except (OSError, ValueError):
        return None


def config_of(folder: Path, settings_digest: str | None = None) -> Path | None:
    """The configuration beside a recording, of the last process or of that with a digest; None if there is
    none.
    """
    path = folder / CONFIG if settings_digest is None else _config_of_process(folder, settings_digest)
    return path if path.is_file() else None
