"""The command `tipoff`: which commands there are, and how every one of them ends.

Called by people and scripts. A command is a thin function beside this module that parses and presents; what
it does is imported when it is called, so that `tipoff` answers at once. Must not hold what a command does.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Annotated

from cyclopts import App, CycloptsError, Group, MissingArgumentError, Parameter, UnusedCliTokensError

from engine.invariant import InvariantBroken
from tipoff import __version__
from tipoff.config.problems import ConfigError
from tipoff.control.registry import METHODS
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, Output, Screen, Stream, long_work, silence

LOOK = Group("Look things up", sort_key=1)
EVENINGS = Group("Evenings", sort_key=2)
LIVE = Group("A running daemon", sort_key=3)
SETUP = Group("Set-up", sort_key=4)
OURSELVES = Group("About", sort_key=5)
EVERYWHERE = Group("Everywhere", sort_key=9)

app = App(
    name="tipoff",
    help="Paper-trade NBA prediction markets, believably, unkillably and repeatably.",
    version=__version__,
    help_format="markdown",
    console=Screen(),
)
HELP_FLAGS = ("--help", "-h")
app["--help"].group = OURSELVES
app["--version"].group = OURSELVES

# Errors that already are sentences for people, by the module that defines them.
ROOMS = {"persistence.errors": "storage", "venues.errors": "venue"}

# Where each command is, its group, and its line in the list; what it says at length is its docstring.
# Those that ask a running daemon are made from the registry of its methods.
COMMANDS = (
    ("demo", "offline:demo", EVENINGS, "A whole simulated evening: trades, then prints its report."),
    ("run", "run:run", LIVE, "The daemon: follow the evening and trade it on paper."),
    ("simulate", "run:simulate", EVENINGS, "Only the simulated venues, with fault switches."),
    ("replay", "offline:replay", EVENINGS, "Recorded evenings through the same actors."),
    ("import", "offline:import_recording", EVENINGS, "Other people's recordings into ours."),
    ("download", "offline:download", EVENINGS, "The venue's public history into recordings."),
    ("calibrate", "offline:calibrate", EVENINGS, "What each source of opinion is worth, by recordings."),
    ("sweep", "sweep:app", EVENINGS, "Search a strategy's parameters over recorded evenings."),
    ("report", "offline:report", EVENINGS, "What happened in a run and whether it means anything."),
    ("runs", "stored:runs", EVENINGS, "What a database holds: its runs, with their sums."),
    ("compare", "stored:compare", EVENINGS, "Two runs or sets of runs, side by side."),
    ("export", "stored:export", EVENINGS, "Tables and recordings as Parquet, CSV or JSON lines."),
    ("ticker", "market:ticker", LOOK, "What a ticker means."),
    ("fees", "market:fees", LOOK, "What the venue charges, with the arithmetic."),
    ("top", "top:top", LIVE, "Watch it in the terminal: games, books, strategies, actors, journal."),
    ("dashboard", "run:dashboard", LIVE, "Watch it in a browser, or look back at a run that is stored."),
    ("init", "config:init", SETUP, "Write a commented configuration."),
    ("new-strategy", "config:new_strategy", SETUP, "Write a template of a strategy of your own."),
    ("config", "config:app", SETUP, "Show and check the configuration."),
    ("db", "database:app", SETUP, "Look after the database."),
    ("notify", "notify:app", SETUP, "Try where notices go."),
    ("doctor", "doctor:doctor", SETUP, "Find what is wrong around the daemon, and what to do."),
    ("completion", "about:completion", SETUP, "Print a completion script for the shell."),
    ("version", "about:version", OURSELVES, "What is installed here."),
    *(
        (method.words[0], f"generated:{method.name}", LIVE, method.line)
        for method in METHODS.values()
        if method.command and len(method.words) == 1
    ),
)
for name, place, group, line in COMMANDS:
    app.command(f"tipoff.cli.{place}", name=name, group=group, help=line)

NAMES = frozenset(name for name, *_ in COMMANDS)
SHOW_THEMSELVES = frozenset({"run", "simulate", "top", "dashboard"})
"""Commands that run until they are ended, and say themselves what happens."""


def explain(tokens: Sequence[str]) -> None:
    """Let the help of the command that these words call be its whole docstring instead of its line."""
    called = next((token for token in tokens if not token.startswith("-")), None)
    if called not in NAMES:
        return
    command = app[called]
    if command.default_command is not None and all(child.startswith("-") for child in command):
        command.help = None


@app.meta.default
def launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    json: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            group=EVERYWHERE,
            help="Print one JSON document on standard output, errors too.",
        ),
    ] = False,
) -> Answer | Stream | None:
    """Run one command; `json` is read by `main`, before anything can fail."""
    del json
    answer: Answer | Stream | None = app(
        tokens, exit_on_error=False, print_error=False, result_action="return_value"
    )
    return answer


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; no exception leaves as a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    output = Output(as_json="--json" in given)
    try:
        if not set(given).isdisjoint(HELP_FLAGS):
            explain(given)
        with _sign_of_life(given):
            answer = app.meta(given, exit_on_error=False, print_error=False, result_action="return_value")
        if isinstance(answer, Stream):
            return output.stream(answer)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        silence()
        return Exit.OK
    except BaseException as error:
        # What is served runs in a nursery, and Ctrl-C comes out of it in a group.
        if isinstance(error, BaseExceptionGroup) and error.subgroup(KeyboardInterrupt) is not None:
            return Exit.INTERRUPTED
        if not isinstance(error, Exception):
            raise
        if os.environ.get("TIPOFF_TRACEBACK"):
            raise
        return output.failure(in_words(error))
    return output.answer(answer) if isinstance(answer, Answer) else Exit.OK


@contextmanager
def _sign_of_life(given: Sequence[str]) -> Iterator[None]:
    """Whatever takes longer shows that it is alive, except what shows itself for as long as it runs."""
    called = next((token for token in given if token in NAMES), None)
    if called is None or called in SHOW_THEMSELVES:
        yield
        return
    with long_work(f"tipoff {called}"):
        yield


def in_words(error: Exception) -> Failure:
    """Any exception as one sentence and an exit code."""
    match error:
        case Failure():
            return error
        case ExceptionGroup(exceptions=(only,)):
            # Whatever is served runs in a nursery, which puts even a single error into a group.
            return in_words(only)
        case CycloptsError():
            return Failure("usage", _usage(error), details=[_hint(error)], exit_code=Exit.USAGE)
        case ConfigError():
            count = "one problem" if len(error.problems) == 1 else f"{len(error.problems)} problems"
            message = f"{count} in {error.source}"
            return Failure("config", message, details=_details(error), exit_code=Exit.CONFIG)
        case InvariantBroken():
            return Failure("invariant_broken", str(error), exit_code=Exit.INVARIANT_BROKEN)
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            return Failure("system", f"{place}{error.strerror or error}")
        case _ if type(error).__module__ in ROOMS:
            # Not imported for this: storage and venues are heavy, and most commands need neither.
            unusable = type(error).__name__ == "KeyUnusable"
            exit_code = Exit.CONFIG if unusable else Exit.FAILED
            return Failure(ROOMS[type(error).__module__], str(error), exit_code=exit_code)
        case _:
            hint = "set TIPOFF_TRACEBACK=1 and run it again to see where; please report it"
            message = f"this is a fault of tipoff: {type(error).__name__}: {error}"
            return Failure("internal", message, details=[hint])


def _usage(error: CycloptsError) -> str:
    """What was not understood, in words that need no knowledge of programs."""
    text = (
        str(error)
        .strip()
        .replace(" into float.", " into a number.")
        .replace(" into int.", " into a whole number.")
    )
    if isinstance(error, MissingArgumentError) and error.argument is not None and error.command_chain:
        return f"`tipoff {' '.join(error.command_chain)}` needs {error.argument.name}"
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        return _not_understood(error.unused_tokens[0], error.command_chain or ())
    # What is near is named already; a list that is cut off helps nobody.
    return text.partition(" Available commands:")[0]


def _not_understood(word: str, chain: Sequence[str]) -> str:
    """A word too many, and which it was perhaps meant to be."""
    command = app
    for name in chain:
        command = command[name]
    near = get_close_matches(word, [name for name in command if not name.startswith("-")], n=1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    return f"{word!r} is not understood after `{' '.join(('tipoff', *chain))}`{meant}"


def _hint(error: CycloptsError) -> str:
    """Where the answer stands."""
    if error.command_chain:
        return f"`tipoff {' '.join(error.command_chain)} --help` says what it takes"
    return "`tipoff --help` lists the commands, `tipoff COMMAND --help` its arguments"


def _details(error: ConfigError) -> list[Json]:
    return [
        {
            "path": problem.path,
            "line": problem.line,
            "message": problem.message,
            "text": problem.text(error.source),
        }
        for problem in error.problems
    ]
