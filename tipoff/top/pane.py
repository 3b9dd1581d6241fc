"""A pane of the terminal view: a titled table with one chosen row, moved by the arrow keys.

Put together by `app`, which hands it tables. It keeps its place by the row's key while rows come and go;
at the last row it follows what is added. What a table looks like is decided in `layout`.
"""

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.markup import escape
from textual.message import Message
from textual.widget import Widget
from typing_extensions import override

from tipoff.output import harmless_line
from tipoff.top.layout import Row, Size, Table, fitted


class Pane(Widget, can_focus=True):
    """One table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
        Binding("enter", "open", show=False),
    ]

    class Chosen(Message):
        """Another row was chosen by a person."""

        def __init__(self, pane: "Pane", row: Row) -> None:
            super().__init__()
            self.pane = pane
            self.row = row

    class Opened(Chosen):
        """A person wants to see all of a row."""

    def __init__(self, name: str, number: int, *, marks_always: bool = False, follows: bool = False) -> None:
        """`marks_always` marks the chosen row without focus too; `follows` begins at the last row."""
        super().__init__(id=name, name=name)
        self.number = number
        self.table = Table("", ())
        self.follows = follows
        self._marks_always = marks_always
        self._key: str | None = None
        self._first = 0
        self._titled = ""

    @property
    def chosen(self) -> int | None:
        """The number of the chosen row; None if there is none."""
        rows = self.table.rows
        if not rows:
            return None
        found = next((at for at, row in enumerate(rows) if row.key == self._key), None)
        if self.follows and (self._key is None or found is None):
            return len(rows) - 1
        return 0 if found is None else found

    def show(self, table: Table, key: str | None = None) -> None:
        """Show another table; `key` chooses a row. Nothing is drawn again if nothing changed."""
        if key is not None:
            self._key = key
        if table == self.table:
            return
        self.table = table
        self._title()
        self.refresh()

    @override
    def render(self) -> Text:
        marked = self.chosen if self.has_focus or self._marks_always else None
        within = self.chosen if marked is None and self.follows else marked
        size = Size(self.content_size.width, self.content_size.height)
        shown = fitted(self.table, size, within, self._first, marks=marked is not None)
        self._first = shown.first
        self._title(shown.first, shown.end)
        return Text("\n", no_wrap=True, end="").join(shown.lines)

    def action_move(self, by: int) -> None:
        """Choose a row above or below."""
        at = self.chosen
        if at is None:
            return
        last = len(self.table.rows) - 1
        to = max(0, min(last, at + by))
        # At its end a pane that follows has no place of its own.
        self._key = None if self.follows and to == last else self.table.rows[to].key
        self.refresh()
        if to != at:
            self.post_message(self.Chosen(self, self.table.rows[to]))

    def action_page(self, by: int) -> None:
        """Choose a row one screen above or below."""
        self.action_move(by * max(1, self.content_size.height - 2))

    def action_open(self) -> None:
        """Ask for all of the chosen row."""
        if self.chosen is not None:
            self.post_message(self.Opened(self, self.table.rows[self.chosen]))

    def _title(self, first: int = 0, end: int = 0) -> None:
        rows = len(self.table.rows)
        part = f"  {first + 1}-{end} of {rows}" if end - first < rows and end else ""
        title = f"{self.number} {self.table.title}{part}"
        if title != self._titled:
            self._titled = title
            # Teams stand in it, and the library reads a title as markup.
            self.border_title = escape(harmless_line(title))
