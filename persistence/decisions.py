"""Every order that a run sent and every fill that it got, with what tells two of them apart.

Read by whatever compares runs. Ids count within a run, so the same decision of two runs is known by who made
it, where, on which side and when.
"""

from typing import Literal

import attrs
from sqlalchemy import Connection, select

from persistence.tables import fills, simulated_orders


@attrs.frozen(kw_only=True)
class Decision:
    """An order, or a fill of one; `at` is when the order was decided. Units of `engine.units`."""

    name: str
    strategy: str
    game: str
    ticker: str
    side: Literal["bid", "ask"]
    at: int
    price: int
    count: int

    @property
    def place(self) -> tuple[str, str, str, int]:
        """Equal for the same decision in two runs."""
        return (self.strategy, self.ticker, self.side, self.at)


def sent_orders(connection: Connection, run: int) -> list[Decision]:
    """The orders that were sent, in the order of their decisions, those of one moment by their ids."""
    sent = simulated_orders.c
    # A wish that was refused has no terms.
    wanted = select(
        sent.order_id,
        sent.strategy,
        sent.game,
        sent.ticker,
        sent.side,
        sent.decided_at,
        sent.price,
        sent.count,
    ).where(sent.run == run, sent.arrives_at.is_not(None))
    return _decisions(connection.execute(wanted.order_by(sent.decided_at, sent.order_id)))


def made_fills(connection: Connection, run: int) -> list[Decision]:
    """The fills, in the order of the journal; `at` is when their order was decided, since the way to the
    venue takes another time in each run.
    """
    made, sent = fills.c, simulated_orders.c
    columns = (made.fill_id, made.strategy, made.game, made.ticker, made.side, sent.decided_at, made.price)
    order_of = (sent.run == made.run) & (sent.order_id == made.order_id)
    wanted = select(*columns, made.count).join(simulated_orders, order_of).where(made.run == run)
    return _decisions(connection.execute(wanted.order_by(made.seq)))


def _decisions(rows) -> list[Decision]:  # type: ignore[no-untyped-def]  # noqa: ANN001 - a result of eight columns
    names = [field.name for field in attrs.fields(Decision)]
    return [Decision(**dict(zip(names, row, strict=True))) for row in rows]
