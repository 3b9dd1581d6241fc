"""Every command of the registry is given a stranger's words, typed and answered; new ones are found.

Covers: tipoff.cli.screens, tipoff.reports.document, tipoff.notifications.rules, tipoff.top.header,
tipoff.top.tables, tipoff.top.dialogs.
"""

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
import pytest
from cyclopts import App, Argument
from textual.pilot import Pilot
from textual.widgets import Input, Static

from engine.events import FeedLost, GameSeen, ScoreSeen, VenueEvent
from engine.facts import (
    Fact,
    FollowingChanged,
    OrderCancelled,
    StrategyChanged,
    StrategyOpened,
    TradingHalted,
)
from engine.orders import CancelReason
from engine.tally import Tally
from engine.terms import GamePhase
from engine.units import MONEY_ONE, Count, Money, Nanos
from tests.tipoff.cli.strangers import FORBIDDEN, HOSTILE, answer_of, assert_harmless, poisoned
from tests.tipoff.cli.test_every_switch import leaves
from tests.tipoff.reports.seasons import season
from tests.tipoff.top.conftest import Client, MadeUp
from tipoff.cli.app import COMMANDS, app, main
from tipoff.cli.screens import SCREENS, screen_of
from tipoff.control.registry import METHODS
from tipoff.control.schema import document
from tipoff.exit_codes import Exit
from tipoff.explain.evening_lines import EveningLines
from tipoff.explain.health_lines import HealthLines
from tipoff.logs.structured import person_line
from tipoff.notifications.bodies import body_of
from tipoff.notifications.rules import FillsToTell, NoticeSnapshot, differences, gave_up, summary
from tipoff.notifications.targets import Service, targets_in
from tipoff.output import Failure, Output, Screen
from tipoff.reports.document import FailedActor, RunSnapshot, decisions_screen, report_document, report_screen
from tipoff.reports.evidence import evidence_of
from tipoff.reports.html import write_html
from tipoff.sources.health import HealthIssue, IssueKind
from tipoff.top.app import PANES, TopApp
from tipoff.top.header import head
from tipoff.top.poller import round_of
from tipoff.top.snapshot import Link, Seen
from tipoff.top.tables import tables

every = pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
ALL: Final = "x[/red][old]\x1b[31m\x1b]0;o\x07\x9b\r\x08\u202e\u2066:smile:<script>{code}%s"
"""All of it at once, where a try is dear."""
LIVES: Final = frozenset({("simulate", "--keys"), ("demo", "--keep"), ("dashboard", "--socket")})
"""What is named so is made or waited for, and then an evening is played or shown."""


def shown(screen: object, width: int | None = None) -> str:
    """What reaches a pipe, or a terminal of that width."""
    out = io.StringIO()
    Screen(file=out, soft_wrap=width is None, width=width).print(screen)
    return out.getvalue()


# What a daemon answers


SHOWN: Final = [name for name, method in METHODS.items() if method.command or name in SCREENS]


@pytest.mark.parametrize("name", SHOWN)
def test_the_screen_of_every_method_shows_words_of_others_as_they_are(name: str) -> None:
    methods = document()["methods"]
    assert isinstance(methods, dict)
    schema = methods[name]["result"]
    for words in HOSTILE.values():
        answer = answer_of(schema, words)
        text = shown(screen_of(METHODS[name])(answer).screen)
        assert_harmless(text, words, whole=words in str(answer))
        assert_harmless(shown(screen_of(METHODS[name])(answer).screen, 80), words, whole=False)


# What is typed


def texts() -> Iterator[tuple[tuple[str, ...], str]]:
    """Every command, and each of its arguments that takes a text."""
    for path, command in leaves(app):
        yield path, ""
        for argument in _arguments(command):
            if (path[0], argument.name) not in LIVES:
                yield path, argument.name


def _arguments(command: App) -> Iterator[Argument]:
    for each in command.assemble_argument_collection():
        kinds = {each.hint, *getattr(each.hint, "__args__", ())}
        if kinds & {str, Path}:
            yield each


TYPED: Final = sorted(set(texts()))


def test_no_command_is_left_out() -> None:
    assert {path[0] for path, _ in TYPED} == {name for name, *_ in COMMANDS}


@pytest.mark.parametrize(
    ("path", "name"),
    [pair for pair in TYPED if pair[1]],
    ids=[" ".join((*path, name)) for path, name in TYPED if name],
)
def test_what_is_typed_after_every_command_comes_back_as_text(
    path: tuple[str, ...],
    name: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIPOFF_SOCKET", str(tmp_path / "nowhere.sock"))
    for words in (ALL, HOSTILE["very long"]):
        given = [*path, *([name, words] if name.startswith("-") else [words])]
        monkeypatch.setattr("sys.argv", ["tipoff", *given])
        code = main(given)
        said = "".join(capfd.readouterr())
        assert code in set(Exit) - {Exit.INVARIANT_BROKEN}, (given, said)
        assert "a fault of tipoff" not in said
        assert "Traceback" not in said
        assert not FORBIDDEN & set(said), said


@every
def test_an_error_with_its_details(words: str, capfd: pytest.CaptureFixture[str]) -> None:
    Output(as_json=False).failure(Failure("code", words, details=[words, {"path": words, "message": words}]))
    assert_harmless(capfd.readouterr().err, words)


# Reports


@every
def test_the_screens_and_pages_of_reports(words: str, tmp_path: Path) -> None:
    tally = Tally()
    tally.apply(StrategyOpened("momentum", "momentum", Money(MONEY_ONE), "{}", Nanos(0)))
    snapshot = RunSnapshot(
        run="run",
        digest="digest",
        frames=1,
        first_at=None,
        last_at=None,
        gaps=0,
        refused=0,
        events=1,
        seconds=1.0,
        restarts=0,
        dead_letters=0,
        failed=(FailedActor(words, words, 2, words),),
    )
    found = report_document(snapshot, tally, {})
    row = dict(found["strategies"]["momentum"])  # type: ignore[index, call-overload, arg-type]
    row |= {key: {words: 3} for key in ("denied", "rejected", "cancelled")}
    game = {"game": words, "away": words, "home": words, "score": words, "status": words, "matched": True}
    report = {**poisoned(found, words), "games": [game], "strategies": {words: row}}
    stored = {**report, "started_at": words, "last_at": words, "ended": words}
    for screen in (report_screen(report), decisions_screen(stored), report_screen({"run": words})):
        assert_harmless(shown(screen), words)
    write_html(tmp_path / "page.html", words, evidence_of(season(2, 1.0, name=words)))
    page = (tmp_path / "page.html").read_text("utf-8")
    assert not FORBIDDEN & set(page)
    assert "<script>" not in page


# Notices


# The lines of a terminal


@every
def test_every_line_for_a_person(words: str) -> None:
    at, tip = Nanos(0), ScoreSeen(words, words, GamePhase.LIVE, 1, None, 0, 0, None, Nanos(0))
    facts: tuple[Fact, ...] = (
        OrderCancelled(words, words, words, Count(100), CancelReason.HALTED, at),
        StrategyChanged(words, True, words, words, at),
        TradingHalted(words, "halted", words, words, at),
        FollowingChanged(words, True, (words,), words, at),
    )
    lines = EveningLines()
    events: tuple[VenueEvent, ...] = (
        GameSeen(words, words, words, words, None, False, at),
        tip,
        FeedLost(1, words, at),
    )
    said = [*map(lines.fact, facts), *map(lines.event, events)]
    health = HealthLines.after(())
    issues = [
        HealthIssue(words, words),
        HealthIssue(f"poll {words}", words, poll=words, cause=f"https://{words}"),
    ]
    said += [text for look in (issues, []) for text, _level in health.look(issues if look else [])]
    told = [text for text in said if text]
    assert len(told) >= len(facts) + 2 + len(issues) * 2
    for text in told:
        line = person_line(0, text, "warning", coloured=False)
        assert_harmless(line, words, whole=False)
        assert "\n" not in line


TARGETS: Final = """
https://example.org/hook
https://hooks.slack.com/services/x
https://discord.com/api/webhooks/1/x
https://api.telegram.org/bot1/sendMessage?chat_id=7
https://ntfy.sh/topic
"""


@every
def test_every_notice(words: str) -> None:
    issues = {f"{words}{kind.value}": HealthIssue(kind=kind, subject=words, text=words) for kind in IssueKind}
    before, after = (
        NoticeSnapshot(at=0.0),
        NoticeSnapshot(
            at=1.0,
            halts={f"game:{words}": words, f"quarantine:{words}": words},
            issues=issues,
            down=frozenset({words}),
            fills=3,
            band=(0.0, 0.0, 0.0),
        ),
    )
    notices = [*differences(before, after), *differences(after, before)]
    fills = FillsToTell()
    fills.add(f"{words} filled")
    filled = fills.notice(1.0, 0.0)
    assert filled is not None
    notices += [summary(after, words), gave_up(RuntimeError(words), words), filled]
    assert {"halted", "quarantined", "actor_down", "resumed", "filled"} <= {each.kind for each in notices}
    for notice in notices:
        for target in targets_in(TARGETS):
            for text in map(str, _texts(body_of(notice, target, words))):
                assert_harmless(text, words, whole=False)
                # These have one between title and text.
                lines = target.service in (Service.SLACK, Service.TELEGRAM) and text not in ("", "7")
                assert text.count("\n") == lines


def _texts(body: object) -> Iterator[object]:
    if isinstance(body, dict):
        for each in body.values():
            yield from _texts(each)
    elif isinstance(body, str):
        yield body


# The terminal view


def strange(words: str) -> MadeUp:
    """A daemon in whose answers a stranger has written every text."""
    methods = document()["methods"]
    assert isinstance(methods, dict)
    daemon = MadeUp()
    for name in daemon.answers:
        daemon.answers[name] = answer_of(methods[name]["result"], words)
    return daemon


@every
def test_the_head_and_every_table_of_the_terminal_view(words: str) -> None:
    client = Client(strange(words))
    answers = round_of(client, None)
    there = Link(hello={**client.hello, "tipoff": words, "level": words})
    for link in (there, Link(lost=words, since=words)):
        troubled = attrs.evolve(answers, troubles={"journal": words})
        for seen in (Seen(link=link, answers=answers), Seen(link=link, answers=troubled)):
            assert_seen_harmless(seen, words)


def assert_seen_harmless(seen: Seen, words: str) -> None:
    """The head at three widths, and every cell of every table, which is one line."""
    for width in (40, 80, 200):
        assert_harmless(head(seen, width).plain, words, whole=False)
    for table in tables(seen).values():
        assert table.rows
        for text in (cell.text for row in table.rows for cell in row.cells):
            assert_harmless(text, words, whole=False)
            assert "\n" not in text


def test_the_windows_and_panes_of_the_terminal_view_as_they_are_drawn() -> None:
    async def play() -> None:
        daemon = strange(ALL)
        daemon.troubles["halt"] = Failure("refused", ALL, details=[ALL])
        view = TopApp(daemon.connect, 3_600)
        async with view.run_test(size=(160, 48)) as pilot:
            async with asyncio.timeout(60):
                while not view.seen.answers.status:
                    await pilot.pause(0.02)
            await pilot.pause()
            drawn(view)
            for number in range(1, len(PANES) + 1):
                await pilot.press(str(number), "enter")
                await pilot.pause()
                drawn(view)
                await pilot.press("escape")
            await halted(pilot, view)

    asyncio.run(play())


async def halted(pilot: Pilot[None], view: TopApp) -> None:
    """A halt that is refused in a stranger's words."""
    await pilot.press("h")
    await pilot.pause()
    view.screen.query_one("#reason", Input).value = "why"
    await pilot.press("enter", "enter")
    async with asyncio.timeout(60):
        while "not done" not in str(view.screen.query_one("#outcome", Static).render()):
            await pilot.pause(0.02)
    drawn(view)


def drawn(view: TopApp) -> None:
    """What stands on the screen."""
    strips = view.screen._compositor.render_strips()
    text = "".join(segment.text for strip in strips for segment in strip)
    assert "x[/red]" in text
    assert not FORBIDDEN & set(text)
