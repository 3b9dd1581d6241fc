"""The manual is true: every key, command, limit and exit code is in it."""

import re

import pytest

from docs.tables import tables as made
from engine.orders import RejectCode
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


def test_the_manual_explains_every_rejection(tables: dict[str, str]) -> None:
    table = tables["rejections"]
    assert [code for code in RejectCode if f"| `{code.value}` | {code.meaning} |" not in table] == []


def test_the_manual_explains_every_limit(tables: dict[str, str]) -> None:
    assert "`FILE_BYTES_MAX`" in tables["limits"]


def test_every_table_is_on_a_page(tables: dict[str, str]) -> None:
    pages = "".join(page.read_text("utf-8") for page in DOCS.glob("*.md"))
    assert [name for name in tables if f"{{include}} generated/{name}.md" not in pages] == []
