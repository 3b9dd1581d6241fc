"""Where inputs are written down: a disk that fills ends the recording and nothing else."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tipoff.live.ingress import MEGABYTE, Ingress
from venues.recordings.recorder import Recorder


class Usage(NamedTuple):
    """What the disk says of itself."""

    total: int
    used: int
    free: int


@pytest.mark.limit("engine.toml:recording.disk_free_megabytes_min")
def test_recording_goes_on_at_the_least_free_space_and_stops_with_one_byte_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [10 * MEGABYTE]
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(0, 0, free[0]))
    ingress = Ingress(Recorder(tmp_path / "recording"), lambda _body, _events: None)
    ingress.require_space(10)
    assert ingress.status.not_recorded == ""
    free[0] -= 1
    ingress.require_space(10)
    assert ingress.status.not_recorded == "less than 10 MB are free on the disk"
    assert ingress.close() is None
