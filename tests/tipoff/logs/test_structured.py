"""The log: its two forms, its level, what it never shows, and a reader that has stopped reading."""

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import structlog

from tipoff.config.load import Config, Schema, defaults
from tipoff.config.sections import LoggingSection
from tipoff.logs.structured import LINE_CHARS_MAX, LINES_MAX, Logs, Scrubber, Sink, begin, secrets_of
from tipoff.sources.bundled.kalshi.section import KalshiSection

PEM = """-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQ
EFAASCBKcwggSjAgEAAoIBAQ
-----END PRIVATE KEY-----
"""


@attrs.define
class Reader:
    """Whoever reads standard error."""

    lines: list[str] = attrs.field(factory=list)

    def take(self, line: bytes) -> None:
        self.lines.append(line.decode())


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def logs(reader: Reader) -> Iterator[Logs]:
    """JSON at level info, under a service manager."""
    made = begin(
        LoggingSection(style="json"),
        [PEM, "webhook-4711"],
        environ={"JOURNAL_STREAM": "8:1"},
        sink=Sink(reader.take),
    )
    yield made
    made.close()


def test_a_line_is_json_with_its_priority_for_the_journal(logs: Logs, reader: Reader) -> None:
    with structlog.contextvars.bound_contextvars(actor="games/x", cause=7):
        structlog.get_logger().warning("feed_lost", conn=3)
    logs.close()
    assert reader.lines[0].startswith("<4>{")
    line = json.loads(reader.lines[0][3:])
    assert (line["event"], line["level"], line["conn"]) == ("feed_lost", "warning", 3)
    assert (line["actor"], line["cause"]) == ("games/x", 7)
    assert line["at"].endswith("Z")


def test_a_terminal_gets_words(reader: Reader) -> None:
    made = begin(LoggingSection(style="console"), sink=Sink(reader.take), clock=lambda: 0)
    structlog.get_logger().info("started", run="demo")
    structlog.get_logger().warning("dashboard_not_served", why="port 8464 is taken", again_s=0.5)
    structlog.get_logger().warning("a_path of/some_file stays")
    made.close()
    assert [line.partition("  ")[2] for line in "".join(reader.lines).splitlines()] == [
        "started (run demo)",
        "dashboard not served: port 8464 is taken (again s 0.5)",
        "a_path of/some_file stays",
    ]


def test_what_is_less_important_is_left_out_and_the_level_can_be_changed(logs: Logs, reader: Reader) -> None:
    log = structlog.get_logger()
    log.debug("one")
    assert logs.set_level("debug") == "debug"
    log.debug("two")
    assert logs.set_level(None) == "debug"
    with pytest.raises(ValueError, match="there is no level 'loud'"):
        logs.set_level("loud")
    logs.close()
    assert [json.loads(line[3:])["event"] for line in reader.lines] == ["two"]
    assert logs.lines == {"debug": 1}


def test_lines_of_libraries_come_along(logs: Logs, reader: Reader) -> None:
    logging.getLogger("alembic").error("no %s", "revision")
    logs.close()
    line = json.loads(reader.lines[0][3:])
    assert (line["event"], line["source"], line["level"]) == ("no revision", "alembic", "error")


@pytest.mark.promise("secret-ever-written-log")
@pytest.mark.fault("F4")
def test_no_secret_is_ever_written_whatever_it_comes_in(logs: Logs, reader: Reader) -> None:
    log = structlog.get_logger()
    log.info("key", pem=PEM, nested={"deep": [PEM.splitlines()[1]]})
    log.info("address webhook-4711 called")
    log.info("headers", headers={"Authorization": "abcdef-123456"}, token="Bearer bcdefa123456")
    log.info("signed", headers={"KALSHI-ACCESS-SIGNATURE": "cdefab+/123456=="})
    log.info("signed", words=str({"kalshi-access-signature": "defabc+/123456=="}))
    log.info("slack", url="https://hooks.slack.com/services/T0/B0/xyz")
    try:
        int(f"bad key {PEM}")
    except ValueError:
        log.exception("failed")
    logs.close()
    text = "".join(reader.lines)
    known = (*PEM.splitlines()[1:3], "webhook-4711")
    for secret in (*known, "abcdef", "bcdefa", "cdefab", "defabc", "services/T0"):
        assert secret not in text
    assert "Traceback" in text
    assert len(reader.lines) == 7


def test_short_texts_are_no_secrets() -> None:
    assert Scrubber(["a", "", "\n"])("a cat") == "a cat"


def test_the_secrets_of_a_configuration_are_the_contents_of_its_files(tmp_path: Path, schema: Schema) -> None:
    key = tmp_path / "key.pem"
    key.write_text(PEM, "utf-8")
    config: Config = defaults(schema)
    kalshi = attrs.evolve(config.section(KalshiSection), key_id="my-key-id", private_key_file=str(key))
    notify = attrs.evolve(config.notify, webhook_file=str(tmp_path / "missing"))
    assert secrets_of(attrs.evolve(config, notify=notify).with_sources(kalshi)) == ["my-key-id", PEM]


@pytest.mark.limit("tipoff.logs.structured:LINES_MAX")
def test_a_reader_that_has_stopped_holds_nobody_up_and_drops_are_counted() -> None:
    go_on = threading.Event()
    sink = Sink(lambda _line: go_on.wait())
    made = begin(LoggingSection(style="json"), sink=sink)
    log = structlog.get_logger()
    slowest = 0.0
    for number in range(LINES_MAX + 500):
        began = time.perf_counter()
        log.info("tick", number=number)
        slowest = max(slowest, time.perf_counter() - began)
    assert 498 <= made.dropped <= 500
    assert slowest < 0.5
    go_on.set()
    made.close()


@pytest.mark.promise("log-nobody-reads-holds")
@pytest.mark.fault("I7")
def test_a_full_pipe_holds_nobody_up() -> None:
    read_end, write_end = os.pipe()
    sink = Sink(lambda line: os.write(write_end, line), lines_max=10)
    made = begin(LoggingSection(style="json"), sink=sink)
    for _ in range(100):
        structlog.get_logger().info("x" * 8_000)
    assert made.dropped > 0
    os.close(read_end)
    made.close()
    os.close(write_end)


@pytest.mark.fault("I7")
def test_a_closed_standard_error_is_no_crash() -> None:
    def closed(_line: bytes) -> None:
        raise BrokenPipeError

    made = begin(LoggingSection(style="json"), sink=Sink(closed))
    structlog.get_logger().error("nobody reads this")
    made.close()
    assert made.dropped == 1


@pytest.mark.limit("tipoff.logs.structured:LINE_CHARS_MAX")
def test_long_lines_and_odd_characters_are_bounded(logs: Logs, reader: Reader) -> None:
    structlog.get_logger().info("x\udc80" * LINE_CHARS_MAX)
    logs.close()
    assert len(reader.lines[0]) < 8 * LINE_CHARS_MAX
    assert reader.lines[0].endswith("\n")


def test_warnings_are_offered_to_the_database(logs: Logs) -> None:
    kept: list[tuple[str, str]] = []
    logs.on_warning = lambda level, event, _line: kept.append((level, event))
    structlog.get_logger().info("quiet")
    structlog.get_logger().error("disk_full")
    assert kept == [("error", "disk_full")]
