"""The configuration that is written says every key with its default and its meaning."""

from pathlib import Path

from tipoff.config.load import template
from tipoff.config.render import render
from tipoff.runs.from_config import schema


def test_the_configuration_of_the_repository_is_the_one_that_is_written(root: Path) -> None:
    written = (root / "engine.toml").read_text("utf-8")
    assert written == render(template(schema())), "write it again: tipoff init --force"
