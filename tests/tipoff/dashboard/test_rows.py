"""What the page expects of a row is what the control socket's schema says of it, field by field."""

import json
import re
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

ROOT: Final = Path(__file__).parents[3]
ROWS: Final = (ROOT / "web/src/rows.ts").read_text("utf-8")
METHODS: Final[dict[str, Any]] = json.loads((ROOT / "tipoff/control/schema.json").read_text("utf-8"))[
    "methods"
]
BESIDE: Final = {"journal": "Fact", "why": "Why", "book": "Book", "risk": "Risk"}
"""What the page asks for beside the topics that it watches."""

TOKEN: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|\S")
Fields: TypeAlias = dict[str, list[Any]]
One: TypeAlias = str | tuple[str, str] | Fields


class Reader:
    """Reads the interfaces: a type is a name, a list of one, a union, or fields in braces."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = TOKEN.findall(re.sub(r"//.*", "", text))

    def interfaces(self) -> dict[str, Fields]:
        found = {}
        while "interface" in self.tokens:
            del self.tokens[: self.tokens.index("interface") + 1]
            name = self.tokens.pop(0)
            found[name] = self.fields()
        return found

    def fields(self) -> Fields:
        assert self.tokens.pop(0) == "{"
        found = {}
        while self.tokens[0] != "}":
            name = self.tokens.pop(0)
            assert self.tokens.pop(0) == ":", name
            found[name] = self.union()
            assert self.tokens.pop(0) == ";", name
        self.tokens.pop(0)
        return found

    def union(self) -> list[One]:
        found = [self.one()]
        while self.tokens[0] == "|":
            self.tokens.pop(0)
            found.append(self.one())
        return found

    def one(self) -> One:
        if self.tokens[0] == "{":
            return self.fields()
        name = self.tokens.pop(0)
        if name == "Record":
            inside = [self.tokens.pop(0) for _ in range(5)]
            assert inside[:3] == ["<", "string", ","]
            assert inside[4] == ">"
            return ("record", inside[3])
        if self.tokens[:2] == ["[", "]"]:
            del self.tokens[:2]
            return ("list", name)
        return name


INTERFACES: Final = Reader(ROWS).interfaces()
TOPICS: Final = {topic: kind for topic, (kind,) in INTERFACES["Topics"].items()}


def differences(expected: Fields, schema: dict[str, Any], where: str) -> list[str]:
    """Fields that the schema does not have, or has otherwise. The page need not use them all."""
    known = schema.get("properties", {})
    found = []
    for name, union in expected.items():
        place = f"{where}.{name}"
        if name not in known:
            found.append(f"{place}: the schema has no such field")
            continue
        said = known[name].get("anyOf", [known[name]])
        if len(said) != len(union):
            found.append(f"{place}: {len(union)} kinds here, {len(said)} there")
        for one, other in zip(union, said, strict=False):
            found += mismatch(one, other, place)
    return found


def mismatch(one: One, schema: dict[str, Any], where: str) -> list[str]:
    kind = schema.get("type")
    match one:
        case dict():
            return differences(one, schema, where)
        case ("list", name):
            return mismatch(name, schema["items"], where) if kind == "array" else [f"{where}: no list"]
        case ("record", name):
            values = schema.get("additionalProperties")
            return mismatch(name, values, where) if isinstance(values, dict) else [f"{where}: no record"]
        case str() if one in INTERFACES:
            return differences(INTERFACES[one], schema, where)
        case "number":
            return [] if kind in {"integer", "number"} else [f"{where}: {kind}, not a number"]
        case _:
            return [] if kind == one else [f"{where}: {kind}, not {one}"]


def row_of(method: str) -> dict[str, Any]:
    result: dict[str, Any] = METHODS[method]["result"]
    row: dict[str, Any] = result.get("items", result)
    return row


@pytest.mark.parametrize(("method", "interface"), sorted({**TOPICS, **BESIDE}.items()))
def test_every_field_that_the_page_reads_is_in_the_schema_with_its_type(method: str, interface: str) -> None:
    assert differences(INTERFACES[interface], row_of(method), interface) == []


def test_another_field_another_type_and_a_missing_null_are_seen() -> None:
    """Or the test above could not fail."""
    row = row_of("orders")
    expected = {"order_uid": ["string"], "price": ["number"], "ahead": ["string"], "side": ["string"]}
    assert differences(expected, row, "Order") == [
        "Order.order_uid: the schema has no such field",
        "Order.price: string, not a number",
        "Order.ahead: 1 kinds here, 2 there",
    ]


def test_nothing_is_read_of_interfaces_that_nothing_uses() -> None:
    reached, waiting = set(), ["Topics", *BESIDE.values()]
    while waiting:
        name = waiting.pop()
        reached.add(name)
        used = set(re.findall(r"[A-Z]\w+", json.dumps(INTERFACES[name])))
        waiting += [each for each in used if each in INTERFACES and each not in reached]
    assert reached == set(INTERFACES)
