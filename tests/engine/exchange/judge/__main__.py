"""Plays evenings of the judge and prints their table, or one evening by its seed.

Arguments: how many evenings in all, then words that the names of the kinds of feed must have; or `show`, a
seed such as "timed stream, 40 ms/17", and an order. Ends with 1 if paper was kinder than the venue anywhere.
"""

import sys
import time

from tests.engine.exchange.judge.evenings import CELLS, evening, printed_table, table
from tests.engine.exchange.judge.history import history

EVENINGS = 2_000


def main(words: list[str]) -> int:
    """One of the two."""
    if words[:1] == ["show"]:
        name, _, number = words[1].rpartition("/")
        found = evening(next(cell for cell in CELLS if cell.name == name), int(number))
        sys.stdout.write(history(found, "".join(words[2:3])) + "\n")
        return int(bool(found.verdict.kinder))
    cells = [cell for cell in CELLS if all(part in cell.name for part in words[1:])]
    each = -(-int(words[0] if words else EVENINGS) // len(cells))
    began = time.monotonic()
    rows = table(each, cells)
    seconds = time.monotonic() - began
    speed = f"{each * len(cells):,} evenings in {seconds:.1f} s, {each * len(cells) / seconds:.0f} a second"
    sys.stdout.write(f"{printed_table(rows)}\n{speed}\n")
    return int(any(row.numbers for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
