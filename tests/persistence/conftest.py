"""What the tests of storage share: a database of each kind, an evening of facts, every fact at random."""

import enum
import shutil
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import attrs
import pytest
from hypothesis import strategies as st

from engine.facts import FACTS, Fact
from persistence import schema_upgrade
from persistence.writer import JournalWriter, Options
from tests.persistence.evenings import Placed, evening, place
from tests.persistence.servers import empty_schema

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
    schema_upgrade.upgrade(f"sqlite:///{file}")
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
    with empty_schema() as address:
        yield address


@pytest.fixture
def served(bare_server: str) -> str:
    """The address of a schema with our tables on the PostgreSQL server."""
    schema_upgrade.upgrade(bare_server)
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
