"""Whether a running daemon shows what its journal says, and whether a dead one left a sound database.

Used by the soak after every start, in mid-life, after every kill and at every end. What the daemon shows is
asked over its control socket; the journal is read beside it.
"""

from collections.abc import Callable
from decimal import Decimal

import attrs

from engine import ledger
from engine.facts import Fact
from engine.tally import Tally
from engine.units import format_count, format_money
from persistence.queries import Reader
from tests.simulation.soak.journal_rules import broken_rules, tally_of
from tests.simulation.soak.processes import command
from tipoff.json_types import Json

Look = Callable[..., Json]
TRIES = 500
"""So often a daemon is asked again that has committed something between the answers."""

MANY = 1_000


class Shown:
    """What a daemon has said of one moment of its journal."""

    def __init__(self, look: Look) -> None:
        """Ask until nothing was committed between the answers. Raises AssertionError if that never is."""
        for _ in range(TRIES):
            before = _status(look)
            self.positions = _rows(look("positions", limit=MANY))
            self.strategies = _rows(look("strategies"))
            self.results = _rows(look("pnl"))
            after = _status(look)
            self.status = after
            if before["journal_seq"] == after["journal_seq"]:
                self.seq = _whole(after["journal_seq"])
                return
        raise AssertionError("the daemon never stood still long enough to be compared")


def differences(shown: Shown, facts: list[Fact]) -> list[str]:
    """Where positions, cash, fees and results are not what the journal says, a sentence each."""
    tally = tally_of(facts)
    said = {
        (str(row["strategy"]), str(row["ticker"])): Decimal(str(row["position"])) for row in shown.positions
    }
    held = {
        (name, ticker): Decimal(format_count(count))
        for name, strategy in tally.strategies.items()
        for ticker, count in strategy.positions.items()
        if count
    }
    found = [] if said == held else [f"positions are {said}, by the journal {held}"]
    for row in shown.strategies:
        found += _differs("cash", row, "cash", format_money(tally.ledger.balance(ledger.cash(_name(row)))))
    for row in shown.results:
        if _name(row) != "all":
            found += _differs("fees", row, "fees", format_money(tally.fees(_name(row))))
            found += _differs("result", row, "realized", format_money(tally.realized(_name(row))))
    return found


def _differs(what: str, row: dict[str, Json], key: str, expected: str) -> list[str]:
    if Decimal(str(row[key])) == Decimal(expected):
        return []
    return [f"{what} of {_name(row)} is {row[key]}, by the journal {expected}"]


def compared(look: Look, url: str, run: str) -> list[str]:
    """Compare a running daemon with its journal as of the same entry."""
    shown = Shown(look)
    facts = facts_of(url, run, shown.seq)
    if len(facts) != shown.seq:
        return [f"the daemon shows entry {shown.seq}, the journal has {len(facts)}"]
    return differences(shown, facts)


def facts_of(url: str, run: str, last: int | None = None) -> list[Fact]:
    """The facts of a run in order, up to entry `last`."""
    with Reader.open(url, run) as reader:
        recorded = [each for each in reader.facts() if last is None or each.seq <= last]
    return [each.fact for each in recorded]


@attrs.frozen
class Left:
    """What a life left in the database."""

    problems: list[str]
    tally: Tally
    entries: int


def left_behind(url: str, run: str) -> Left:
    """Check what a dead daemon left: `tipoff db verify` of everything, and the journal's own rules."""
    code, document = command("db", "verify", "--db", url)
    problems = [] if code == 0 else [f"db verify: exit code {code}: {document}"]
    problems += [
        f"run {row['run']} is out of balance by {row['imbalance']}"
        for row in _rows(document.get("runs", []))
        if Decimal(str(row["imbalance"]))
    ]
    facts = facts_of(url, run)
    return Left(problems + broken_rules(facts), tally_of(facts), len(facts))


def _status(look: Look) -> dict[str, Json]:
    status = look("status")
    assert isinstance(status, dict)
    return status


def _rows(answer: Json) -> list[dict[str, Json]]:
    assert isinstance(answer, list)
    return [row for row in answer if isinstance(row, dict)]


def _whole(value: Json) -> int:
    assert isinstance(value, int)
    return value


def _name(row: dict[str, Json]) -> str:
    return str(row["name"] if "name" in row else row["strategy"])
