"""The dashboard as a process of its own: what it is told, what it says, and when it ends.

Covers: tipoff.dashboard.child_settings.
"""

import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import msgspec

from tests.tipoff.dashboard.serving import TOKENS
from tipoff.dashboard.child_settings import ChildSettings
from tipoff.exit_codes import Exit


def child(root: Path, folder: Path, port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tipoff.dashboard.child"],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    told = ChildSettings(
        host="127.0.0.1",
        port=port,
        socket=str(folder / "none.sock"),
        operate=TOKENS.operate,
        read=TOKENS.read,
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(told) + b"\n")
    process.stdin.flush()
    return process


def said(process: subprocess.Popen[bytes]) -> dict[str, object]:
    assert process.stdout is not None
    line: dict[str, object] = json.loads(process.stdout.readline())
    return line


def test_it_serves_until_whoever_started_it_is_gone_however_that_ended(root: Path, tmp_path: Path) -> None:
    process = child(root, tmp_path, 0)
    try:
        port = said(process)["port"]
        request = urllib.request.Request(f"http://127.0.0.1:{port}/api/about")
        request.add_header("Authorization", f"Bearer {TOKENS.read}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer)["result"]["right"] == "read"
        # The end of its input is all that it hears of a daemon that was killed.
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_a_port_that_is_taken_ends_it_with_a_sentence(root: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = child(root, tmp_path, taken.getsockname()[1])
        assert "Address already in use; choose another [dashboard] port" in str(said(process)["error"])
        process.communicate(timeout=10)
        assert process.returncode == Exit.CONFIG
