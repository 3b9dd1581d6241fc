"""Text of others, on every screen, page and notice, is text: no markup, and nothing that commands a terminal.

Covers: tipoff.output, tipoff.reports.html, tipoff.notifications.webhook, tipoff.top.layout.
"""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.tipoff.reports.seasons import season
from tests.tipoff.top.conftest import strategy, usual_status
from tipoff.cli import screens
from tipoff.cli.app import main
from tipoff.exit_codes import Exit
from tipoff.notifications.webhook import Notice, body_of
from tipoff.output import Screen
from tipoff.reports.evidence import evidence_of
from tipoff.reports.evidence_screen import evidence_screen
from tipoff.reports.html import write_html
from tipoff.top.layout import Cell

HOSTILE = {
    "an end of no style": "x[/red]y",
    "a style": "x[old]y",
    "a colour": "x\x1b[31my",
    "a title": "x\x1b]0;owned\x07y",
    "a control of eight bits": "x\x9b31my",
    "a line of its own": "x\nTRADING",
    "a return": "x\rTRADING",
    "right to left": "x\u202ey\u2066z",
    "a name of an emoji": "x:smile:y",
}
FORBIDDEN = frozenset("\x1b\x07\x9b\r\u202e\u2066")

every = pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)


def shown(screen: object) -> str:
    """What reaches a pipe."""
    out = io.StringIO()
    Screen(file=out, soft_wrap=True).print(screen)
    return out.getvalue()


def assert_harmless(text: str, words: str) -> None:
    assert not FORBIDDEN & set(text), text
    if words.isprintable():
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


@every
@pytest.mark.parametrize("name", screens.COLUMNS)
def test_every_table(name: str, words: str) -> None:
    line = dict.fromkeys(screens.COLUMNS[name], f"20261120T23:30:00 {words}")
    text = shown(screens.listed(name, [line]).screen)
    assert_harmless(text, words)
    assert text.count("\n") == 2


@every
def test_the_status_its_strategies_and_a_chain_of_causes(words: str) -> None:
    status = {**poisoned(usual_status(), words), "still_open": [words], "why_not": [words]}
    status["trading"] = False
    step = {"at": "2026-11-20T23:30:00.000000Z", "text": words, "seq": 1, "owner": words, "cause": 1}
    chain = {"id": words, "verdict": words, "steps": [step], "left_out": 0}
    line = {**strategy("momentum"), "name": words, "parameters": words}
    done = {"outcome": words, "repeated": False}
    level = {"price": words, "count": words}
    book = {"ticker": words, "trust": words, "seq": 1, "at": words, "asks": [level], "bids": [level]}
    check = {"name": words, "ok": True, "detail": words}
    answers = (
        screens.status(status),
        screens.strategies([line], parameters=True),
        screens.why(chain),
        screens.done(done),
        screens.book(book),
        screens.health({"checks": [check], "ok": True}),
        screens.listed("health", {"a": words}),
        screens.log_level({"level": words}),
    )
    for answer in answers:
        assert_harmless(shown(answer.screen), words)


@every
def test_a_page_a_notice_and_a_cell_of_the_terminal_view(words: str, tmp_path: Path) -> None:
    evidence = evidence_of(season(2, 1.0, name=words))
    write_html(tmp_path / "page.html", words, evidence)
    page = (tmp_path / "page.html").read_text("utf-8")
    assert_harmless(page, words)
    body = body_of(Notice("halted", "error", f"all: {words}"), "generic", "engine")
    assert_harmless(str(body["text"]), words)
    assert "\n" not in str(body["text"])
    assert_harmless(Cell(words).text, words)
    assert "\n" not in Cell(words).text


@every
def test_the_screen_of_a_report(words: str) -> None:
    assert_harmless(shown(evidence_screen(evidence_of(season(2, 1.0, name=words)))), words)


@every
def test_what_is_typed_comes_back_as_it_is(words: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(("ticker", words)) in {Exit.OK, Exit.FAILED, Exit.USAGE}
    captured = capfd.readouterr()
    assert_harmless((captured.out + captured.err).lower(), words)
    assert main(("ticker", words, "--json")) in {Exit.OK, Exit.FAILED, Exit.USAGE}
    assert json.loads(capfd.readouterr().out)
