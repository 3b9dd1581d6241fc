"""What the tests of storage share: a database of each kind, a small evening of facts, and every kind of fact
at random.
"""

import enum
import shutil
import typing
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import attrs
import psycopg
import pytest
from hypothesis import strategies as st

from engine.events import BookSide
from engine.facts import (
    FACTS,
    BandMoved,
    Fact,
    FillEvidence,
    LedgerPosted,
    OperatorActed,
    OrderApproved,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRested,
    OrderSubmitted,
    PositionSettled,
    Posting,
    QueueMoved,
    RunStarted,
    SignalAction,
    SignalRaised,
    StrategyOpened,
    TradingHalted,
)
from engine.orders import CancelReason, Liquidity, PlaceOrder, TimeInForce
from engine.reasons import DenialReason
from engine.units import Count, Money, Nanos, Price
from persistence import schema
from persistence.writer import JournalWriter, Options

SERVER = "postgresql://root@127.0.0.1:5432/test"


@attrs.frozen
class Placed:
    """A fact with its place in the journal, as the journal's actor hands it over."""

    seq: int
    cause: int
    owner: str
    fact: Fact


def evening(bets: int) -> list[Fact]:
    """A run with so many bets of all fates: denied, filled in two parts, cancelled; settled at the end."""
    facts: list[Fact] = [
        RunStarted("evening", "0.1", "c0ffee", 7, Nanos(1)),
        StrategyOpened("sharp", "sharp_line", Money(1_000_000_000), "{}", Nanos(2)),
        _posted("open", "opening", {"cash:sharp": 1_000_000_000, "equity:sharp": -1_000_000_000}, 2),
        OperatorActed("req-1", 0, "loglevel", "{}", "ok", Nanos(3)),
    ]
    for number in range(bets):
        facts += _bet(number, 10 + 10 * number)
    held = Count(sum(100 for number in range(bets) if number % 3 == 0))
    facts += [
        TradingHalted("all", "reducing", "risk", "loss", Nanos(10 + 10 * bets)),
        _posted(
            "settle",
            "result yes",
            {
                "collateral:sharp:KXT": -held * 5_000,
                "claim:sharp:KXT": held * 10_000,
                "result:sharp": -held * 5_000,
            },
            20 + 10 * bets,
        ),
        PositionSettled(
            "sharp",
            "g",
            "KXT",
            held,
            Price(10_000),
            "yes",
            Money(held * 10_000),
            False,
            Nanos(20 + 10 * bets),
        ),
    ]
    return facts


def _bet(number: int, at: int) -> list[Fact]:
    now = Nanos(at)
    order = PlaceOrder(
        f"o{number}",
        "sharp",
        "g",
        "KXT",
        BookSide.BID,
        Price(5_000),
        Count(100),
        TimeInForce.GTC,
        now,
        f"s{number}",
    )
    signal = SignalRaised(
        f"s{number}", "sharp", "g", "KXT", BookSide.BID, SignalAction.ENTER, "edge", 0.5625, Price(5_000),
        0.03, (("book", "draftkings"), ("p", "0.5625")), now,
    )  # fmt: skip
    if number % 3 == 2:
        denied = OrderDenied(
            f"o{number}", "sharp", "g", "KXT", f"s{number}", DenialReason.SPREAD, "5", "4", now
        )
        return [signal, denied]
    facts: list[Fact] = [
        signal,
        OrderApproved(order, now),
        OrderSubmitted(order, Nanos(at + 1), now),
        OrderRested(f"o{number}", "sharp", "KXT", BookSide.BID, Price(5_000), Count(100), Count(300), 5, now),
        QueueMoved(f"o{number}", Count(300), Count(120), f"t{number}", Nanos(at + 2)),
    ]
    if number % 3 == 1:
        cancelled = OrderCancelled(
            f"o{number}", "sharp", "KXT", Count(100), CancelReason.EXPIRED, Nanos(at + 3)
        )
        return [*facts, cancelled]
    for part, remaining in (("a", 60), ("b", 0)):
        facts += _filled(
            order, part, Count(100 - remaining - (40 if remaining == 0 else 0)), Count(remaining)
        )
    return facts


def _filled(order: PlaceOrder, part: str, count: Count, remaining: Count) -> list[Fact]:
    at = Nanos(order.decided_at + 4)
    evidence = FillEvidence(
        "print",
        f"t{order.order_id}",
        order.price,
        Count(500),
        1,
        1,
        9,
        5_000,
        Count(120),
        Count(0),
        at,
        at,
        "0",
    )
    fill = f"{order.order_id}{part}"
    cost, fee = order.price * count, 3_500
    moved = {"cash:sharp": -cost - fee, "collateral:sharp:KXT": cost, "fees:sharp": fee}
    done = Count(order.count - remaining)
    return [
        OrderFilled(
            fill, order.order_id, "sharp", "g", "KXT", order.side, order.price, count, Liquidity.MAKER,
            Money(fee), Money(fee), remaining, evidence, None, at,
        ),
        _posted(f"l{fill}", fill, moved, at),
        BandMoved(
            order.order_id, "sharp", "KXT", Count(0), done, done, Money(0), Money(-cost), Money(-cost), at
        ),
    ]  # fmt: skip


def _posted(entry: str, cause: str, moved: dict[str, int], at: int) -> LedgerPosted:
    postings = tuple(Posting(account, Money(amount)) for account, amount in moved.items())
    return LedgerPosted(entry, "sharp", cause, postings, Nanos(at))


def place(facts: list[Fact], first: int = 1) -> list[Placed]:
    """Number facts; those of the same moment come of one input."""
    return [Placed(seq, fact.at, "exchange", fact) for seq, fact in enumerate(facts, first)]


# Every kind of fact at random: made from the annotations, so that a new fact is covered when it is added.

WHOLE = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def values_of(hint: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401
    """Any value of an annotation."""
    simple: dict[Any, st.SearchStrategy[Any]] = {
        int: WHOLE, str: TEXT, float: FINITE, bool: st.booleans(), type(None): st.none(),
    }  # fmt: skip
    hint = getattr(hint, "__supertype__", hint)
    if hint in simple:
        return simple[hint]
    if get_origin(hint) in (Union, UnionType):
        return st.one_of([values_of(part) for part in get_args(hint)])
    if get_origin(hint) is tuple:
        parts = get_args(hint)
        if parts[-1] is Ellipsis:
            return st.lists(values_of(parts[0]), max_size=3).map(tuple)
        return st.tuples(*[values_of(part) for part in parts])
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(list(hint))
    return instances(hint)


def instances(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Any instance of an attrs class."""
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: values_of(hints[field.name]) for field in attrs.fields(kind)})


ANY_FACT = st.one_of([instances(kind) for kind in FACTS.values()])


@pytest.fixture(scope="session")
def any_fact() -> st.SearchStrategy[Fact]:
    return ANY_FACT


@pytest.fixture
def small_evening() -> list[Placed]:
    return place(evening(7))


@pytest.fixture
def make_evening() -> Callable[[int], list[Placed]]:
    return lambda bets: place(evening(bets))


@pytest.fixture(scope="session")
def _empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "tipoff.db"
    schema.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def file(tmp_path: Path, _empty_file: Path) -> Path:
    """A new SQLite database, upgraded."""
    return Path(shutil.copy(_empty_file, tmp_path / "tipoff.db"))


@pytest.fixture
def lite(file: Path) -> str:
    """The address of a new SQLite database."""
    return f"sqlite:///{file}"


@pytest.fixture
def bare_server() -> Iterator[str]:
    """The address of an empty schema of the PostgreSQL server; skips where there is none."""
    name = f"t{uuid.uuid4().hex[:16]}"
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL server: {error}")
    server.execute(f"CREATE SCHEMA {name}")
    try:
        yield f"{SERVER}?options=-csearch_path%3D{name}"
    finally:
        server.execute(f"DROP SCHEMA {name} CASCADE")
        server.close()


@pytest.fixture
def served(bare_server: str) -> str:
    """The address of a schema with our tables on the PostgreSQL server."""
    schema.upgrade(bare_server)
    return bare_server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of either kind with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'bare.db'}"
    return str(request.getfixturevalue("bare_server"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """The address of a new database of either kind."""
    return str(request.getfixturevalue("lite" if request.param == "sqlite" else "served"))


@pytest.fixture
def opened() -> Iterator[Callable[..., JournalWriter]]:
    """Opens writers that are closed when the test ends."""
    writers: list[JournalWriter] = []

    def open_(url: str, run: str = "evening", options: Options | None = None) -> JournalWriter:
        writers.append(JournalWriter(url, run, options))
        return writers[-1]

    yield open_
    for writer in writers:
        writer.close()
