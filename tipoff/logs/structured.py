"""What the daemon writes about itself on standard error: short lines for a person, else a JSON line each.

Set up once by `run` with `begin`. A log call puts a line into a bounded queue, and a thread writes it. When
standard error blocks, lines are dropped and counted; a log call never waits. Secrets are covered in the
finished line, wherever in it they came from.
"""

import contextlib
import datetime as dt
import json
import logging
import os
import queue
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal

import attrs
import structlog
from rich.color import ColorSystem
from rich.style import Style
from structlog.typing import EventDict, Processor
from typing_extensions import override

from engine.calendar import eastern
from engine.units import Nanos
from tipoff.config.load import Config
from tipoff.config.secret_files import covered_values, named_secrets, secret_path
from tipoff.config.sections import LoggingSection
from tipoff.output import harmless, harmless_line, progress

Level = Literal["debug", "info", "warning", "error"]

LINES_MAX: Final = 10_000
"""Log lines that may wait to be written; more are dropped and counted."""

LINE_CHARS_MAX: Final = 32_768
"""A longer log line is cut."""

SECRET_CHARS_MIN: Final = 6
"""A shorter text is no secret: covering it would cover half of every line."""

CLOSE_S_MAX: Final = 2.0
COVERED: Final = "(covered)"
NUMBERS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
PRIORITIES: Final = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
"""What syslog calls the levels; the journal reads them in front of a line."""

STYLES: Final = {level: Style.parse("yellow" if level == "warning" else "bold red") for level in PRIORITIES}
"""How a person's line of a level looks; what is less important than a warning is plain."""

_SHAPES = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL),
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]{6,}"),
    re.compile(r"(?i)(?<=authorization[\"']: [\"'])[^\"']+"),
    re.compile(r"(?i)(?<=kalshi-access-signature[\"']: [\"'])[^\"']+"),
    re.compile(r"https://(?:hooks\.slack\.com|discord(?:app)?\.com/api/webhooks)/[^\s\"']+"),
)

EVENT_NAME: Final = re.compile(r"[a-z]+(_[a-z]+)*")
"""What programs look for; whoever reads it gets words."""

QUIET = ("httpx", "httpcore", "trio-websocket")
"""Libraries that log every request; only their warnings are of interest."""


class Scrubber:
    """Covers secrets in finished text: those that are known, and what looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets` are the contents of files; every long line of one is a secret too."""
        parts = {part.strip() for secret in secrets for part in (secret, *secret.splitlines())}
        # In a JSON line a secret stands escaped (the line breaks of a key), so that form is covered too.
        parts |= {json.dumps(part)[1:-1] for part in parts}
        # The longest first, so that no part of a whole secret is left over.
        known = [part for part in parts if len(part) >= SECRET_CHARS_MIN and not part.startswith("-----")]
        self._known = sorted(known, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, COVERED)
        for shape in _SHAPES:
            text = shape.sub(COVERED, text)
        return text


class Sink:
    """Lines on their way out: a bounded queue, and a thread that writes what is in it."""

    def __init__(self, write: Callable[[bytes], object], lines_max: int = LINES_MAX) -> None:
        """`write` may block and may fail; it is called in the thread only."""
        self.dropped = 0
        self.failed = 0
        self._write = write
        self._lines: queue.Queue[bytes | None] = queue.Queue(lines_max)
        # A daemon thread: a write into a pipe that nobody empties blocks for ever and must not keep the
        # process.
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def put(self, line: bytes) -> None:
        """Hand a line over, or drop it when too many wait. Never blocks."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    def close(self, seconds: float = CLOSE_S_MAX) -> None:
        """Let what waits be written, but not for longer than `seconds`."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=seconds)
        self._thread.join(seconds)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._write(line)
            except (OSError, ValueError):
                # A closed or broken standard error: there is nowhere to say it.
                self.failed += 1


@attrs.define
class Logs:
    """The log of the process: its level can be changed while it runs."""

    sink: Sink
    level: Level
    scrub: Scrubber = attrs.field(factory=Scrubber)
    coloured: bool = False
    lines: Counter[str] = attrs.field(factory=Counter)
    """Lines by level, those that were left out by the level not counted."""
    on_warning: Callable[[str, str, str], None] | None = None
    """Called with level, event and line of warnings and errors, to store them. Must not log."""

    @property
    def dropped(self) -> int:
        """Lines that found the queue full, or could not be written."""
        return self.sink.dropped + self.sink.failed

    def set_level(self, level: str | None) -> str:
        """Leave out what is less important from now on; None only asks. Raises ValueError."""
        if level is not None:
            if level not in ("debug", "info", "warning", "error"):
                raise ValueError(f"there is no level {level!r}; there are debug, info, warning and error")
            self.level = level  # type: ignore[assignment]
        return self.level

    def admit(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        """Drop what is less important than the level, count the rest."""
        level = str(event.get("level", "info"))
        if NUMBERS.get(level, 20) < NUMBERS[self.level]:
            raise structlog.DropEvent
        self.lines[level] += 1
        return event

    def write(self, level: str, event: str, text: str, *, prefixed: bool) -> None:
        """Send a finished line on its way."""
        # Covered before it is cut: half of a secret would not be recognised any more.
        line = self.scrub(text)[:LINE_CHARS_MAX]
        if self.on_warning is not None and NUMBERS.get(level, 20) >= NUMBERS["warning"]:
            self.on_warning(level, self.scrub(event), line)
        # journald takes "<N>" in front of a line as its priority (SyslogLevelPrefix=, on by default).
        prefix = f"<{PRIORITIES.get(level, 6)}>" if prefixed else ""
        self.sink.put(f"{prefix}{line}\n".encode("utf-8", "backslashreplace"))

    def tell(self, at: int, words: str, level: str = "info") -> None:
        """Send a person's line on its way that is no line of the log: it is not counted and not stored."""
        line = person_line(at, self.scrub(words), level, coloured=self.coloured)
        self.sink.put(f"{line}\n".encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        """Write what waits, and leave structlog as it was."""
        structlog.reset_defaults()
        logging.getLogger().handlers = [
            handler for handler in logging.getLogger().handlers if not isinstance(handler, _Forward)
        ]
        self.sink.close()


def begin(
    section: LoggingSection,
    secrets: Iterable[str] = (),
    *,
    environ: Mapping[str, str] = os.environ,
    sink: Sink | None = None,
    clock: Callable[[], int] = time.time_ns,
) -> Logs:
    """Set up the process's log on standard error, or on `sink`; other libraries' lines come along.

    `clock` (UTC nanoseconds) is what a person's lines bear, which may be an evening's own time.
    """
    logs = Logs(sink or Sink(_to_stderr), section.level, Scrubber(secrets))
    as_json = not for_people(section, environ)
    logs.coloured = not as_json and sink is None and sys.stderr.isatty() and "NO_COLOR" not in environ
    prefixed = as_json and "JOURNAL_STREAM" in environ
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        logs.admit,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]

    def finish(_logger: object, _method: str, event: EventDict) -> str:
        level, name = str(event.get("level", "info")), str(event.get("event", ""))
        text = _as_json(event) if as_json else _for_a_person(clock(), event, coloured=logs.coloured)
        logs.write(level, name, text, prefixed=prefixed)
        raise structlog.DropEvent

    structlog.configure(processors=[*processors, finish], cache_logger_on_first_use=False)
    root = logging.getLogger()
    root.addHandler(_Forward())
    root.setLevel(logging.INFO)
    for talker in QUIET:
        logging.getLogger(talker).setLevel(logging.WARNING)
    return logs


def for_people(section: LoggingSection, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a person reads the log, and not a program."""
    return section.style == "console" or (section.style == "auto" and _is_terminal(environ))


def phase_teller(section: LoggingSection, environ: Mapping[str, str] = os.environ) -> Callable[[str], None]:
    """Who says how a run begins and ends, while there is no log yet or any more: in the log's own form."""
    if for_people(section, environ):
        return progress

    def tell(words: str) -> None:
        stamp = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
        prefix = f"<{PRIORITIES['info']}>" if "JOURNAL_STREAM" in environ else ""
        line = json.dumps({"event": words, "level": "info", "at": stamp}, ensure_ascii=False)
        with contextlib.suppress(OSError):
            _to_stderr(f"{prefix}{line}\n".encode("utf-8", "backslashreplace"))

    return tell


def person_line(at: int, words: str, level: str = "info", *, coloured: bool = False) -> str:
    """One line for a person: the time in New York, then the words, which command no terminal."""
    text = harmless_line(words)
    if coloured and NUMBERS.get(level, 20) >= NUMBERS["warning"]:
        text = STYLES[level].render(text, color_system=ColorSystem.STANDARD)
    return f"{eastern(Nanos(at)):%H:%M:%S}  {text}"


def secrets_of(config: Config) -> list[str]:
    """What the configuration's files hold and must never be shown; files that cannot be read hold nothing."""
    found = covered_values(config)
    for name in named_secrets(config).values():
        with contextlib.suppress(OSError):
            found.append(secret_path(name).read_text("utf-8", "replace"))
    return found


class _Forward(logging.Handler):
    """Passes the lines of libraries on to the one log."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname.lower()
        log = structlog.get_logger()
        say = getattr(log, level if level in NUMBERS else "info")
        say(record.getMessage(), source=record.name, exc_info=record.exc_info)


def _as_json(event: EventDict) -> str:
    return json.dumps(event, ensure_ascii=False, default=repr)


def _for_a_person(at: int, event: EventDict, *, coloured: bool) -> str:
    """A line of the log in a person's form, what happened in words and why; a traceback stands below it."""
    more = {name: value for name, value in event.items() if name not in ("level", "event", "at")}
    below = [str(more.pop(name)) for name in ("stack", "exception") if name in more]
    words = str(event.get("event", ""))
    if EVENT_NAME.fullmatch(words):
        words = words.replace("_", " ")
    why = [str(more.pop(name)) for name in ("why", "error", "line") if name in more]
    rest = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in more.items())
    words = ": ".join([words, *why]) + (f" ({rest})" if rest else "")
    line = person_line(at, words, str(event.get("level", "info")), coloured=coloured)
    return "\n".join([line, *map(harmless, below)])


def _is_terminal(environ: Mapping[str, str]) -> bool:
    return "JOURNAL_STREAM" not in environ and sys.stderr is not None and sys.stderr.isatty()


def _to_stderr(line: bytes) -> None:
    while line:
        # A pipe may take less than the whole line.
        line = line[os.write(2, line) :]
