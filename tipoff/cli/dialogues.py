"""What a command says to the daemon: one question, and for some commands a dialogue around it.

Most commands ask their question and show the answer. A dialogue does more: `why` and some tables may be read
from a database instead, `drain` asks until nothing rests. What it can be told by name becomes options of its
command.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final, Self

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Group
from rich.text import Text

from tipoff.cli import screens
from tipoff.cli.arguments import key_and_value
from tipoff.cli.watching import fact_answer, facts_told, told
from tipoff.cli.where import Where
from tipoff.commands.switches import Flag
from tipoff.control.client import NotRunning
from tipoff.control.method import Method
from tipoff.control.parameters import Param
from tipoff.control.registry import METHODS
from tipoff.exit_codes import Exit
from tipoff.json_types import Json, utc_nanos
from tipoff.output import Answer, Failure, Stream, progress

AGAIN_SECONDS: Final = 0.5
"""Pause between two questions whether a drain is done."""


Db = Annotated[str | None, Parameter(help="Read this database instead of asking a daemon.")]
Run = Annotated[str | None, Parameter(help="With --db: which run; without it the latest.")]
Since = Annotated[
    str | None, Parameter(help="With --db: only from this moment on, such as 2026-01-14T20:00, UTC.")
]
Until = Annotated[str | None, Parameter(help="With --db: as it stood at this moment.")]
Follow = Annotated[Flag, Parameter(help="Go on: tell every further fact when it is committed.")]
Wait = Annotated[Flag, Parameter(help="Wait until no order rests; exit code 6 if one still does.")]
Within = Annotated[
    float, Parameter(help="With --wait: so many seconds at most.", validator=Number(gt=0, lte=86_400))
]


@attrs.frozen(kw_only=True)
class Question:
    """A method with the parameters that were typed, and whom to ask."""

    method: Method
    params: Mapping[str, Json]
    where: Where
    request_id: str | None = None

    @classmethod
    def of(cls, method: Method, typed: Mapping[str, Any]) -> Self:
        """From what stands on the command line. Raises Failure where that is not understood."""
        params = {param.name: _value(param, typed[param.name]) for param in method.params}
        said = {name: value for name, value in params.items() if value is not None}
        if not method.is_one_said(said):
            words = ", ".join(_typed(param) for param in method.params if param.name in method.one_of)
            message = f"`tipoff {' '.join(method.words)}` needs exactly one of {words}"
            raise Failure("usage", message, exit_code=Exit.USAGE)
        asked = METHODS[method.shows] if method.shows and not said else method
        return cls(method=asked, params=said, where=typed["where"], request_id=typed.get("request_id"))

    def ask(self) -> Any:  # noqa: ANN401 - the schema says what it is
        """Ask the daemon. Raises Failure."""
        method = self.method
        try:
            with self.where.connected() as client:
                if method.mutates:
                    return client.operate(method.name, self.request_id, **self.params)
                return client.query(method.name, **self.params)
        except NotRunning as failure:
            message, details = str(failure), failure.details
            raise Failure(failure.code, message, details=details, exit_code=method.not_running) from None


def _value(param: Param, typed: Any) -> Json:  # noqa: ANN401 - whatever the command line made of it
    """A parameter as the daemon takes it; None is not said."""
    if param.kind == "values":
        return dict(map(key_and_value, typed))
    if param.switch:
        return param.switch if typed else param.default
    if param.kind == "flag":
        return True if typed else None
    if param.kind == "names":
        return None if typed is None else [name.strip() for name in str(typed).split(",")]
    said: Json = typed
    return said.upper() if param.upper and isinstance(said, str) else said


def _typed(param: Param) -> str:
    return param.typed or (param.name.upper() if param.place else f"--{param.name.replace('_', '-')}")


def why(question: Question, *, db: Db = None, run: Run = None) -> Answer:
    """The chain of causes, from a daemon or from a database."""
    if db is None:
        return screens.why(question.ask())
    from tipoff.explain.from_database import why_in

    return screens.why(why_in(db, run, str(question.params["id"])))


def what_happened(
    question: Question, *, db: Db = None, run: Run = None, since: Since = None, until: Until = None
) -> Answer:
    """Orders, fills or signals, from a daemon or from a database."""
    return _table(question, {"--run": run, "--since": since, "--until": until}, db)


def what_stands(question: Question, *, db: Db = None, run: Run = None, until: Until = None) -> Answer:
    """Positions or markets, from a daemon or from a database."""
    return _table(question, {"--run": run, "--until": until}, db)


def _table(question: Question, told: Mapping[str, str | None], db: str | None) -> Answer:
    shown = screens.screen_of(question.method)
    if db is None:
        alone = [name for name, value in told.items() if value is not None]
        if alone:
            message = f"{', '.join(alone)} needs --db: a daemon answers of now, and of its own run"
            raise Failure("usage", message, exit_code=Exit.USAGE)
        return shown(question.ask())
    from tipoff.explain.stored_tables import Stored, lines_in, query_of

    since, until = (_moment(name, told.get(name)) for name in ("--since", "--until"))
    # What is shown ends in microseconds, so a moment that is copied from there means all of its microsecond.
    until = None if until is None else until + 999
    stored = Stored(url=db, run=told["--run"], since=since, until=until)
    return shown(lines_in(stored, query_of(question.method.name, question.params)))


def _moment(name: str, text: str | None) -> int | None:
    """A moment as it is typed, UTC unless it says otherwise, in nanoseconds since 1970. Raises Failure."""
    if text is None:
        return None
    try:
        return utc_nanos(text)
    except ValueError:
        message = f"{name} {text!r} is no moment: write it as 2026-01-14T20:00, in UTC"
        raise Failure("usage", message, exit_code=Exit.USAGE) from None


def drain(
    question: Question,
    *,
    wait: Wait = False,
    within: Within = 60.0,
) -> Answer:
    """What was done, and on request what is open when no order rests any more, or the time is up."""
    found = question.ask()
    done = screens.done(found)
    if not wait:
        return done
    seen = _drained(question.where, time.monotonic() + within)
    drained = seen["open_orders"] == 0
    words = "no order rests" if drained else f"{seen['open_orders']} orders still rest after {within:g} s"
    document = {
        **found,
        "drained": drained,
        "open_orders": seen["open_orders"],
        "positions": seen["positions"],
        "still_open": seen["still_open"],
        "resting": seen["resting"],
    }
    lines = [f"{words}; {seen['positions']} positions are open", *seen["still_open"]]
    return Answer(document, Group(done.screen, *map(Text, lines)), Exit.OK if drained else Exit.TIMEOUT)


def _drained(where: Where, until: float) -> Any:  # noqa: ANN401 - the schema says what it is
    """The status when no order rests any more, or when the time is up. Raises Failure if it is resumed."""
    reported: object = None
    while True:
        seen = Question(method=METHODS["status"], params={}, where=where).ask()
        if seen["state"] not in ("draining", "halted"):
            raise Failure("resumed", f"the daemon does not drain any more: it is {seen['state']}")
        if seen["open_orders"] == 0 or time.monotonic() >= until:
            return seen
        if seen["open_orders"] != reported:
            reported = seen["open_orders"]
            progress(f"{reported} orders still rest")
        time.sleep(AGAIN_SECONDS)


def watch(question: Question) -> Stream:
    """What changes, as it changes."""
    return Stream(told(question.where, question.params))


def journal(question: Question, *, follow: Follow = False) -> Answer | Stream:
    """The last facts, on request with those that follow."""
    if not follow:
        return screens.screen_of(question.method)(question.ask())
    if "strategy" in question.params:
        message = "--follow tells every fact: leave --strategy out, or --follow"
        raise Failure("usage", message, exit_code=Exit.USAGE)
    return Stream(_followed(question))


def _followed(question: Question) -> Iterator[Answer]:
    found = question.ask()
    yield from map(fact_answer, found)
    since = found[-1]["seq"] if found else 0
    yield from facts_told(question.where, since)


DIALOGUES: Mapping[str, Callable[..., Answer | Stream]] = {
    "why": why,
    "drain": drain,
    "watch": watch,
    "journal": journal,
    **dict.fromkeys(("orders", "fills", "signals"), what_happened),
    **dict.fromkeys(("positions", "markets"), what_stands),
}
"""The commands that do more than ask and show, by their method."""
