"""A real Chromium, and what it looks at: simulated venues, a daemon, and the daemon's dashboard."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import attrs
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.tipoff.managed import free_port
from tipoff.control.client import ControlClient
from tipoff.dashboard.page import FILES, FOLDER
from tipoff.dashboard.token_files import address_of, read_tokens

T = TypeVar("T")
WAIT_S_MAX = 60.0


@attrs.define(eq=False, slots=False)  # the driver keeps a mark of its own on whoever listens
class Seen:
    """A page in the browser, and what must not happen in it."""

    page: Page
    origin: str
    errors: list[str] = attrs.field(factory=list)
    requests: list[str] = attrs.field(factory=list)

    def watch(self) -> None:
        """Note errors and requests from now on."""
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def go(self, name: str) -> None:
        """To another page of ours, as a click in the bar does."""
        self.page.evaluate("name => { location.hash = `#/${name}` }", name)
        self.page.wait_for_selector(f'main[data-page="{name.partition("/")[0]}"] .panel')

    @property
    def foreign(self) -> list[str]:
        """Requests to another host."""
        return [url for url in self.requests if not url.startswith((self.origin, "data:", "blob:"))]


@attrs.define(eq=False)
class Evening:
    """Venues and a daemon, each a process; the daemon may be killed and started again."""

    root: Path
    folder: Path
    port: int
    venues: subprocess.Popen[bytes]
    daemon: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "state" / "control.sock"

    def start(self) -> None:
        """Start the daemon and wait until it and its dashboard answer."""
        with (self.folder / "daemon.txt").open("ab") as log:
            self.daemon = started(self.root, "run", "--config", str(self.folder / "engine.toml"), log=log)
        wait_for(lambda: self.ask("status")["run"])

    def kill(self) -> None:
        """As the kernel does when memory is short."""
        assert self.daemon is not None
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()

    def ask(self, method: str, **params: Any) -> Any:  # noqa: ANN401 - it is JSON
        with ControlClient(self.socket) as client:
            return client.query(method, **params)

    @property
    def address(self) -> str:
        tokens = wait_for(lambda: read_tokens(self.folder / "state"))
        return address_of("127.0.0.1", self.port, tokens.operate)


def started(root: Path, *words: str, log: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - an open file
    return subprocess.Popen(
        [sys.executable, "-m", "tipoff", *words],
        cwd=root,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root)},
        stdout=log,
        stderr=log,
    )


def wait_for(found: Callable[[], T | None], seconds: float = WAIT_S_MAX) -> T:
    """Wait until there is something; whatever is wrong meanwhile is wrong in the end too."""
    until, never = time.monotonic() + seconds, threading.Event()
    while True:
        try:
            value = found()
            if value:
                return value
        except Exception:
            if time.monotonic() > until:
                raise
        if time.monotonic() > until:
            raise AssertionError(f"{found} came to nothing in {seconds:g} s")
        never.wait(0.05)


@pytest.fixture(scope="module")
def built() -> Path:
    """The built page."""
    if not all((FOLDER / name).is_file() for name, _ in FILES.values()):
        pytest.skip("the dashboard's page is not built: make page")
    return FOLDER


@pytest.fixture(scope="module")
def chromium(built: Path) -> Iterator[Browser]:
    """The system's own browser; nothing is downloaded."""
    assert built.is_dir()
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def evening(the_evening: Evening) -> Evening:
    """It trades, whatever the test before has left."""
    if the_evening.ask("status")["state"] == "halted":
        the_evening.ask("resume", request_id=f"tests-{time.monotonic_ns()}", reason="the next test")
    return the_evening


@pytest.fixture(scope="module")
def the_evening(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    """An evening that begins now."""
    folder, port = tmp_path_factory.mktemp("evening"), free_port()
    with (folder / "venues.txt").open("wb") as log:
        venues = started(root, "simulate", "--today", "--games", "2", "--keys", str(folder), log=log)
    made = Evening(root, folder, port, venues)
    try:
        configuration = wait_for((folder / "engine.toml").read_text)
        for before, after in (("port = 8464", port), ("port = 9464", free_port())):
            assert before in configuration
            configuration = configuration.replace(before, f"port = {after}")
        (folder / "engine.toml").write_text(configuration)
        made.start()
        yield made
    finally:
        for process in (made.daemon, venues):
            if process is not None:
                process.kill()
                process.wait()


@pytest.fixture
def look(chromium: Browser) -> Iterator[Callable[..., Seen]]:
    """Opens an address in a tab of its own."""
    with contextlib.ExitStack() as stack:

        def opened(address: str, **options: Any) -> Seen:  # noqa: ANN401 - as the browser takes them
            context = chromium.new_context(**{"viewport": {"width": 1600, "height": 1000}, **options})
            stack.callback(context.close)
            seen = Seen(context.new_page(), address.partition("#")[0])
            seen.watch()
            seen.page.goto(address)
            return seen

        yield opened


@pytest.fixture(scope="module")
def axe(root: Path) -> str:
    """The checker of accessibility, as a script."""
    file = root / "web/node_modules/axe-core/axe.min.js"
    if not file.is_file():
        pytest.skip("needs web/node_modules: make page")
    return file.read_text("utf-8")


def problems_of(page: Page, script: str) -> list[str]:
    """What it finds that is serious or worse, as lines."""
    page.evaluate(f"{script}\n0")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        json.dumps([each["id"], each["impact"], [node["html"][:160] for node in each["nodes"][:3]]])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]
