"""The real daemon whose tree gives up ends by itself, soon, and says why wherever somebody may look.

Covers: tipoff.live.engine, tipoff.live.crash_log.
"""

import http.server
import json
import os
import select
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import attrs
import pytest

from tests.stories.venues import venues
from tests.tipoff.managed import Running, free_port, started
from tipoff.exit_codes import Exit

END_S_MAX = 2.0
"""From saying that it gives up to its end, not counting how long it waited for a processor."""

WAIT_S_MAX = 90.0
LOOK_S = 0.02

PLUGIN = """
from pathlib import Path

from actors.paper_exchange import PaperExchangeActor
from engine.strategies.join_the_bid import JoinTheBid

works = PaperExchangeActor.receive


def receive(self, message, now):
    if Path({switch!r}).exists():
        raise LookupError("broken on purpose")
    return works(self, message, now)


PaperExchangeActor.receive = receive


class Breaker(JoinTheBid):
    '''Breaks the exchange of whoever runs it.'''

    kind = "breaker"
"""


@attrs.define
class Hook:
    """A webhook on loopback that keeps what it is told."""

    url: str
    bodies: list[dict[str, object]]


@pytest.fixture
def hook() -> Iterator[Hook]:
    bodies: list[dict[str, object]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="webhook")
        thread.start()
        yield Hook(f"http://127.0.0.1:{server.server_port}/hook", bodies)
        server.shutdown()
        thread.join()


@attrs.define
class House:
    """A daemon beside the venues that has a strategy which can break the exchange."""

    life: Running
    switch: Path
    state: Path


@pytest.fixture
def house(root: Path, tmp_path: Path, hook: Hook) -> Iterator[House]:
    site, switch = tmp_path / "site", tmp_path / "break"
    info = site / "breaker-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: breaker\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(
        "[tipoff.strategies]\nbreaker = foreign_breaker:Breaker\n", "utf-8"
    )
    (site / "foreign_breaker.py").write_text(PLUGIN.format(switch=str(switch)), "utf-8")
    (tmp_path / "webhook").write_text(hook.url, "utf-8")
    (tmp_path / "webhook").chmod(0o600)
    with venues(tmp_path) as (config, _switch):
        port = free_port()
        text = config.read_text("utf-8").replace("port = 9464", f"port = {port}", 1)
        text = text.replace('webhook_file = ""', f'webhook_file = "{tmp_path / "webhook"}"', 1)
        config.write_text(f'{text}\n[[strategy]]\nname = "breaker"\nkind = "breaker"\n', "utf-8")
        life = started(root, tmp_path, config, port, path=(site,))
        yield House(life, switch, tmp_path / "state")
        life.killed()


@attrs.define
class Watched:
    """How long a process has waited for a processor that others had, from look to look."""

    pid: int
    looks: list[tuple[float, float]] = attrs.field(factory=list)
    """Seconds since 1970, and seconds waited by then."""

    def look(self) -> None:
        """Once more; also at a process that has ended and was not waited for."""
        _ran, waited, _slices = Path(f"/proc/{self.pid}/schedstat").read_text("ascii").split()
        self.looks.append((time.time(), int(waited) / 1e9))

    def until_it_ends(self) -> None:
        """Look on, and let its parent collect it afterwards."""
        began = time.monotonic()
        self.look()
        process = os.pidfd_open(self.pid)
        try:
            while not select.select([process], [], [], LOOK_S)[0]:
                assert time.monotonic() - began < WAIT_S_MAX, "it does not end"
                self.look()
        finally:
            os.close(process)
        self.look()

    def own_seconds_since(self, moment: float) -> float:
        """From a moment to the end, without the waiting."""
        ended, waited_in_all = self.looks[-1]
        waited = next(waited for at, waited in reversed(self.looks) if at <= moment)
        return ended - moment - (waited_in_all - waited)


def stored(house: House) -> list[str]:
    """The events of the log that are in the database."""
    with closing(sqlite3.connect(next(house.state.glob("*.db")))) as database:
        return [event for (event,) in database.execute("SELECT event FROM system_logs")]


@pytest.mark.slow
@pytest.mark.fault("I12")
@pytest.mark.timeout(300)
def test_a_tree_that_gives_up_ends_the_process_and_the_cause_is_told_everywhere(
    house: House, hook: Hook
) -> None:
    house.life.wait_for("READY=1")
    watched = Watched(house.life.process.pid)
    watched.look()
    house.switch.touch()
    watched.until_it_ends()
    code = house.life.process.wait()
    said = house.life.errors()
    assert code == Exit.ESCALATED, said
    assert "Traceback" not in said
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    (last,) = (line for line in lines if line["event"].startswith("the engine gives up: Escalated: root: "))
    assert watched.own_seconds_since(datetime.fromisoformat(last["at"]).timestamp()) < END_S_MAX
    cause = "LookupError: broken on purpose"
    events = [str(line["event"]) for line in lines]
    crashes = [event for event in events if event.startswith("actor exchange/paper_exchange crashed over ")]
    assert crashes
    assert all(event.endswith(cause) for event in crashes)
    assert "actor exchange/paper_exchange began again, restart 1" in events
    kept = stored(house)
    for words in ("crashed over", "began again", "the engine gives up"):
        assert any(words in line for line in kept), (words, kept)
    told = [body for body in hook.bodies if body["kind"] == "gave_up"]
    assert [body["level"] for body in told] == ["error"]
    assert cause in str(told[0]["text"])
