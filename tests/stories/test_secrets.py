"""Nothing secret leaves the process: a whole run with keys, a token, failures and commands, then a search."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import attrs
import pytest
import structlog
import trio

from tests.tipoff.live_scene import SERVED, Scene, running
from tests.tipoff.managed import free_port
from tipoff.cli.app import main
from tipoff.commands.simulate import write_keys
from tipoff.config.load import Config, load
from tipoff.config.render import render
from tipoff.runs.from_config import schema
from tipoff.services import SERVICES
from tipoff.sources.clients import Credentials
from venues.recordings.recorder import read
from venues.simulator.service import Simulator, serve

pytestmark = pytest.mark.slow
HOOK = "hook-4711-very-secret-token"
TOKEN = "dashboard-token-0815-very-secret-and-long-enough-for-it"
CHARS_MIN = 12
"""Shorter lines of a key, such as its last one, could stand anywhere by chance."""

FAILURES = ({"http_401": 3}, {"http_403": 2}, {"garbage_json": 2}, {"disconnect": 1})
COMMANDS = (
    ("status",),
    ("health",),
    ("actors",),
    ("journal", "--limit", "1000"),
    ("signals",),
    ("metrics",),
    ("risk",),
    ("dead-letters",),
    ("loglevel", "debug"),
    ("loglevel",),
    ("halt", "--reason", "a reason"),
    ("resume", "--reason", "another"),
    ("config", "show"),
    ("config", "check"),
    ("notify", "test"),
)


@attrs.frozen
class Secrets:
    """What must not be found, by name."""

    parts: Mapping[str, str]

    def found_in(self, text: str) -> set[str]:
        """The names of what stands in a text."""
        return {name for name, part in self.parts.items() if part in text}


def secrets_in(folder: Path) -> Secrets:
    """The lines of every file of secrets."""
    parts = {"hook": HOOK, "token": TOKEN}
    for file in ("kalshi.pem", "balldontlie.key"):
        for number, line in enumerate((folder / file).read_text("utf-8").splitlines()):
            if len(line) >= CHARS_MIN and not line.startswith("-----"):
                parts[f"{file}, line {number + 1}"] = line
    return Secrets(parts)


@pytest.fixture
async def simulator(nursery: trio.Nursery) -> Simulator:
    """The simulated venues, with keys made for this test."""
    served: Simulator = await nursery.start(serve, SERVED)
    return served


@pytest.fixture
def config(simulator: Simulator, tmp_path: Path) -> Config:
    """Everything that may be told, with an address to post to where nobody answers."""
    file = write_keys(simulator, tmp_path)
    (tmp_path / "hook").write_text(f"http://127.0.0.1:{free_port()}/{HOOK}", "utf-8")
    (tmp_path / "token").write_text(TOKEN, "utf-8")
    for name in ("hook", "token"):
        (tmp_path / name).chmod(0o600)
    usual = load(file, schema())
    chosen = attrs.evolve(
        usual,
        metrics=attrs.evolve(usual.metrics, port=free_port()),
        notify=attrs.evolve(usual.notify, webhook_file=str(tmp_path / "hook"), level="info"),
        dashboard=attrs.evolve(usual.dashboard, token_file=str(tmp_path / "token"), port=free_port()),
        logging=attrs.evolve(usual.logging, level="debug", style="json"),
    )
    file.write_text(render(chosen), "utf-8")
    return chosen


def written(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file of the state directory as text; of recordings also what is packed in them."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield str(file), file.read_bytes().decode("latin-1")
    for manifest in sorted(folder.rglob("manifest.json")):
        yield str(manifest.parent), "".join(f"{line.what} {line.body}" for line in read(manifest.parent))


async def fail_and_tell(scene: Scene, config: Path) -> None:
    """Let the venues refuse and break, log an error with everything in reach, and type every command."""
    for switches in FAILURES:
        scene.simulator.faults.change(dict(switches))
        await trio.sleep(0.5)
    # What a careless line would write: the settings, an exception that holds the key.
    key = (config.parent / "kalshi.pem").read_text("utf-8")
    structlog.get_logger().error("careless", access=scene.sources._access, key=key)
    try:
        int(key)
    except ValueError:
        structlog.get_logger().exception("careless again")
    for words in COMMANDS:
        for more in ((), ("--json",)):
            await trio.to_thread.run_sync(partial(main, [*words, "--config", str(config), *more]))


def reported(secrets: Secrets, texts: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Where something secret stands."""
    return {name: found for name, text in texts if (found := secrets.found_in(text))}


async def test_no_key_is_found(
    simulator: Simulator, config: Config, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    secrets, file = secrets_in(tmp_path), tmp_path / "engine.toml"
    async with (
        running(tmp_path, config, Credentials.named_in(config), simulator) as scene,
        trio.open_nursery() as nursery,
    ):
        for service in SERVICES:
            nursery.start_soon(service, scene.context)
        await scene.until_books()
        await scene.until((config.engine.state_directory / config.control.socket).exists)
        await fail_and_tell(scene, file)
        nursery.cancel_scope.cancel()
    said = capfd.readouterr()
    texts = [("standard output", said.out), ("standard error", said.err)]
    assert "careless" in said.err
    assert "tipoff_build_info" in said.out
    assert len(secrets.parts) > 20
    assert reported(secrets, [*texts, *written(config.engine.state_directory)]) == {}
    # The search itself works: it finds every secret where it belongs.
    kept = [(name, (tmp_path / name).read_text("utf-8")) for name in ("kalshi.pem", "balldontlie.key")]
    kept += [(name, (tmp_path / name).read_text("utf-8")) for name in ("hook", "token")]
    assert set().union(*reported(secrets, kept).values()) == set(secrets.parts)
