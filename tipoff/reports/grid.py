"""Tables of numbers for eighty columns in which no number is ever cut.

Columns are as wide as their widest number. A name that does not fit beside its numbers stands on a line of
its own above them; a row of numbers that does not fit at all is told as pairs of head and number, wrapped.
"""

from collections.abc import Sequence

from rich.text import Text

WIDTH: int = 80
"""Characters of a line."""

NAME_MIN = 8
"""So much room a name has at the least; with less, rows are told as pairs."""

GAP = 2


def grid(title: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> Text:
    """A title, a line of heads (the first is the names'), and rows of a name and its numbers."""
    text = Text()
    if title:
        text.append(f"{title}\n", style="bold")
    widths = [
        max(len(head), *(len(numbers[place]) for _name, numbers in rows)) if rows else len(head)
        for place, head in enumerate(heads[1:])
    ]
    room = WIDTH - sum(widths) - GAP * len(widths)
    if room < NAME_MIN:
        return _pairs(text, heads, rows)
    room = min(room, max([len(heads[0]), *(len(name) for name, _numbers in rows)]))
    text.append(_line(heads[0], heads[1:], room, widths), style="bold")
    for name, numbers in rows:
        fits = len(name) <= room
        if not fits:
            text.append(f"{name}\n")
        text.append(_line(name if fits else "", numbers, room, widths))
    return text


def _line(name: str, numbers: Sequence[str], room: int, widths: Sequence[int]) -> str:
    cells = [f"{number:>{width}}" for number, width in zip(numbers, widths, strict=True)]
    return (" " * GAP).join([f"{name:<{room}}", *cells]).rstrip() + "\n"


def _pairs(text: Text, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> Text:
    for name, numbers in rows:
        text.append(f"{name}\n")
        line = ""
        for head, number in zip(heads[1:], numbers, strict=True):
            pair = f"  {head} {number}"
            if line and len(line) + len(pair) > WIDTH:
                text.append(f"{line}\n")
                line = ""
            line += pair
        text.append(f"{line}\n")
    return text


def wrapped(words: str, indent: str = "") -> str:
    """A sentence on lines of at most eighty characters; what has no blank in it stays whole."""
    lines, line = [], ""
    for word in words.split():
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = indent
        line = f"{line} {word}" if line.strip() else f"{line}{word}"
    return "\n".join([*lines, line]) + "\n"
