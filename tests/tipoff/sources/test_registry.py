"""Another source is a package and an entry point: section, polls and lines are known like ours.

Covers: tipoff.sources.source, tipoff.sources.asking, tipoff.sources.findings.
"""

import json
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import attrs
import pytest
import trio

from engine.events import OddsSeen
from engine.units import Nanos
from tests.tipoff.installs import Install
from tests.tipoff.live_scene import SERVED, running
from tests.tipoff.sources import third
from tests.tipoff.sources.third import BookwormSection
from tipoff.cli.app import main
from tipoff.commands.simulate import write_keys
from tipoff.config.load import Schema, load, parse, template
from tipoff.config.problems import ConfigError
from tipoff.config.render import render
from tipoff.config.secret_files import named_secrets
from tipoff.doctor.network import examine_venues
from tipoff.entry_points import points_of
from tipoff.exit_codes import Exit
from tipoff.runs.from_config import schema
from tipoff.sources import registry
from tipoff.sources.asking import LIMITS, Asking, Connect
from tipoff.sources.clients import Credentials
from tipoff.sources.findings import Finding
from tipoff.sources.registry import GROUP, Sources, found
from venues.recordings.recorder import Line, read
from venues.simulator.service import Simulator, serve
from venues.transport.http import Http

NOWHERE = "http://127.0.0.1:1"


def point(name: str, record: str) -> EntryPoint:
    return EntryPoint(name, f"{third.__name__}:{record}", GROUP)


def beside_ours(*points: EntryPoint) -> Sources:
    """What is known when these are installed too."""
    return found([*points_of(GROUP, "sources"), *points])


@pytest.fixture
def with_bookworm(monkeypatch: pytest.MonkeyPatch) -> Sources:
    """A third source, installed beside ours."""
    sources = beside_ours(point("bookworm", "BOOKWORM"))
    monkeypatch.setattr(registry, "installed", lambda: sources)
    monkeypatch.setattr("tipoff.runs.from_config.sources", lambda: sources)
    return sources


def test_ours_come_in_by_their_entry_points_in_the_order_that_they_ask_for() -> None:
    assert list(beside_ours().by_name) == ["kalshi", "balldontlie"]
    assert not found([]).by_name


def test_a_source_of_another_distribution_is_configured_checked_and_named_like_ours(
    install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    text = f"from {third.__name__} import BOOKWORM"
    install("worms", "foreign_worms", text, group=GROUP, bookworm="foreign_worms:BOOKWORM")
    assert list(registry.installed().by_name) == ["kalshi", "balldontlie", "bookworm"]
    Path("engine.toml").write_text("[bookworm]\npoll_ms = 1000\n", "utf-8")
    assert main(("config", "check", "--json")) == Exit.OK
    degraded = json.loads(capfd.readouterr().out)["degraded"]
    assert degraded[:2] == [
        "Kalshi has no key: books are polled, so immediate and post-only orders are refused",
        "balldontlie has no key: no scores, no odds, and no market is matched to a game",
    ]
    assert degraded[2] == "Bookworm has no key: no odds of worms"
    main(("doctor", "--json"))
    findings = json.loads(capfd.readouterr().out)["findings"]
    told = {each["detail"]: each["fix"] for each in findings if each["state"] == "warn"}
    assert told["no key of Bookworm: no odds of worms"] == "ask a worm; set bookworm.key_file"
    assert told["Bookworm is asked too often"] == "set bookworm.poll_ms to 2000 or more"


def test_a_source_that_cannot_be_used_is_told_by_the_check_of_the_configuration(
    install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    install("unlucky", "foreign_bad", "raise ZeroDivisionError('no luck')", group=GROUP, luck="foreign_bad:X")
    assert main(("config", "check", "--json")) == Exit.OK
    (broken,) = [
        line for line in json.loads(capfd.readouterr().out)["degraded"] if line.startswith("unlucky 1.2")
    ]
    assert "ZeroDivisionError: no luck" in broken


@pytest.mark.usefixtures("with_bookworm")
async def test_the_doctor_asks_its_service_with_its_key(nursery: trio.Nursery, tmp_path: Path) -> None:
    url: str = await nursery.start(serve_odds)
    key = tmp_path / "bookworm.key"
    key.write_text("wriggle", "utf-8")
    config = template(schema()).with_sources(BookwormSection(url=url, key_file=str(key)))
    findings = await examine_venues(config, Asking(stream=False, connect=only(url)))
    assert Finding("reachable", "ok", "bookworm answers") in findings
    assert Finding("keys", "ok", "key wriggle") in findings
    assert [each.detail.partition(":")[0] for each in findings if each.state == "fail"] == [
        "kalshi",
        "balldontlie",
    ]


def only(url: str) -> Connect:
    """Connects to one service; all others lead nowhere."""
    return lambda asked: Http(asked if asked == url else NOWHERE, limits=LIMITS)


@pytest.mark.usefixtures("with_bookworm")
def test_its_section_stands_in_the_written_configuration_and_is_read_again() -> None:
    text = render(template(schema()))
    assert list(tomllib.loads(text))[:5] == ["engine", "kalshi", "balldontlie", "bookworm", "database"]
    assert "# pause between two polls [ms] (default: 20000)\npoll_ms = 20000\n" in text
    config = parse(text.replace("poll_ms = 20000", "poll_ms = 1000"), schema())
    assert config.section(BookwormSection).poll_ms == 1_000
    with pytest.raises(ConfigError, match=r"bookworm\.poll_ms: must be from 1000 to 600000, found 999"):
        parse("[bookworm]\npoll_ms = 999", schema())


@pytest.mark.usefixtures("with_bookworm")
def test_its_key_is_a_secret_like_ours() -> None:
    config = parse("[bookworm]\nkey_file = '/nowhere/bookworm.key'", schema())
    assert named_secrets(config) == {"bookworm.key_file": "/nowhere/bookworm.key"}
    assert config.without_keys().section(BookwormSection).key_file == ""


async def serve_odds(task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED) -> None:
    """The service that nobody runs, run."""
    body = b'[{"game": "bdl:1", "home": -150, "away": 130}]'
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()

    async def answer(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some(65_536)
            await stream.send_all(head + body)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, answer, 0)
        _, port = listeners[0].socket.getsockname()[:2]
        task_status.started(f"http://127.0.0.1:{port}")


async def test_its_polls_run_in_the_live_engine_and_its_lines_are_recorded_and_read(
    nursery: trio.Nursery, tmp_path: Path, with_bookworm: Sources
) -> None:
    simulator: Simulator = await nursery.start(serve, SERVED)
    url: str = await nursery.start(serve_odds)
    config = load(write_keys(simulator, tmp_path), schema())
    config = config.with_sources(attrs.evolve(config.section(BookwormSection), url=url))
    async with running(tmp_path, config, Credentials.named_in(config), simulator) as scene:
        await scene.until(lambda: scene.engine.ingress.status.by_source["bookworm"] > 1)
        polls = scene.sources.status()["polls"]
        assert isinstance(polls, dict)
        assert list(polls)[-1] == "bookworm_odds"
        assert not scene.sources.health_issues()
        run = scene.engine.plan.run
    recording = config.engine.state_directory / "recordings" / run
    lines = [line for line in read(recording) if line.source == "bookworm"]
    assert {line.what for line in lines} == {"/odds"}
    (seen,) = with_bookworm.translator().translate(lines[0])
    assert isinstance(seen, OddsSeen)
    assert (seen.vendor, seen.moneyline_home) == ("bookworm", -150)


def test_an_answer_that_was_refused_is_counted_like_ours(with_bookworm: Sources) -> None:
    (refused,) = with_bookworm.translator().translate(Line(Nanos(1), 1, "bookworm", 0, "500 /odds", "no"))
    assert (refused.source, refused.kind) == ("bookworm", "http_500")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name, record, reason",
    [
        ("missing", "MISSING", "it cannot be imported: AttributeError"),
        ("text", "NO_SOURCE", "it is no tipoff.sources.source.Source"),
        ("other", "BOOKWORM", "it calls itself 'bookworm', its entry point calls it 'other'"),
        ("borrowed", "BORROWED", "lines of balldontlie are read by another source"),
        ("metrics", "SHADOW", "there is a section [metrics] already"),
        ("crowded", "CROWDED", "there is an actor nba_poller already"),
    ],
)
def test_what_cannot_be_used_is_told_where_its_section_is_named(name: str, record: str, reason: str) -> None:
    sources = beside_ours(point(name, record))
    assert list(sources.by_name) == ["kalshi", "balldontlie"]
    assert reason in sources.broken[name]
    known = Schema(schema().risk, {}, sources.sections(), broken_sources=sources.broken)
    if name not in known.sections():
        with pytest.raises(ConfigError) as told:
            parse(f"[{name}]\nurl = 'x'", known)
        assert reason in str(told.value)
