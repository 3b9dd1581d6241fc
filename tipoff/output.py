"""What a command says: one JSON document or a screen for people, and errors in the same two forms.

Every command returns an `Answer` or raises a `Failure`; the command line prints either. Progress goes to
standard error, so that standard output can be piped. The only module that writes to standard output.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import IO, Final

import attrs
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
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


class Failure(Exception):
    """A command that could not be done: a word for programs, a sentence for people, and the exit code.

    The sentence says what is wrong, where, and what to do; `details` are lines below it.
    """

    def __init__(
        self, code: str, message: str, *, details: Sequence[Json] = (), exit_code: Exit = Exit.FAILED
    ) -> None:
        self.code = code
        self.details = tuple(details)
        self.exit = exit_code
        super().__init__(message)


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
            error = {"code": failure.code, "message": str(failure), "details": failure.details}
            return self.answer(Answer({"error": error}, "", failure.exit))
        self._err.print(f"tipoff: {failure}", style="red")
        for detail in failure.details:
            self._err.print(f"  {_line(detail)}")
        return failure.exit

    def _print_document(self, document: Json, *, indent: int | None) -> None:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent) + "\n")


def progress(text: str) -> None:
    """Tell people how far a long command is, on standard error; perhaps nobody reads there any more."""
    with suppress(OSError):
        # Not folded: a folder or an address in it may be meant to be copied.
        Screen(stderr=True, soft_wrap=True).print(text, style="dim")


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
