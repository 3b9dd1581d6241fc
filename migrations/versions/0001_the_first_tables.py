"""The first tables: runs, the journal, what is folded from it, and what was heard beside it.

Revision ID: 0001
Revises: nothing
"""

from collections.abc import Mapping
from typing import Any, Final

import attrs
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPLICATION_ID: Final = 0x5449_5046
APPEND_ONLY: Final = ("journal", "fills", "ledger_entries")


@attrs.frozen
class _Table:
    """A table as it was in this revision. Columns are `name:type`, with a question mark if they may be
    NULL.
    """

    name: str
    columns: str
    key: str
    unique: tuple[str, ...] = ()
    checks: Mapping[str, str] = attrs.field(factory=dict)
    json: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    rowid: bool = True


TABLES: Final = (
    _Table(
        "runs",
        "id:whole run:text version:text? config_digest:text? seed:whole? started_at:whole? "
        "ended_at:whole? end_reason:text?",
        key="id",
        unique=("run",),
    ),
    _Table(
        "journal",
        "run:whole seq:whole at:whole cause:whole owner:text kind:text subject:text? body:text chain:bytes",
        key="run seq",
        checks={
            "chain_length": "length(chain) = 32",
            "seq_positive": "seq > 0",
        },
        json=("body",),
        indexes=("run subject",),
        rowid=False,
    ),
    _Table(
        "strategies",
        "run:whole strategy:text kind:text bankroll:whole parameters:text enabled:whole "
        "opened_at:whole seq:whole",
        key="run strategy",
        checks={
            "enabled_flag": "enabled IN (0, 1)",
        },
        json=("parameters",),
    ),
    _Table(
        "signals",
        "run:whole seq:whole signal_id:text strategy:text game:text ticker:text side:text "
        "action:text reason:text p_fair:real? price:whole? p_edge:real? evidence:text "
        "at:whole",
        key="run seq",
        checks={
            "side_known": "side IN ('bid', 'ask')",
        },
        json=("evidence",),
        indexes=("run signal_id",),
        rowid=False,
    ),
    _Table(
        "simulated_orders",
        "run:whole order_id:text strategy:text game:text ticker:text signal_id:text "
        "status:text reason:text? side:text? price:whole? count:whole? tif:text? "
        "post_only:whole reduce_only:whole is_exit:whole expires_at:whole? leg_of:text? "
        "p_fair:real? decided_at:whole? arrives_at:whole? closed_at:whole? filled:whole "
        "remaining:whole ahead:whole? fees:whole pessimistic:whole base:whole "
        "optimistic:whole pessimistic_cash:whole base_cash:whole optimistic_cash:whole "
        "seq:whole",
        key="run order_id",
        checks={
            "price_range": "price BETWEEN 0 AND 10000",
            "side_known": "side IN ('bid', 'ask')",
            "status_known": "status IN ('approved', 'denied', 'submitted', 'rejected', "
            "'resting', 'filled', 'cancelled')",
        },
        indexes=("run signal_id", "run status"),
    ),
    _Table(
        "fills",
        "run:whole seq:whole fill_id:text order_id:text strategy:text game:text ticker:text "
        "side:text price:whole count:whole liquidity:text fee:whole fee_accumulated:whole "
        "remaining:whole evidence:text at_venue:whole? at:whole",
        key="run seq",
        unique=("run fill_id",),
        checks={
            "count_positive": "count > 0",
            "liquidity_known": "liquidity IN ('taker', 'maker')",
            "price_range": "price BETWEEN 0 AND 10000",
            "side_known": "side IN ('bid', 'ask')",
        },
        json=("evidence",),
        indexes=("run order_id",),
        rowid=False,
    ),
    _Table(
        "ledger_entries",
        "run:whole seq:whole ordinal:whole entry_id:text strategy:text cause:text "
        "account:text amount:whole at:whole",
        key="run seq ordinal",
        unique=("run entry_id ordinal",),
        indexes=("run account",),
        rowid=False,
    ),
    _Table(
        "positions",
        "run:whole strategy:text ticker:text game:text position:whole cost:whole "
        "realized:whole fees:whole bought:whole sold:whole settled_value:whole? "
        "settled_cost:whole changed_at:whole seq:whole",
        key="run strategy ticker",
        checks={
            "settled_value_range": "settled_value BETWEEN 0 AND 10000",
        },
    ),
    _Table(
        "strategy_performance",
        "run:whole strategy:text signals:whole approved:whole denied:whole orders:whole "
        "rejected:whole cancelled:whole fills:whole contracts:whole fees:whole realized:whole "
        "pessimistic_cash:whole base_cash:whole optimistic_cash:whole changed_at:whole "
        "seq:whole",
        key="run strategy",
    ),
    _Table(
        "risk_limits",
        "run:whole scope:text name:text value:text set_by:text why:text at:whole seq:whole",
        key="run scope name",
    ),
    _Table(
        "games",
        "run:whole game:text date:text away:text home:text tip_at:whole? state:text matched:whole at:whole",
        key="run game",
        checks={
            "matched_flag": "matched IN (0, 1)",
        },
    ),
    _Table(
        "kalshi_markets",
        "run:whole ticker:text event_ticker:text series:text game:text? kind:text title:text "
        "status:text price_ranges:text fee_type:text? fee_multiplier:text? strike:whole? "
        "strike_type:text? open_at:whole? close_at:whole? result:text? settled_value:whole? "
        "raw:text? at:whole",
        key="run ticker",
        json=("price_ranges", "raw"),
    ),
    _Table(
        "orderbook_snapshots",
        "id:whole run:whole ticker:text trust:text yes_bid:whole? yes_ask:whole? "
        "yes_levels:text no_levels:text book_seq:whole at_venue:whole? at:whole",
        key="id",
        unique=("run ticker at",),
        json=("no_levels", "yes_levels"),
        indexes=("at",),
    ),
    _Table(
        "nba_live_data",
        "id:whole run:whole game:text source:text phase:text period:whole clock_ms:whole? "
        "home:whole away:whole raw:text? at_venue:whole? at:whole",
        key="id",
        unique=("run game source at",),
        json=("raw",),
        indexes=("at",),
    ),
    _Table(
        "betting_odds",
        "id:whole run:whole game:text vendor:text moneyline_home:whole? moneyline_away:whole? "
        "spread_home:whole? spread_home_odds:whole? spread_away_odds:whole? total:whole? "
        "over_odds:whole? under_odds:whole? opening:whole raw:text? at_venue:whole? at:whole",
        key="id",
        unique=("run game vendor at",),
        checks={
            "opening_flag": "opening IN (0, 1)",
        },
        json=("raw",),
        indexes=("at",),
    ),
    _Table(
        "system_logs",
        "id:whole run:whole level:text actor:text event:text detail:text at:whole",
        key="id",
        json=("detail",),
        indexes=("at",),
    ),
    _Table(
        "dead_letters",
        "id:whole run:whole actor:text sender:text message_type:text digest:text error:text "
        "traceback:text incarnation:whole at:whole",
        key="id",
        indexes=("at",),
    ),
)


def upgrade() -> None:
    for table in TABLES:
        _create(table)
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        op.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    else:
        op.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME "
            "USING ERRCODE = 'restrict_violation'; END $$"
        )
    for name in APPEND_ONLY:
        for statement in _sqlite_triggers(name) if dialect == "sqlite" else _postgres_triggers(name):
            op.execute(statement)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table.name)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA application_id = 0")
    else:
        op.execute("DROP FUNCTION refuse_change()")


def _create(table: _Table) -> None:
    constraints: list[sa.Constraint] = [
        sa.PrimaryKeyConstraint(*table.key.split(), name=op.f(f"pk_{table.name}")),
        *(
            sa.UniqueConstraint(*columns.split(), name=op.f(f"uq_{table.name}_{columns.replace(' ', '_')}"))
            for columns in table.unique
        ),
        *(sa.CheckConstraint(rule, op.f(f"ck_{table.name}_{name}")) for name, rule in table.checks.items()),
    ]
    if op.get_bind().dialect.name == "sqlite":
        for column in table.json:
            name = op.f(f"ck_{table.name}_{column}_json")
            constraints.append(sa.CheckConstraint(f"{column} IS NULL OR json_valid({column})", name))
    if table.name != "runs":
        constraints.append(sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f(f"fk_{table.name}_run")))
    op.create_table(
        table.name,
        *(_column(each, table) for each in table.columns.split()),
        *constraints,
        sqlite_strict=True,
        sqlite_with_rowid=table.rowid,
    )
    for columns in table.indexes:
        op.create_index(op.f(f"ix_{table.name}_{columns.replace(' ', '_')}"), table.name, columns.split())


def _column(text: str, table: _Table) -> sa.Column[object]:
    name, _, kind = text.partition(":")
    types: dict[str, Any] = {
        "whole": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        "real": sa.Double().with_variant(sa.REAL(), "sqlite"),
        "text": sa.Text(),
        "bytes": sa.LargeBinary(),
    }
    numbered = name == "id" and table.key == "id"
    return sa.Column(
        name,
        types[kind.rstrip("?")],
        nullable=kind.endswith("?"),
        autoincrement=True if numbered else "auto",
    )


def _sqlite_triggers(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for action in ("UPDATE", "DELETE")
    ]


def _postgres_triggers(table: str) -> list[str]:
    moment = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    return [
        f"CREATE TRIGGER {table}_append_only {moment} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    ]
