"""What a command says: one JSON document or a screen for people, and errors in the same two forms.

Every command returns an `Answer` or raises a `Failure`; the command line prints either. Progress goes to
standard error, so that standard output can be piped: `progress` says a sentence that stays, `long_work` shows
on a terminal how far something is. The only module that writes to standard output.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Final

import attrs
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from tipoff.exit_codes import Exit
from tipoff.json_types import Json


@attrs.frozen
class Answer:
    """What a command has found: `document` for programs and `screen` for people, saying the same."""

    document: Json
    screen: RenderableType
    exit: Exit = Exit.OK


@attrs.frozen
class Stream:
    """A command that goes on and on: what it finds, as it finds it, a line of JSON each for programs."""

    answers: Iterator[Answer]


NO_FIELDS: Final[Mapping[str, Json]] = {}


class Failure(Exception):
    """A command that could not be done: a word for programs, a sentence for people, and the exit code.

    The sentence says what is wrong, where, and what to do; `details` are lines below it; `fields` say to
    programs what stands in the words.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        details: Sequence[Json] = (),
        exit_code: Exit = Exit.FAILED,
        fields: Mapping[str, Json] = NO_FIELDS,
    ) -> None:
        self.code = code
        self.details = tuple(details)
        self.exit = exit_code
        self.fields = fields
        super().__init__(message)

    @property
    def document(self) -> dict[str, Json]:
        """The error as programs read it."""
        said: dict[str, Json] = {"code": self.code, "message": str(self), "details": list(self.details)}
        return {"error": said | dict(self.fields)}


CONTROLS: Final = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
    **dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD),
    **dict.fromkeys((0x2028, 0x2029), 0x2424),
}
"""Characters that command a terminal or turn its writing round, and the pictures that are shown for them."""

LINE_BREAKS: Final[dict[int, int | str]] = {ord("\n"): 0x2424, ord("\t"): " "}


def harmless(text: str) -> str:
    """Text of others as it may be shown: nothing in it commands a terminal; lines stay lines."""
    return text.translate(CONTROLS)


def harmless_line(text: str) -> str:
    """The same on one line, for a cell or a sentence."""
    return harmless(text).translate(LINE_BREAKS)


FIRST_SIGN_S: Final = 0.12
"""What takes longer gives a sign of life, on a terminal."""

NEXT_SIGN_S: Final = 0.15
TURNS: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
ERASE: Final = "\r\x1b[2K"


class Screen(Console):
    """The one way to a screen or page. What it is given is text, never markup, and commands no terminal.

    Styles are said by `Text`. A closed pipe is an exception instead of an exit code of its own.
    """

    def __init__(
        self,
        *,
        record: bool = False,
        width: int | None = None,
        file: IO[str] | None = None,
        stderr: bool = False,
        soft_wrap: bool = False,
    ) -> None:
        """As rich's, without markup, emoji names and guessed colours."""
        super().__init__(
            record=record,
            width=width,
            file=file,
            stderr=stderr,
            soft_wrap=soft_wrap,
            highlight=False,
            markup=False,
            emoji=False,
        )

    @override
    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Every piece of text on its way out, whoever has put it together."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.translate(CONTROLS) == segment.text:
                yield segment
            else:
                yield Segment(harmless(segment.text), segment.style)

    @override
    def on_broken_pipe(self) -> None:
        """Let whoever prints decide."""
        raise BrokenPipeError


class Output:
    """Where a command's words go."""

    def __init__(self, *, as_json: bool) -> None:
        """`as_json` prints documents instead of screens."""
        self._as_json = as_json
        self._out = Screen(soft_wrap=not sys.stdout.isatty())
        self._err = Screen(stderr=True, soft_wrap=True)

    def answer(self, answer: Answer) -> Exit:
        """Print an answer and return its exit code, whoever has stopped reading."""
        try:
            if self._as_json:
                self._print_document(answer.document, indent=2 if sys.stdout.isatty() else None)
            else:
                self._out.print(answer.screen)
            sys.stdout.flush()
        except BrokenPipeError:
            silence()
        return answer.exit

    def stream(self, stream: Stream) -> Exit:
        """Print answers as they come, until they end or nobody reads; with the last one's exit code."""
        code = Exit.OK
        try:
            for answer in stream.answers:
                code = answer.exit
                if self._as_json:
                    self._print_document(answer.document, indent=None)
                elif answer.screen:
                    self._out.print(answer.screen)
                sys.stdout.flush()
        except BrokenPipeError:
            silence()
        return code

    def failure(self, failure: Failure) -> Exit:
        """Print an error and return its exit code."""
        if self._as_json:
            return self.answer(Answer(failure.document, "", failure.exit))
        self._err.print(f"tipoff: {failure}", style="red")
        for detail in failure.details:
            self._err.print(f"  {_line(detail)}")
        return failure.exit

    def _print_document(self, document: Json, *, indent: int | None) -> None:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent) + "\n")


def progress(text: str) -> None:
    """Tell people what a long command meets, on standard error; perhaps nobody reads there any more."""
    with suppress(OSError), STATUS_LINE.erased():
        # Not folded: a folder or an address in it may be meant to be copied.
        Screen(stderr=True, soft_wrap=True).print(text, style="dim")


class Work:
    """Something that takes long, as people watch it; whoever does it says how far it is."""

    def __init__(self, what: str, unit: str = "", *, clock: Callable[[], float] = time.monotonic) -> None:
        """`what` is being done, in `unit` (a plural), if it can be counted; `clock` gives seconds."""
        self.what = what
        self.unit = unit
        self.done = 0
        self.total: int | None = None
        self._clock = clock
        self._began = clock()
        self._first = 0

    def reached(self, done: int, total: int | None = None) -> None:
        """So much is done, of so much as far as is known; a total may be an estimate that changes."""
        self.done = done
        self.total = total or None

    def told(self, what: str, done: int, total: int | None = None) -> None:
        """As `reached`, of a part that has a name of its own; with each part the rate begins anew."""
        if what != self.what:
            self.what = what
            self.resumed(0)
        self.reached(done, total)

    def resumed(self, done: int) -> None:
        """So much was done by somebody before: the rate counts from here."""
        self.done = self._first = done
        self._began = self._clock()

    def words(self) -> str:
        """How far it is, how fast it goes, and how long it will take or has taken."""
        seconds = self._clock() - self._began
        if not (self.unit and self.done):
            return f"{self.what}: {duration(seconds)}"
        said = f"{self.what}: {self.done:,} {self.unit}"
        if self.total is not None:
            share = min(self.done / self.total, 1.0)
            said = f"{self.what}: {self.done:,} of {self.total:,} {self.unit} ({share:.0%})"
        rate = (self.done - self._first) / seconds if seconds > 0 else 0.0
        if not rate:
            return f"{said}, {duration(seconds)}"
        said += f", {_pace(rate)}"
        if self.total is None:
            return f"{said}, {duration(seconds)}"
        return f"{said}, {duration(max(self.total - self.done, 0) / rate)} left"


def duration(seconds: float) -> str:
    """How long something takes, as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _pace(rate: float) -> str:
    """So many a second as people say it."""
    if rate < 0.1:
        return f"{rate * 60:.1f} a minute"
    return f"{rate:,.0f} a second" if rate >= 10 else f"{rate:.2f} a second"


class StatusLine:
    """The last line of a terminal on standard error, on which works are told while they last.

    A thread writes it, so that it lives while the work says nothing; the cursor stays visible and nothing is
    left behind, whatever ends the process. Where standard error is no terminal it is never written.
    """

    def __init__(self) -> None:
        """With no work."""
        self._works: list[Work] = []
        self._lock = threading.RLock()
        self._shown = False
        self._turn = 0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def telling(self, work: Work) -> Iterator[None]:
        """Tell of this work until it ends."""
        self._works.append(work)
        if self._thread is None and _watched():
            self._ended = threading.Event()
            self._thread = threading.Thread(target=self._tell, args=(self._ended,), daemon=True)
            self._thread.start()
        try:
            yield
        finally:
            self._works.remove(work)
            if not self._works:
                self._end()

    @contextmanager
    def erased(self) -> Iterator[None]:
        """Something else is written meanwhile."""
        with self._lock:
            self._erase()
            yield

    def words(self) -> str:
        """What is being done, the larger first; the outermost is the command, which its caller knows."""
        return " · ".join(work.words() for work in self._works[1:] or self._works)

    def _end(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._lock, suppress(OSError):
            self._erase()

    def _tell(self, ended: threading.Event) -> None:
        # What is done at once needs no word.
        wait_s = FIRST_SIGN_S
        while not ended.wait(wait_s):
            wait_s = NEXT_SIGN_S
            with self._lock, suppress(OSError):
                self._write(self.words())

    def _write(self, words: str) -> None:
        screen = Screen(stderr=True)
        if screen.is_dumb_terminal:
            return
        self._turn += 1
        text = Text(f"{TURNS[self._turn % len(TURNS)]} {harmless_line(words)}", "dim")
        # One column stays free: a full line would wrap, and could not be erased.
        text.truncate(screen.width - 1, overflow="ellipsis")
        self._erase()
        screen.print(text, end="")
        self._shown = True

    def _erase(self) -> None:
        if self._shown:
            self._shown = False
            sys.stderr.write(ERASE)
            sys.stderr.flush()


STATUS_LINE: Final = StatusLine()
"""A process has one terminal, so it has one such line."""


def _watched() -> bool:
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except ValueError:
        return False


@contextmanager
def long_work(what: str, unit: str = "") -> Iterator[Work]:
    """Something that may take longer than people wait without a sign: `reached` tells how far it is."""
    work = Work(what, unit)
    with STATUS_LINE.telling(work):
        yield work


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A plain table for people; numbers are aligned to the right by their column's first cell."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column, heading in enumerate(headings):
        numeric = bool(rows) and _is_number(rows[0][column])
        grid.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*map(harmless_line, row))
    return grid


def _is_number(text: str) -> bool:
    return bool(text) and text.lstrip("-").replace(".", "", 1).isdigit()


def _line(detail: Json) -> str:
    match detail:
        case str():
            return detail
        case {"text": str(text)}:
            return text
        case _:
            return json.dumps(detail, ensure_ascii=False)


def silence() -> None:
    """Nobody reads any more: let the interpreter flush into nothing instead of complaining at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
