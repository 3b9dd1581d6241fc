"""The terminal view: a head, five panes, and the keys; the only module beside its panes that knows textual.

Made by `tipoff.top.run`. It shows what `poller` hears and changes nothing by itself: a halt or a resume
goes the way of every command. A large terminal shows all panes, a small one a page of them.
"""

from typing import ClassVar, Final

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.events import DescendantFocus, Resize
from textual.message import Message
from textual.widgets import Static
from typing_extensions import override

from tipoff.output import harmless_line
from tipoff.top.dialogs import HALT, HELP, RESUME, Acting, Reading, Request
from tipoff.top.header import HEAD_LINES, head, old
from tipoff.top.pane import Pane
from tipoff.top.poller import Asking, Connect
from tipoff.top.snapshot import Answers, Link, Seen
from tipoff.top.tables import tables

LARGE_COLUMNS_MIN: Final = 150
LARGE_LINES_MIN: Final = 36
"""From this size on all panes are shown at once."""

PANES: Final = ("games", "books", "strategies", "actors", "journal")
PAGES: Final = (frozenset({"games", "books"}), frozenset({"strategies", "journal"}), frozenset({"actors"}))
KEYS: Final = "h halt r resume ? help q quit"
FRAME_LINES: Final = 2
"""A pane's title and its heading."""


class RoundAnswered(Message):
    """A round of answers, or that there are none."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.seen = seen


class TopApp(App[None]):
    """The whole view."""

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "top.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+c", "quit", show=False, priority=False),
        Binding("question_mark", "help", show=False),
        Binding("h", "halt", show=False),
        Binding("r", "resume", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
        *(Binding(str(number), f"pane('{name}')", show=False) for number, name in enumerate(PANES, 1)),
    ]

    def __init__(self, connect: Connect, every_seconds: float = 1.0) -> None:
        """`connect` reaches the daemon anew each time; it is asked every so many seconds."""
        super().__init__()
        self.theme = "ansi-dark"
        self.seen = Seen(link=Link(), answers=Answers())
        self._connect_anew = connect
        self._asking = Asking(connect, self._hand_on, every_seconds)
        # Kept here, because what is heard last may come when the screen has been taken apart.
        self._head, self._keys = Static(id="head"), Static(id="keys")
        self._upper = Horizontal(id="upper")
        self._left, self._right = Vertical(id="left"), Vertical(id="right")
        self.panes = {
            name: Pane(name, number, marks_always=name == "games", follows=name == "journal")
            for number, name in enumerate(PANES, 1)
        }

    @override
    def compose(self) -> ComposeResult:
        yield self._head
        with Container(id="panes"):
            with self._upper:
                with self._left:
                    yield self.panes["games"]
                    yield self.panes["books"]
                with self._right:
                    yield self.panes["strategies"]
                    yield self.panes["actors"]
            yield self.panes["journal"]
        yield self._keys

    def on_mount(self) -> None:
        """Begin to ask."""
        self._head.styles.height = HEAD_LINES
        self.panes["games"].focus()
        self._arrange()
        self._asking.start()

    def on_unmount(self) -> None:
        """Ask nothing more."""
        self._asking.stop()

    def on_resize(self, _event: Resize) -> None:
        """Another size, another arrangement."""
        self._draw()
        self._arrange()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """The page of whatever has the focus is the one to see."""
        if isinstance(event.widget, Pane):
            self._arrange()

    def on_round_answered(self, message: RoundAnswered) -> None:
        """Show a round."""
        self.seen = message.seen
        self._draw()
        self._arrange()

    def on_pane_chosen(self, message: Pane.Chosen) -> None:
        """Another game: its books, at once."""
        if message.pane.name == "games":
            self._asking.ask_now(message.row.key)

    def on_pane_opened(self, message: Pane.Opened) -> None:
        """All of a row."""
        _ = self.push_screen(Reading(message.pane.table.title, message.row.detail))

    def action_pane(self, name: str) -> None:
        """Go to a pane, wherever it is."""
        self._go(name)

    @override
    def action_focus_next(self) -> None:
        if self.screen.is_modal:
            super().action_focus_next()
        else:
            self._step(1)

    @override
    def action_focus_previous(self) -> None:
        if self.screen.is_modal:
            super().action_focus_previous()
        else:
            self._step(-1)

    def action_help(self) -> None:
        """Show the keys and the words."""
        _ = self.push_screen(Reading("Help", HELP))

    def action_halt(self) -> None:
        """Ask for a reason, then halt."""
        self._open(HALT)

    def action_resume(self) -> None:
        """Ask for a reason, then resume."""
        self._open(RESUME)

    def _open(self, request: Request) -> None:
        link = self.seen.link
        if link.lost is not None:
            _ = self.push_screen(Reading(f"{request.verb}: not now", f"No daemon answers: {link.lost}"))
        elif not link.may(request.method):
            refusal = f"{request.method} needs the level operate; you have the level {link.level}."
            _ = self.push_screen(Reading(f"{request.verb}: not permitted", refusal))
        else:
            _ = self.push_screen(Acting(request, self._connect_anew), self._notify)

    def _notify(self, outcome: str | None) -> None:
        if outcome is not None:
            self.notify(harmless_line(outcome), timeout=6, markup=False)
            self._asking.ask_now()

    def _hand_on(self, seen: Seen) -> None:
        """In the asking thread; after the end nobody takes it."""
        self.post_message(RoundAnswered(seen))

    def _step(self, by: int) -> None:
        at = PANES.index(self._focus_name())
        self._go(PANES[(at + by) % len(PANES)])

    def _go(self, name: str) -> None:
        # What is hidden cannot have the focus, so its page comes first.
        self._arrange(name)
        self.panes[name].focus()

    def _focus_name(self) -> str:
        return next((name for name, pane in self.panes.items() if pane.has_focus), PANES[0])

    def _draw(self) -> None:
        self._head.update(head(self.seen, self.size.width))
        for name, table in tables(self.seen).items():
            key = self.seen.answers.game if name == "games" else None
            self.panes[name].show(table, key)
        self.set_class(old(self.seen), "lost")

    def _arrange(self, focus: str | None = None) -> None:
        """Which panes are seen and how high they are, for this size and this focus."""
        name = focus or self._focus_name()
        large = self.size.width >= LARGE_COLUMNS_MIN and self.size.height >= LARGE_LINES_MIN
        self.set_class(large, "large")
        page = frozenset(PANES) if large else next(each for each in PAGES if name in each)
        for each, pane in self.panes.items():
            pane.display = each in page
        self._left.display = "games" in page
        self._right.display = bool(page & {"strategies", "actors"})
        self._upper.display = bool(page - {"journal"})
        room = self.size.height - HEAD_LINES - 1
        self.panes["games"].styles.height = self._height("games", room // 3)
        if large:
            self.panes["strategies"].styles.height = self._height("strategies", room // 3)
            self._upper.styles.height = "1fr"
            self.panes["journal"].styles.height = room // 4
        elif "journal" in page:
            self.panes["strategies"].styles.height = "1fr"
            self._upper.styles.height = self._height("strategies", room * 3 // 5)
            self.panes["journal"].styles.height = "1fr"
        else:
            self._upper.styles.height = "1fr"
        self._keys.update(_keys(name))

    def _height(self, name: str, lines_max: int) -> int:
        """As high as its rows want it, within what is there."""
        return min(max(1, len(self.panes[name].table.rows)) + FRAME_LINES, max(FRAME_LINES + 1, lines_max))


def _keys(focus: str) -> Text:
    """The panes with their numbers, and the keys."""
    line = Text(no_wrap=True)
    for number, name in enumerate(PANES, 1):
        style = "bold reverse" if name == focus else "dim"
        line.append(f"{number} {name.title()}", style).append(" ")
    return line.append(f" {KEYS}", "dim")
