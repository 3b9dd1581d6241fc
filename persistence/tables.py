"""The tables of the engine's own decisions: runs, the journal, and what is folded from it.

Read by the writer, the readers and the migrations; `persistence.market_tables` adds the tables of what was
heard. Prices, counts, money, points and times are whole numbers in the units of `engine.units`; JSON is text.
On SQLite every table is STRICT. Columns of one table stand in the order in which the projections write them.
"""

from typing import Final

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005")
"""Every schema revision that this code knows, oldest first; the last is the one it works with."""

APPLICATION_ID: Final = 0x5449_5046
"""SQLite's `application_id` of our files ("TIPF"), so that a foreign database is never taken for ours."""

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        # Names by rule, so that a later migration can drop a constraint on both databases by its name.
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# STRICT tables of SQLite know INTEGER, REAL, TEXT and BLOB only; PostgreSQL needs the wide types.
WHOLE: Final = BigInteger().with_variant(Integer(), "sqlite")
PROBABILITY: Final[TypeEngine[float]] = Double().with_variant(REAL(), "sqlite")


def whole(name: str, *, null: bool = False) -> Column[int]:
    """A column of whole numbers, 64 bits."""
    return Column(name, WHOLE, nullable=null)


def text(name: str, *, null: bool = False) -> Column[str]:
    """A column of text."""
    return Column(name, Text, nullable=null)


def probability(name: str) -> Column[float]:
    """A float, or NULL where there is none."""
    return Column(name, PROBABILITY, nullable=True)


def run() -> Column[int]:
    """The run that a row belongs to."""
    return Column("run", WHOLE, ForeignKey("runs.id"), nullable=False)


def key(*columns: str) -> PrimaryKeyConstraint:
    """The primary key over these columns."""
    return PrimaryKeyConstraint(*columns)


def json_valid(column: str) -> CheckConstraint:
    """SQLite checks that a text is JSON (older ones say no to NULL); PostgreSQL 15 has no such test for
    text.
    """
    valid = f"{column} IS NULL OR json_valid({column})"
    return CheckConstraint(valid, f"{column}_json").ddl_if(dialect="sqlite")


def one_of(column: str, *words: str) -> CheckConstraint:
    """Only these words may stand in the column."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", f"{column}_known")


def table(name: str, *items: SchemaItem, rowid: bool = True) -> Table:
    """A table of ours; without `rowid` SQLite keeps the rows in the order of the primary key."""
    return Table(name, metadata, *items, sqlite_strict=True, sqlite_with_rowid=rowid)


runs: Final = table(
    "runs",
    Column("id", WHOLE, primary_key=True),
    text("run"),
    text("version", null=True),
    text("config_digest", null=True),
    whole("seed", null=True),
    whole("started_at", null=True),
    whole("ended_at", null=True),
    text("end_reason", null=True),
    text("configuration", null=True),
    UniqueConstraint("run"),
)

journal: Final = table(
    "journal",
    run(),
    whole("seq"),
    whole("at"),
    whole("cause"),
    text("owner"),
    text("kind"),
    text("subject", null=True),
    text("body"),
    Column("chain", LargeBinary, nullable=False),
    key("run", "seq"),
    CheckConstraint("seq > 0", "seq_positive"),
    CheckConstraint("length(chain) = 32", "chain_length"),
    json_valid("body"),
    Index(None, "run", "subject"),
    rowid=False,
)

state_snapshots: Final = table(
    "state_snapshots",
    run(),
    whole("seq"),
    whole("at"),
    text("version"),
    Column("chain", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    key("run", "seq"),
    CheckConstraint("seq > 0", "seq_positive"),
    CheckConstraint("length(chain) = 32", "chain_length"),
)

strategies: Final = table(
    "strategies",
    run(),
    text("strategy"),
    text("kind"),
    whole("bankroll"),
    text("parameters"),
    whole("enabled"),
    whole("opened_at"),
    whole("seq"),
    key("run", "strategy"),
    CheckConstraint("enabled IN (0, 1)", "enabled_flag"),
    json_valid("parameters"),
)

signals: Final = table(
    "signals",
    run(),
    whole("seq"),
    text("signal_id"),
    text("strategy"),
    text("game"),
    text("ticker"),
    text("side"),
    text("action"),
    text("reason"),
    probability("p_fair"),
    whole("price", null=True),
    probability("p_edge"),
    text("evidence"),
    whole("at"),
    key("run", "seq"),
    one_of("side", "bid", "ask"),
    json_valid("evidence"),
    Index(None, "run", "signal_id"),
    rowid=False,
)

ORDER_STATES: Final = (
    "approved",
    "denied",
    "submitted",
    "rejected",
    "resting",
    "filled",
    "cancelled",
)

simulated_orders: Final = table(
    "simulated_orders",
    run(),
    text("order_id"),
    text("strategy"),
    text("game"),
    text("ticker"),
    text("signal_id"),
    text("status"),
    text("reason", null=True),
    text("side", null=True),
    whole("price", null=True),
    whole("count", null=True),
    text("tif", null=True),
    whole("post_only"),
    whole("reduce_only"),
    whole("is_exit"),
    whole("expires_at", null=True),
    text("leg_of", null=True),
    probability("p_fair"),
    whole("decided_at", null=True),
    whole("arrives_at", null=True),
    whole("closed_at", null=True),
    whole("filled"),
    whole("remaining"),
    whole("ahead", null=True),
    whole("fees"),
    whole("pessimistic"),
    whole("base"),
    whole("optimistic"),
    whole("pessimistic_cash"),
    whole("base_cash"),
    whole("optimistic_cash"),
    whole("seq"),
    key("run", "order_id"),
    one_of("status", *ORDER_STATES),
    one_of("side", "bid", "ask"),
    CheckConstraint("price BETWEEN 0 AND 10000", "price_range"),
    Index(None, "run", "status"),
    Index(None, "run", "signal_id"),
)

fills: Final = table(
    "fills",
    run(),
    whole("seq"),
    text("fill_id"),
    text("order_id"),
    text("strategy"),
    text("game"),
    text("ticker"),
    text("side"),
    whole("price"),
    whole("count"),
    text("liquidity"),
    whole("fee"),
    whole("fee_accumulated"),
    whole("remaining"),
    text("evidence"),
    whole("at_venue", null=True),
    whole("at"),
    key("run", "seq"),
    UniqueConstraint("run", "fill_id"),
    one_of("side", "bid", "ask"),
    one_of("liquidity", "taker", "maker"),
    CheckConstraint("price BETWEEN 0 AND 10000", "price_range"),
    CheckConstraint("count > 0", "count_positive"),
    json_valid("evidence"),
    Index(None, "run", "order_id"),
    rowid=False,
)

ledger_entries: Final = table(
    "ledger_entries",
    run(),
    whole("seq"),
    whole("ordinal"),
    text("entry_id"),
    text("strategy"),
    text("cause"),
    text("account"),
    whole("amount"),
    whole("at"),
    key("run", "seq", "ordinal"),
    UniqueConstraint("run", "entry_id", "ordinal"),
    Index(None, "run", "account"),
    rowid=False,
)

positions: Final = table(
    "positions",
    run(),
    text("strategy"),
    text("ticker"),
    text("game"),
    whole("position"),
    whole("cost"),
    whole("realized"),
    whole("fees"),
    whole("bought"),
    whole("sold"),
    whole("settled_value", null=True),
    whole("settled_cost"),
    whole("changed_at"),
    whole("seq"),
    key("run", "strategy", "ticker"),
    CheckConstraint("settled_value BETWEEN 0 AND 10000", "settled_value_range"),
)

strategy_performance: Final = table(
    "strategy_performance",
    run(),
    text("strategy"),
    whole("signals"),
    whole("approved"),
    whole("denied"),
    whole("orders"),
    whole("rejected"),
    whole("cancelled"),
    whole("fills"),
    whole("contracts"),
    whole("fees"),
    whole("realized"),
    whole("pessimistic_cash"),
    whole("base_cash"),
    whole("optimistic_cash"),
    whole("changed_at"),
    whole("seq"),
    key("run", "strategy"),
)

risk_limits: Final = table(
    "risk_limits",
    run(),
    text("scope"),
    text("name"),
    text("value"),
    text("set_by"),
    text("why"),
    whole("at"),
    whole("seq"),
    key("run", "scope", "name"),
)

APPEND_ONLY: Final = ("journal", "fills", "ledger_entries")
"""Tables whose rows nobody may change or take away; triggers hold it in both databases."""

FOLDED: Final = (strategies, simulated_orders, positions, strategy_performance, risk_limits)
"""Tables that hold the present state, one row a thing, folded from the journal."""

LISTED: Final = (signals, fills, ledger_entries)
"""Tables that hold one row or more for each fact of a kind."""
