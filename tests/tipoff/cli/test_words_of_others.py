"""Text of others, on every screen, page and notice, is text: no markup, and nothing that commands a terminal.

Covers: tipoff.output, tipoff.reports.html, tipoff.notifications.bodies, tipoff.top.layout.
"""

import io
import json
from pathlib import Path

import pytest

from tests.tipoff.cli import strangers
from tests.tipoff.cli.strangers import LONG, assert_harmless, poisoned
from tests.tipoff.reports.seasons import season
from tests.tipoff.top.conftest import strategy, usual_status
from tipoff.cli import screens
from tipoff.cli.app import main
from tipoff.exit_codes import Exit
from tipoff.notifications.bodies import body_of
from tipoff.notifications.notice import Notice
from tipoff.notifications.targets import targets_in
from tipoff.output import Screen
from tipoff.reports.evidence import evidence_of
from tipoff.reports.evidence_screen import evidence_screen
from tipoff.reports.html import write_html
from tipoff.top.layout import Cell

# What is wrapped or escaped cannot be looked for as it was written; `test_words_everywhere` has all of them.
HOSTILE = {
    name: words for name, words in strangers.HOSTILE.items() if len(words) <= LONG and "<" not in words
}

every = pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)


def shown(screen: object) -> str:
    """What reaches a pipe."""
    out = io.StringIO()
    Screen(file=out, soft_wrap=True).print(screen)
    return out.getvalue()


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
    chain = {"id": words, "verdict": words, "steps": [step], "left_out": 0, "moments": {words: words}}
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
    body = body_of(Notice("halted", "error", f"all: {words}"), targets_in("https://example.org")[0], "engine")
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
