"""Text that a stranger may have written, and what no screen, page or notice may do with it.

Used by the tests that feed it to everything that is shown.
"""

from collections.abc import Mapping
from typing import Any, Final

from tests.tipoff.top.conftest import AT

HOSTILE: Final = {
    "an end of no style": "x[/red]y",
    "a style": "x[old]y",
    "a colour": "x\x1b[31my",
    "a title": "x\x1b]0;owned\x07y",
    "a control of eight bits": "x\x9b31my",
    "a line of its own": "x\nTRADING",
    "a return": "x\rTRADING",
    "a way back": "x\b\b\bTRADING",
    "right to left": "x\u202ey\u2066z",
    "a name of an emoji": "x:smile:y",
    "a page": "x<script>alert(1)</script>y&amp;",
    "a format": "x{code}%s{0}y",
    "very long": "x" * 5_000,
}
FORBIDDEN: Final = frozenset("\x1b\x07\x08\x9b\r\u202e\u2066")
LONG: Final = 200
"""Longer words are folded or cut, so they cannot be looked for."""


def assert_harmless(text: str, words: str, *, whole: bool = True) -> None:
    """Nothing of it commands a terminal; `whole` words stand there as they were written."""
    assert not FORBIDDEN & set(text), text
    if whole and words.isprintable() and len(words) <= LONG:
        assert words in text


def poisoned(value: object, words: str) -> Any:  # noqa: ANN401 - whatever an answer is made of
    """An answer in which every text that is no number and no moment is a stranger's."""
    match value:
        case str() if value and not value[0].isdigit() and value[0] not in "-+":
            return words
        case list():
            return [poisoned(each, words) for each in value]
        case Mapping():
            return {key: poisoned(each, words) for key, each in value.items()}
        case _:
            return value


NUMBERS: Final = {
    r"^\d{4}-.*Z$": AT,
    r"^-?\d+\.\d{6}$": "1.234500",
    r"^-?\d+\.\d{4}$": "0.4200",
    r"^-?\d+\.\d{2}$": "10.00",
}
"""A text for each pattern of the schema: a moment, money, a price, a count."""


def answer_of(schema: Mapping[str, Any], words: str) -> Any:  # noqa: ANN401 - whatever the schema describes
    """An answer of that schema in which a stranger wrote every text that is not bound to a pattern."""
    if "anyOf" in schema:
        return answer_of(schema["anyOf"][0], words)
    match schema.get("type"):
        case "object":
            found = {name: answer_of(each, words) for name, each in schema.get("properties", {}).items()}
            more = schema.get("additionalProperties")
            return found | ({words: answer_of(more, words)} if isinstance(more, Mapping) else {})
        case "array":
            return [answer_of(schema.get("items", {"type": "string"}), words)] * 2
        case "string":
            if "enum" in schema:
                return schema["enum"][0]
            return NUMBERS[schema["pattern"]] if "pattern" in schema else words
        case "integer":
            return 7
        case "number":
            return 0.5
        case "boolean":
            return False
        case _:
            return words
