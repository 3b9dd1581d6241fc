"""What can be wrong with a configuration, and how it is told: the key's path, its line, what was meant.

Made by the readers of `engine.toml`, told by the command line and by `reload`.
"""

from collections.abc import Iterable

import attrs

from engine.did_you_mean import did_you_mean

SHOWN_CHARACTERS_MAX = 40


@attrs.frozen
class Problem:
    """One thing that is wrong: where (`path` of the key, `line` in the file or 0 if it has none) and what."""

    path: str
    line: int
    message: str

    def text(self, source: str) -> str:
        """One line for people, beginning with a place that an editor can jump to."""
        place = f"{source}:{self.line}" if self.line else source
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` are all that were found, in the order of the file.

    The program exits with 78 before anything has started; a `reload` keeps what was in force.
    """

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.path)))
        super().__init__("\n".join(problem.text(source) for problem in self.problems))


def shown(value: object) -> str:
    """What stands in the file, as TOML people would name it, shortened."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            text = value if len(value) <= SHOWN_CHARACTERS_MAX else value[:SHOWN_CHARACTERS_MAX] + "…"
            return f'the text "{text}"'
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return str(value)


def unknown_key(key: str, valid: Iterable[str]) -> str:
    """What to say of a key that nobody reads, with the key that was probably meant."""
    names = sorted(valid)
    hint = did_you_mean(key, names)
    if hint:
        return f"unknown key{hint}"
    return f"unknown key; known here: {', '.join(names)}" if names else "unknown key; nothing is set here"


def unknown_name(what: str, name: str, valid: Iterable[str]) -> str:
    """What to say of a value that must be one of some names."""
    names = sorted(valid)
    return f"unknown {what} {name!r}{did_you_mean(name, names)} (known: {', '.join(names) or 'none'})"
