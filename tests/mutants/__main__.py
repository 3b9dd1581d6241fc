"""`python -m tests.mutants`: what `make mutate` calls. One half: `promises [WORD...]` or `rooms [ROOM...]`.

Ends with 1 if anything survived that is not known to be harmless.
"""

import sys

from tests.mutants import promises, rooms
from tests.mutants.breaks import breaks
from tests.mutants.forks import Outcome, say
from tests.mutants.survivors import survivors


def main(arguments: list[str]) -> int:
    """Run one half; words choose breaks by what they mean or break, rooms by name."""
    match arguments:
        case []:
            return max(promises_kept([]), rooms_tight(list(rooms.ROOMS)))
        case ["promises", *words]:
            return promises_kept(words)
        case ["rooms", *names] if set(names) <= set(rooms.ROOMS):
            return rooms_tight(names or list(rooms.ROOMS))
        case _:
            say(str(__doc__))
            return 64


def promises_kept(words: list[str]) -> int:
    """Make the breaks; those that survived are named at the end."""
    chosen = [each for each in breaks() if all(word in f"{each}" for word in words)]
    outcomes = promises.judge(chosen)
    killed = sum(outcome.killed for outcome in outcomes.values())
    skipped = sum(outcome is Outcome.SKIPPED for outcome in outcomes.values())
    say(f"{killed} of {len(outcomes)} breaks noticed, {skipped} not run")
    survived = [each for each, outcome in outcomes.items() if outcome is Outcome.SURVIVED]
    for each in survived:
        say(f"survived: {each.means} ({each.file}), by {' '.join(each.tests)}")
    return 1 if survived else 0


def rooms_tight(names: list[str]) -> int:
    """Mutate rooms; survivors that are not known to be harmless are written as the list wants them."""
    known = survivors()
    new: list[str] = []
    table: list[str] = []
    for name in names:
        say(f"room {name}")
        judged = rooms.judge(rooms.ROOMS[name])
        outcomes = judged.outcomes
        killed = sum(outcome.killed for outcome in outcomes.values())
        alive = [mutant for mutant, outcome in outcomes.items() if not outcome.killed]
        unknown = [mutant for mutant in alive if mutant not in known]
        new += unknown
        share = 100 * killed / max(1, len(outcomes))
        table.append(
            f"{name}: {killed} of {len(outcomes)} killed ({share:.1f} %), "
            f"{len(alive) - len(unknown)} harmless, {len(unknown)} new survivors; "
            f"{len(outcomes)} of {judged.all} looked at"
        )
        say(table[-1])
        for mutant in outcomes.keys() & known.keys():
            if outcomes[mutant].killed:
                say(f"no survivor any more: {mutant}")
    say("\n".join(["", *table, "", *(f"[[survivor]]\nmutant = {mutant!r}\nharmless = ''" for mutant in new)]))
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
