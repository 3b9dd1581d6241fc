"""The view itself, driven by keys: panes, pages, games, windows, halts, and a daemon that comes and goes.

Covers: tipoff.top.dialogs, tipoff.top.pane.
"""

import asyncio
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot
from textual.widgets import Button, Input, Static

from tipoff.output import Failure
from tipoff.top.app import KEYS, LARGE_COLUMNS_MIN, LARGE_LINES_MIN, PANES, TopApp
from tipoff.top.dialogs import Acting, Reading

from .conftest import GAMES, MadeUp, fact, game

Watch = Callable[[Pilot[None], TopApp], Awaitable[None]]
SMALL, LARGE = (80, 24), (160, 48)
PATIENCE = 60.0


def watch(daemon: MadeUp, story: Watch, size: tuple[int, int] = SMALL) -> None:
    """Run the view without a terminal and play a story with it."""

    async def play() -> None:
        # The pilot waits until all is quiet after each key: a round is asked for only where one is needed.
        app = TopApp(daemon.connect, 3_600)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: bool(app.seen.answers.status) or app.seen.link.lost is not None)
            await story(pilot, app)

    asyncio.run(play())


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Let it ask and work until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            if isinstance(pilot.app, TopApp):
                pilot.app._asking.ask_now()
            await pilot.pause(0.02)


def head(app: TopApp) -> str:
    return str(app._head.render())


def visible(app: TopApp) -> list[str]:
    return [name for name in PANES if app.panes[name].is_on_screen and app.panes[name].size.height]


def shown(app: TopApp, name: str) -> str:
    return app.panes[name].render().plain


def test_a_small_terminal_shows_the_games_and_their_books_first(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        await pilot.pause()
        assert visible(app) == ["games", "books"]
        assert head(app).startswith(" TRADING ")
        assert "> MEM @ POR" in shown(app, "games")
        assert "POR by >3.5" in shown(app, "books")

    watch(daemon, story)


def test_a_large_terminal_shows_everything(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        await pilot.pause()
        assert visible(app) == list(PANES)
        assert "refused number 40" in shown(app, "journal")

    watch(daemon, story, LARGE)


def test_just_below_the_large_size_it_is_a_small_one(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        await pilot.pause()
        assert visible(app) == ["games", "books"]
        await pilot.resize_terminal(LARGE_COLUMNS_MIN, LARGE_LINES_MIN)
        await until(pilot, lambda: visible(app) == list(PANES))

    watch(daemon, story, (LARGE_COLUMNS_MIN, LARGE_LINES_MIN - 1))


def test_tab_and_arrows_go_round_all_panes_and_bring_their_pages(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        for key, order in (
            ("tab", PANES),
            ("right", PANES),
            ("shift+tab", PANES[::-1]),
            ("left", PANES[::-1]),
        ):
            await pilot.press("1")
            names = []
            for _ in PANES:
                await pilot.press(key)
                await pilot.pause()
                names.append(app.focused.id if app.focused else None)
                assert names[-1] in visible(app)
            start = order.index("games")
            assert names == [*order[start + 1 :], *order[: start + 1]]

    watch(daemon, story)


def test_a_number_goes_to_its_pane(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        for number, name in enumerate(PANES, 1):
            await pilot.press(str(number))
            await pilot.pause()
            assert app.panes[name].has_focus
            assert str(app.panes[name].border_title).startswith(f"{number} ")

    watch(daemon, story)


def test_another_game_brings_its_books(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        await pilot.press("down")
        await until(pilot, lambda: app.seen.answers.game == GAMES[1])
        await pilot.pause()
        assert "> DAL @ SAC" in shown(app, "games")
        assert app.panes["books"].table.title == "Books of DAL @ SAC"

    watch(daemon, story)


def test_a_chosen_row_stays_chosen_while_rows_come_and_go(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        await pilot.press("down")
        daemon.answers["games"] = [game("26NOV20AAABBB"), *daemon.answers["games"]]
        await until(pilot, lambda: len(app.panes["games"].table.rows) == 3)
        assert "> DAL @ SAC" in shown(app, "games")

    watch(daemon, story)


def test_the_journal_follows_its_end_until_somebody_looks_back(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        await pilot.press("5")
        await pilot.pause()
        daemon.answers["journal"] = [*daemon.answers["journal"], fact(41, "the newest")]
        await until(pilot, lambda: "the newest" in shown(app, "journal"))
        await pilot.press("pageup", "up")
        at = app.panes["journal"].chosen
        daemon.answers["journal"] = [*daemon.answers["journal"], fact(42, "newer still")]
        await until(pilot, lambda: len(app.panes["journal"].table.rows) == 42)
        assert app.panes["journal"].chosen == at
        assert "newer still" not in shown(app, "journal")
        await pilot.press("end")
        assert "newer still" in shown(app, "journal")
        await pilot.press("home")
        assert "refused number 1 " in shown(app, "journal")

    watch(daemon, story)


def test_enter_shows_all_of_a_row_and_escape_closes_it(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        await pilot.press("4", "down", "down", "enter")
        await pilot.pause()
        assert isinstance(app.screen, Reading)
        assert "last error: KeyError: 'ticker'" in app.screen._text
        await pilot.press("escape")
        assert not isinstance(app.screen, Reading)

    watch(daemon, story)


def test_a_halt_needs_a_reason_and_a_press_of_its_button(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        await pilot.press("h", "enter")
        assert isinstance(app.screen, Acting)
        assert "a reason is needed" in str(app.screen.query_one("#outcome", Static).render())
        app.screen.query_one("#act", Button).press()
        await pilot.pause()
        assert daemon.acts == []
        app.screen.query_one("#reason", Input).focus()
        await pilot.press(*"odds", "space", "q", "enter")
        await pilot.pause()
        assert daemon.acts == []
        assert app.focused is app.screen.query_one("#act", Button)
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, Acting))
        [(method, request_id, params)] = daemon.acts
        assert (method, params) == ("halt", {"scope": "all", "reason": "odds q"})
        assert request_id

    watch(daemon, story)


def test_a_resume_is_asked_for_in_the_same_way(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        await pilot.press("r", "o", "k", "enter", "enter")
        await until(pilot, lambda: not isinstance(app.screen, Acting))
        assert [(method, params) for method, _, params in daemon.acts] == [
            ("resume", {"scope": "all", "reason": "ok"})
        ]

    watch(daemon, story)


def test_escape_leaves_everything_as_it_was(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        await pilot.press("h", "x", "enter", "escape")
        await pilot.pause()
        await pilot.press("h", "x", "enter", "tab", "enter")
        await until(pilot, lambda: not isinstance(app.screen, Acting))
        assert daemon.acts == []

    watch(daemon, story)


def test_a_refusal_is_shown_and_another_try_has_the_same_request_id(daemon: MadeUp) -> None:
    daemon.troubles["halt"] = Failure("refused", "the engine refused", details=["all is halted already"])

    async def story(pilot: Pilot[None], app: TopApp) -> None:
        await pilot.press("h", "x", "enter", "enter")
        assert isinstance(app.screen, Acting)
        outcome = app.screen.query_one("#outcome", Static)
        await until(pilot, lambda: "not done" in str(outcome.render()))
        assert str(outcome.render()) == "! not done: the engine refused\nall is halted already"
        button = app.screen.query_one("#act", Button)
        await until(pilot, lambda: not button.has_class("-active"))
        await pilot.press("enter")
        await until(pilot, lambda: len(daemon.acts) == 2)
        assert daemon.acts[0] == daemon.acts[1]

    watch(daemon, story)


def test_who_may_only_look_is_told_so_and_nothing_is_sent(daemon: MadeUp) -> None:
    daemon.level = "read"

    async def story(pilot: Pilot[None], app: TopApp) -> None:
        for key, method in (("h", "halt"), ("r", "resume")):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, Reading)
            assert app.screen._text == f"{method} needs the level operate; you have the level read."
            await pilot.press("escape")
        assert daemon.acts == []

    watch(daemon, story)


def test_a_daemon_that_goes_away_and_comes_back_is_said_to(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        daemon.gone = True
        await until(pilot, lambda: head(app).startswith(" NO DAEMON "))
        assert "> MEM @ POR" in shown(app, "games")
        await pilot.press("h")
        await pilot.pause()
        assert isinstance(app.screen, Reading)
        assert app.screen._text.startswith("No daemon answers: ")
        await pilot.press("escape")
        daemon.gone = False
        await until(pilot, lambda: head(app).startswith(" TRADING "))

    watch(daemon, story)


def test_the_help_names_every_key(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, Reading)
        for word in ("Tab", "Enter", "\nh ", "\nr ", "\nq ", "1 to 5"):
            assert word in app.screen._text
        assert max(map(len, app.screen._text.splitlines())) <= 70
        await pilot.press("q")
        assert app.is_running
        assert not isinstance(app.screen, Reading)

    watch(daemon, story)


def test_q_leaves(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
        assert app.return_code == 0

    watch(daemon, story)


def test_the_keys_fit_the_smallest_terminal(daemon: MadeUp) -> None:
    async def story(pilot: Pilot[None], app: TopApp) -> None:
        line = str(app._keys.render())
        assert len(line) <= 80
        assert line.endswith(KEYS)
        await pilot.resize_terminal(20, 6)
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: visible(app) == ["games", "books"])

    watch(daemon, story)
