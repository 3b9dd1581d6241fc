"""What a command says: one JSON document or a screen for people, and errors in the same two forms.

Every command returns an `Answer` or raises a `Failure`; the command line prints either. Progress goes to
standard error, so that standard output can be piped. The only module that writes to standard output.
"""

import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import attrs
from rich.console import Console, RenderableType
from rich.table import Table

from tipoff.exit_codes import Exit
from tipoff.json_types import Json


@attrs.frozen
class Answer:
    """What a command has found: `document` for programs and `screen` for people, saying the same."""

    document: Json
    screen: RenderableType
    exit: Exit = Exit.OK


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


class Screen(Console):
    """A console that lets a closed pipe be an exception instead of an exit code of its own."""

    def on_broken_pipe(self) -> None:
        """Let whoever prints decide."""
        raise BrokenPipeError


class Output:
    """Where a command's words go."""

    def __init__(self, *, as_json: bool) -> None:
        """`as_json` prints documents instead of screens."""
        self._as_json = as_json
        self._out = Screen(highlight=False, soft_wrap=not sys.stdout.isatty())
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)

    def answer(self, answer: Answer) -> Exit:
        """Print an answer and return its exit code, whoever has stopped reading."""
        try:
            if self._as_json:
                self._print_document(answer.document)
            else:
                self._out.print(answer.screen)
            sys.stdout.flush()
        except BrokenPipeError:
            silence()
        return answer.exit

    def failure(self, failure: Failure) -> Exit:
        """Print an error and return its exit code."""
        if self._as_json:
            error = {"code": failure.code, "message": str(failure), "details": failure.details}
            return self.answer(Answer({"error": error}, "", failure.exit))
        self._err.print(f"tipoff: {failure}", style="red", markup=False)
        for detail in failure.details:
            self._err.print(f"  {_line(detail)}", markup=False)
        return failure.exit

    def _print_document(self, document: Json) -> None:
        indent = 2 if sys.stdout.isatty() else None
        sys.stdout.write(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent) + "\n")


def progress(text: str) -> None:
    """Tell people how far a long command is, on standard error; perhaps nobody reads there any more."""
    with suppress(OSError):
        Screen(stderr=True, highlight=False).print(text, style="dim", markup=False)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A plain table for people; numbers are aligned to the right by their column's first cell."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column, heading in enumerate(headings):
        numeric = bool(rows) and _is_number(rows[0][column])
        grid.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*row)
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
