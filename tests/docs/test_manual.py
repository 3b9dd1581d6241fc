"""The manual is true: every key, command, limit and exit code is in it, and its promises name real tests."""

import ast
import re

import pytest

from docs.tables import tables as made
from tests.tidy import file_rules
from tests.tidy.source import ROOT, fail_with
from tipoff.cli.app import COMMANDS
from tipoff.control.protocol import ErrorCode
from tipoff.control.registry import METHODS
from tipoff.exit_codes import Exit

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def tables() -> dict[str, str]:
    """The manual's tables as a build would write them."""
    return made()


def test_the_manual_has_every_key_of_the_configuration(tables: dict[str, str]) -> None:
    text = (ROOT / "engine.toml").read_text("utf-8")
    names = {re.sub(r"^(strategy)\.[^.]+\.(?!parameters)", r"\1.", key) for key in file_rules.keys(text)}
    fail_with(list(file_rules.unmentioned(sorted(names), ("docs/configuration.md", tables["configuration"]))))


def test_the_manual_has_every_command_and_exit_code(tables: dict[str, str]) -> None:
    assert [name for name, *_ in COMMANDS if f"## `tipoff {name}" not in tables["commands"]] == []
    assert [code for code in Exit if f"| {int(code)} |" not in tables["exits"]] == []


def test_the_manual_has_every_method_and_every_error_of_the_control_socket(tables: dict[str, str]) -> None:
    methods, errors = tables["methods"], tables["request_errors"]
    assert [
        name for name, each in METHODS.items() if f"| `{name}` | {each.level.word} |" not in methods
    ] == []
    assert "| `orders.cancel` | operate | `order_id`?, `all`?, `strategy`? |" in methods
    assert [e for e in ErrorCode if f"| `{e.value}` | {e.rpc} | {int(e.exit)} |" not in errors] == []


def test_the_manual_explains_every_limit(tables: dict[str, str]) -> None:
    assert "`FILE_BYTES_MAX`" in tables["limits"]


def test_every_table_is_on_a_page(tables: dict[str, str]) -> None:
    pages = "".join(page.read_text("utf-8") for page in DOCS.glob("*.md"))
    assert [name for name in tables if f"{{include}} generated/{name}.md" not in pages] == []


def test_every_promise_names_tests_that_exist() -> None:
    page = (DOCS / "promises.md").read_text("utf-8")
    named = re.findall(r"`(tests/[^`]+)`", page)
    assert len(named) > 10
    fail_with([f"docs/promises.md:1: {name} does not exist" for name in named if not _exists(name)])


def test_every_row_of_the_promises_names_a_test() -> None:
    page = (DOCS / "promises.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "held by" not in line]
    fail_with([f"docs/promises.md:1: held by nothing: {row}" for row in rows if "`tests/" not in row])


def test_a_test_that_does_not_exist_is_found() -> None:
    assert not _exists("tests/docs/test_manual.py::test_of_nothing")
    assert not _exists("tests/none.py::test_of_nothing")
    assert _exists("tests/docs/test_manual.py::test_a_test_that_does_not_exist_is_found")


def _exists(name: str) -> bool:
    path, _, function = name.partition("::")
    if not (ROOT / path).is_file():
        return False
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    defined = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return function.split("::")[-1] in defined
