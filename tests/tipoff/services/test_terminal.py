"""What a daemon writes on a terminal, and that programs get nothing but JSON lines.

Covers: tipoff.services.terminal, tipoff.explain.evening_lines
"""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tipoff.exit_codes import Exit

S_MAX = 90.0
COMMAND = (sys.executable, "-u", "-m", "tipoff", "demo", "--live", "--speed", "300", "--games", "1")


def read_until(process: subprocess.Popen[bytes], end: int, word: bytes) -> bytes:
    """What it wrote, once a word stands in it; then it is asked to end, and is read to its end."""
    said, deadline, asked = b"", time.monotonic() + S_MAX, False
    while True:
        assert time.monotonic() < deadline, said
        if not select.select([end], [], [], 0.1)[0]:
            continue
        try:
            piece = os.read(end, 65_536)
        except OSError:  # the other side of a terminal is closed
            piece = b""
        if not piece:
            return said
        said += piece
        if word in said and not asked:
            process.send_signal(signal.SIGINT)
            asked = True


@pytest.mark.promise("person-program-never-both")
@pytest.mark.slow
@pytest.mark.timeout(2 * S_MAX)
@pytest.mark.parametrize("reader", ["a person", "a program"])
def test_a_person_reads_lines_and_a_program_reads_json_and_never_both(tmp_path: Path, reader: str) -> None:
    ours, theirs = pty.openpty() if reader == "a person" else os.pipe()
    word = b"sends: " if reader == "a person" else b"dashboard: "
    with subprocess.Popen(COMMAND, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        said = read_until(process, ours, word).decode()
        assert process.wait(S_MAX) == Exit.OK, said
    os.close(ours)
    lines = said.replace("\r\n", "\n").splitlines()
    if reader == "a program":
        events = [json.loads(line)["event"] for line in lines]
        assert any(event.startswith("ready: run") for event in events)
        assert events[-1] == "stopped"
    else:
        timed = [line for line in lines if re.match(r"\d\d:\d\d:\d\d  ", line)]
        assert any("game found: " in line for line in timed)
        assert not [line for line in lines if line.startswith("{")]
        assert [line for line in timed if "sends: " in line and len(line) > 80] == []
