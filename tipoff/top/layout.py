"""Tables that fit: rows of cells, cut and aligned for so many columns and lines of a terminal.

Made by `tables`, drawn by the panes of the terminal view. Pure: knows nothing of terminals but their
size, so that every size can be tested.
"""

from collections.abc import Sequence
from typing import Final

import attrs
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from tipoff.output import harmless_line

GAP: Final = 2
MARK: Final = "> "
"""Stands before the row that is chosen, so that colour is not the only sign of it."""
CUT: Final = "…"

GOOD, BAD, WARN, QUIET, PLAIN = "green", "red", "yellow", "dim", ""


@attrs.frozen
class Column:
    """A column: numbers stand at the right, `flex` takes what is left, the highest `rank` gives way first.

    Those of rank 0 stay; those below 0 give way when narrow gaps are not enough, the lowest first.
    `width` is its least width, so that it does not jump about as numbers grow.
    """

    name: str
    width: int = attrs.field(default=0, kw_only=True)
    right: bool = attrs.field(default=False, kw_only=True)
    flex: bool = attrs.field(default=False, kw_only=True)
    rank: int = attrs.field(default=0, kw_only=True)


@attrs.frozen
class Cell:
    """A text and its style; the text alone says everything, and nothing in it commands the terminal."""

    text: str = attrs.field(converter=harmless_line)
    style: str = PLAIN


@attrs.frozen
class Row:
    """One line: `key` is what it is known by while rows come and go, `detail` all of it in full."""

    key: str
    cells: tuple[Cell, ...]
    detail: str = ""


@attrs.frozen
class Table:
    """What a pane shows; `empty` says why there is nothing."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()
    empty: str = "nothing yet"


@attrs.frozen
class Shown:
    """The lines of a pane, and which rows they are: from `first` up to, without, `end`."""

    lines: tuple[Text, ...]
    first: int
    end: int


@attrs.frozen
class Size:
    """The room of a pane, in columns and lines."""

    width: int
    height: int


def fitted(
    table: Table, size: Size, chosen: int | None = None, first: int = 0, *, marks: bool = True
) -> Shown:
    """A heading and rows, moved so far that `chosen` is seen, and `marks` it.

    `first` is the first row that was shown before: the view moves only if it must.
    """
    width, height = size.width, size.height
    if height <= 0 or width <= 0:
        return Shown((), 0, 0)
    if not table.rows:
        return Shown((Text(f"{'':{len(MARK)}}{table.empty}"[:width], QUIET),), 0, 0)
    kept, widths, gap = _kept(table, width)
    room = max(1, height - 1)
    start = _start(len(table.rows), room, chosen, first)
    end = min(len(table.rows), start + room)
    columns = [table.columns[each] for each in kept]
    lines = []
    if height > 1:
        heads = [Cell(column.name, "bold") for column in columns]
        lines.append(_line(heads, columns, widths, gap))
    for number in range(start, end):
        cells = [table.rows[number].cells[each] for each in kept]
        lines.append(_line(cells, columns, widths, gap))
        if marks and number == chosen:
            lines[-1] = marked(lines[-1])
    return Shown(tuple(lines), start, end)


def clipped(text: str, width: int) -> str:
    """A text in at most `width` columns, with a sign where something is missing."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1) + CUT if width > 0 else ""


def marked(line: Text) -> Text:
    """The line with the sign of the chosen one."""
    chosen = Text(MARK, no_wrap=True, end="") + line[len(MARK) :]
    chosen.stylize("bold")
    return chosen


def _start(rows: int, room: int, chosen: int | None, first: int) -> int:
    """The first row to show."""
    start = max(0, min(first, rows - room))
    if chosen is None:
        return start
    if chosen < start:
        return chosen
    return max(start, chosen - room + 1)


def _kept(table: Table, width: int) -> tuple[list[int], list[int], int]:
    """Which columns fit, how wide they are, and the gap between them."""
    natural = [_natural(table, number) for number in range(len(table.columns))]
    least = [column.width if column.flex else natural[at] for at, column in enumerate(table.columns)]
    kept, gap = list(range(len(table.columns))), GAP
    while _total(least, kept, gap) > width:
        ranked = [each for each in kept if table.columns[each].rank > 0]
        if ranked:
            kept.remove(max(ranked, key=lambda each: (table.columns[each].rank, each)))
        elif gap > 1:
            gap = 1
        elif last := [each for each in kept if table.columns[each].rank < 0]:
            kept.remove(min(last, key=lambda each: table.columns[each].rank))
        else:
            break
    spare = max(0, width - _total(least, kept, gap))
    widths = [
        max(1, min(natural[each], least[each] + spare)) if table.columns[each].flex else least[each]
        for each in kept
    ]
    return kept, widths, gap


def _total(widths: Sequence[int], kept: Sequence[int], gap: int) -> int:
    return len(MARK) + sum(widths[each] for each in kept) + gap * (len(kept) - 1)


def _natural(table: Table, number: int) -> int:
    column = table.columns[number]
    longest = max(cell_len(row.cells[number].text) for row in table.rows)
    return max(column.width, cell_len(column.name), longest)


def _line(cells: Sequence[Cell], columns: Sequence[Column], widths: Sequence[int], gap: int) -> Text:
    line = Text(" " * len(MARK), no_wrap=True, end="")
    for number, (cell, column, width) in enumerate(zip(cells, columns, widths, strict=True)):
        text = Text(cell.text, cell.style, overflow="ellipsis")
        text.align("right" if column.right else "left", width)
        line.append(" " * gap if number else "").append_text(text)
    return line
