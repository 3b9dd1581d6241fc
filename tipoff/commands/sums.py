"""What strategies did over several runs, added up strategy by strategy.

Used by the replay of several evenings and by the report of several runs. Sums of money are exact; a strategy
is known by its name.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import attrs
from rich.console import RenderableType
from rich.table import Table

from engine.units import Count, Money, format_count, format_money, parse_count, parse_money
from persistence.run_results import READINGS, GameResult
from tipoff.json_types import Json
from tipoff.output import table


@attrs.define
class Sum:
    """One strategy, added up: counts, and money after fees under the three readings."""

    orders: int = 0
    fills: int = 0
    contracts: Count = Count(0)
    fees: Money = Money(0)
    pessimistic: Money = Money(0)
    base: Money = Money(0)
    optimistic: Money = Money(0)

    def add(self, other: "Sum | GameResult") -> None:
        """Add another one's numbers to it."""
        for field in attrs.fields(Sum):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def document(self) -> dict[str, Json]:
        """As a report's document has a strategy."""
        readings = {name: getattr(self, name) for name in READINGS}
        return {
            "orders": self.orders,
            "fills": self.fills,
            "contracts": format_count(self.contracts),
            "fees": format_money(self.fees),
            "pnl": {
                **{name: format_money(amount) for name, amount in readings.items()},
                "low": format_money(min(readings.values())),
                "high": format_money(max(readings.values())),
            },
        }


def of_results(results: Iterable[GameResult], strategies: Iterable[str] = ()) -> dict[str, Sum]:
    """The sums of runs' results, by strategy; of those named also where nothing came of them."""
    found = {name: Sum() for name in strategies}
    for result in results:
        found.setdefault(result.strategy, Sum()).add(result)
    return dict(sorted(found.items()))


def of_document(document: Mapping[str, Any]) -> dict[str, Sum]:
    """The sums that a report's document has, by strategy."""
    return {
        name: Sum(
            orders=row["orders"],
            fills=row["fills"],
            contracts=parse_count(row["contracts"]),
            fees=parse_money(row["fees"]),
            **{reading: parse_money(row["pnl"][reading]) for reading in READINGS},
        )
        for name, row in document["strategies"].items()
    }


def added(every: Iterable[Mapping[str, Sum]]) -> dict[str, Sum]:
    """The sums of several runs, by strategy, in the order in which they are first met."""
    found: dict[str, Sum] = {}
    for one in every:
        for name, each in one.items():
            found.setdefault(name, Sum()).add(each)
    return found


def total(sums: Mapping[str, Sum]) -> Sum:
    """All strategies together."""
    found = Sum()
    for each in sums.values():
        found.add(each)
    return found


def cents(amount: int) -> str:
    """Money in dollars and cents, for a table."""
    return f"{Decimal(format_money(Money(amount))):,.2f}"


def numbers_right(grid: Table, words: int) -> Table:
    """The table with all but its first so many columns as numbers: to the right, in one piece."""
    for column in grid.columns[words:]:
        column.justify, column.no_wrap = "right", True
    return grid


def sums_table(sums: Mapping[str, Sum]) -> RenderableType:
    """The sums for people, in eighty columns."""
    rows = [
        (
            name,
            str(each.orders),
            str(each.fills),
            *map(cents, (each.fees, each.pessimistic, each.base, each.optimistic)),
        )
        for name, each in sums.items()
    ]
    return numbers_right(table(("strategy", "orders", "fills", "fees", "pess.", "base", "opt."), rows), 1)
