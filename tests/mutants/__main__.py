"""`python -m tests.mutants`: what `make mutate` calls.

One half: `promises [WORD...]` or `rooms [ROOM...] [WORD...]`. Words choose breaks by what they mean or break,
and mutants by their name, such as `engine/risk/gate.py`. Ends with 0 exactly when every break was noticed,
the mutants that survived are those of the list, and the tests pass when nothing is changed.
"""

import sys

import attrs

from tests.mutants import promises, rooms
from tests.mutants.breaks import breaks
from tests.mutants.forks import Outcome, say
from tests.mutants.survivors import survivors


def main(arguments: list[str]) -> int:
    """Run both halves, or one."""
    match arguments:
        case []:
            return max(promises_kept([]), rooms_tight([]))
        case ["promises", *words]:
            return promises_kept(words)
        case ["rooms", *words]:
            return rooms_tight(words)
        case _:
            say(str(__doc__))
            return 64


def promises_kept(words: list[str]) -> int:
    """Make the breaks; those that survived are named at the end."""
    chosen = [each for each in breaks() if all(word in f"{each}" for word in words)]
    if not chosen:
        # With nothing to choose from pytest would run every test there is.
        say(f"no break has all of these words: {' '.join(words)}")
        return 64
    outcomes = promises.judge(chosen)
    killed = sum(outcome.killed for outcome in outcomes.values())
    skipped = sum(outcome is Outcome.SKIPPED for outcome in outcomes.values())
    say(f"{killed} of {len(outcomes)} breaks noticed, {skipped} not run")
    alive = {each: outcome for each, outcome in outcomes.items() if outcome in BAD}
    for each, outcome in alive.items():
        say(f"{outcome.value}: {each.means} ({each.file}), by {' '.join(each.tests)}")
    return 1 if alive else 0


BAD = (Outcome.SURVIVED, Outcome.UNTRIED)


@attrs.frozen
class Row:
    """What became of a room's mutants, and the survivors of which nobody knows why they are harmless."""

    room: str
    all: int
    killed: int
    explained: int
    unknown: tuple[str, ...]
    listed: int
    """Killed though they are listed as survivors."""
    void: bool

    @property
    def tight(self) -> bool:
        """Whether the survivors are those of the list, and the tests are sound."""
        return not self.unknown and not self.listed and not self.void

    def __str__(self) -> str:
        """A line of the table below `HEAD`."""
        share = f"{100 * self.killed / max(1, self.all):.1f} %"
        numbers = (self.all, self.killed, self.explained, len(self.unknown), share)
        line = f"{self.room:12}" + "".join(f"{number:>11}" for number in numbers)
        return line + ("  void: its tests fail though nothing is changed" if self.void else "")


HEAD = f"{'room':12}" + "".join(
    f"{word:>11}" for word in ("mutants", "killed", "explained", "survived", "share")
)


def rooms_tight(words: list[str]) -> int:
    """Mutate rooms; survivors that are not known to be harmless are written as the list wants them."""
    filters = tuple(word for word in words if word not in rooms.ROOMS)
    table = [
        tight(name, filters) for name in [word for word in words if word in rooms.ROOMS] or list(rooms.ROOMS)
    ]
    for row in table:
        for name in row.unknown:
            say(f"\n[[survivor]]\nmutant = {name!r}\nharmless = ''")
    say("\n" + "\n".join([HEAD, *map(str, table)]))
    return 0 if all(row.tight for row in table) else 1


def tight(name: str, filters: tuple[str, ...]) -> Row:
    """Mutate one room."""
    say(f"room {name}")
    known = survivors()
    judged = rooms.judge(attrs.evolve(rooms.ROOMS[name], words=filters))
    outcomes = judged.outcomes
    alive = [mutant for mutant, outcome in outcomes.items() if not outcome.killed]
    unknown = tuple(mutant for mutant in alive if mutant not in known)
    killed = len(outcomes) - len(alive)
    listed = [mutant for mutant in known if mutant in outcomes and outcomes[mutant].killed]
    for mutant in listed:
        say(f"no survivor any more, take it off the list: {mutant}")
    row = Row(name, len(outcomes), killed, len(alive) - len(unknown), unknown, len(listed), judged.void)
    say(f"{HEAD}\n{row}")
    return row


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
