"""One daemon for one state directory, whatever becomes of the first."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from persistence.errors import StorageBusy, StorageError
from persistence.lock import DirectoryLock

HOLD = (
    "import sys, signal; from pathlib import Path; from persistence.lock import DirectoryLock\n"
    "lock = DirectoryLock(Path(sys.argv[1])); print('held', flush=True); signal.pause()"
)


@pytest.mark.promise("second-daemon-same-state")
@pytest.mark.fault("I10")
def test_a_second_daemon_is_told_who_the_first_one_is(tmp_path: Path, root: Path) -> None:
    """D14: another process holds the directory until it ends, even by kill -9."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StorageBusy, match=f"process {holder.pid} works in this directory"):
            DirectoryLock(tmp_path)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    with DirectoryLock(tmp_path):
        assert (tmp_path / "tipoff.lock").read_text() == f"{os.getpid()}\n"


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    DirectoryLock(tmp_path).release()
    with DirectoryLock(tmp_path), pytest.raises(StorageBusy, match=str(os.getpid())):
        DirectoryLock(tmp_path)


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nowhere"):
        DirectoryLock(tmp_path / "nowhere")
