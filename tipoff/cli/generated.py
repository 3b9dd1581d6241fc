"""The commands that talk to a running daemon, made from the registry of its methods.

A method's parameters become arguments and options, its help the help. What a screen or a dialogue of its own
can be told becomes options too. `app` names the commands; each is made when it is called.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number

from tipoff.cli.arguments import RequestId
from tipoff.cli.dialogues import DIALOGUES, Question
from tipoff.cli.screens import screen_of
from tipoff.cli.where import HERE, Where
from tipoff.commands.switches import Flag, Whole
from tipoff.control.method import Method
from tipoff.control.parameters import Param
from tipoff.control.registry import METHODS
from tipoff.output import Answer, Stream


def __getattr__(name: str) -> App:
    """The command of a method, as `tipoff.cli.generated:status` names it: made only when it is called."""
    if name not in METHODS:
        raise AttributeError(name)
    return command(METHODS[name])


def command(method: Method) -> App:
    """A command, with those of the methods below it as its sub-commands."""
    app = App(name=method.words[-1], help=method.line)
    run = body(method)
    app.default(run)
    if method.also:
        app.command(run, name=method.also)
    for below in METHODS.values():
        if below.command and below.words[:-1] == method.words:
            app.command(body(below), name=below.words[-1])
    return app


def body(method: Method) -> Callable[..., Answer | Stream]:
    """The function behind a command, with the signature that the command line reads."""
    shown = screen_of(method)
    dialogue = DIALOGUES.get(method.name)
    options = _options(dialogue or shown)
    signature = inspect.Signature([*_arguments(method, options), _WHERE])

    def run(*given: object, **named: object) -> Answer | Stream:
        bound = signature.bind(*given, **named)
        bound.apply_defaults()
        typed = dict(bound.arguments)
        own = {option.name: typed.pop(option.name) for option in options}
        question = Question.of(method, typed)
        return dialogue(question, **own) if dialogue else screen_of(question.method)(question.ask(), **own)

    run.__doc__ = method.help or method.line
    run.__signature__ = signature  # type: ignore[attr-defined]  # what inspect.signature reads
    return run


def _options(function: Callable[..., Answer | Stream]) -> list[inspect.Parameter]:
    """What a screen or dialogue can be told beside the answer."""
    every = inspect.signature(function).parameters.values()
    return [each for each in every if each.kind is inspect.Parameter.KEYWORD_ONLY]


def _arguments(method: Method, options: list[inspect.Parameter]) -> Iterator[inspect.Parameter]:
    """First what is typed by its place, then what is named, in the registry's order."""
    for param in sorted(method.params, key=lambda param: not param.place):
        yield _argument(param, required=param.required and not method.shows)
    yield from options
    if method.mutates:
        yield inspect.Parameter(
            "request_id", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=RequestId
        )


def _argument(param: Param, *, required: bool) -> inspect.Parameter:
    name = param.typed or (param.name.upper() if param.place else param.typed)
    told, bounds = _help(param), _bounds(param)
    hint = Parameter(name=name or None, help=told, validator=bounds, required=required or None)
    kind = inspect.Parameter.POSITIONAL_ONLY if param.place else inspect.Parameter.KEYWORD_ONLY
    default: object = inspect.Parameter.empty if required else param.default
    annotation = _type(param) if required or param.default is not None else _type(param) | None
    if param.kind == "values":
        return inspect.Parameter(
            param.name, inspect.Parameter.VAR_POSITIONAL, annotation=Annotated[str, hint]
        )
    if param.kind == "flag":
        return inspect.Parameter(
            param.name, kind, default=False, annotation=Annotated[Flag, Parameter(help=param.help)]
        )
    if param.switch:
        hint = Parameter(name=f"--{param.switch}", help=param.help)
        return inspect.Parameter(param.name, kind, default=False, annotation=Annotated[Flag, hint])
    return inspect.Parameter(param.name, kind, default=default, annotation=Annotated[annotation, hint])


def _help(param: Param) -> str:
    if param.kind != "names":
        return param.help
    return f"{param.help} With commas between: {', '.join(param.choices)}; {param.unsaid} unless said."


def _type(param: Param) -> Any:  # noqa: ANN401 - a type is what this is about
    if param.choices and param.kind != "names":
        return Literal[param.choices]
    return {"whole": Whole, "number": float}.get(param.kind, str)


def _bounds(param: Param) -> Number | None:
    return Number(gte=param.low, lte=param.high) if param.kind == "whole" else None


_WHERE = inspect.Parameter("where", inspect.Parameter.KEYWORD_ONLY, default=HERE, annotation=Where)
