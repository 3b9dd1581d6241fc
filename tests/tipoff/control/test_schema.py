"""What is declared is answered, described and typed, and nothing else is.

Covers: tipoff.control.registry, tipoff.control.method_file, tipoff.control.endpoint,
tipoff.control.parameters.
"""

from pathlib import Path

import attrs
import pytest

from tipoff.control import operations, queries
from tipoff.control.context import Call, CallContext
from tipoff.control.endpoint import Endpoints, by_name
from tipoff.control.method import Method
from tipoff.control.method_file import methods_in, text_of
from tipoff.control.parameters import Param
from tipoff.control.permissions import Level
from tipoff.control.queries import tables
from tipoff.control.registry import METHODS
from tipoff.control.schema import ENDPOINTS, files, schema
from tipoff.exit_codes import Exit

RAIN = Method(
    name="rain.stop",
    line="Let it rain no more.",
    help="Let it rain no more – today.",
    level=Level.ADMIN,
    params=(
        Param(name="cloud", place=True, typed="CLOUD", upper=True, help="One cloud."),
        Param(name="kind", choices=("wet", "dry"), default="wet", unsaid="wet", switch="dry"),
        Param(name="hours", kind="whole", low=2, high=9, default=3, required=True),
    ),
    one_of=("cloud", "hours"),
    always=True,
    command=False,
    also="end",
    shows="rain",
    not_running=Exit.NOT_RUNNING_STATUS,
)


def test_every_method_of_the_registry_is_answered_and_no_other() -> None:
    assert list(ENDPOINTS) == list(METHODS)
    assert {name: endpoint.method for name, endpoint in ENDPOINTS.items()} == METHODS


def test_what_is_made_of_the_declarations_is_written_down_as_they_are(root: Path) -> None:
    folder = root / "tipoff" / "control"
    assert {name: (folder / name).read_text("utf-8") for name in files()} == files()


def test_whatever_a_method_says_of_itself_can_be_written_down_and_read_again() -> None:
    for described in (Method, Param):
        said = RAIN if described is Method else [*RAIN.params]
        every = said if isinstance(said, list) else [said]
        for field in attrs.fields(described):
            assert any(getattr(each, field.name) != field.default for each in every) or field.name == "kind"
    assert methods_in(text_of([RAIN])) == {"rain.stop": RAIN}
    assert methods_in(text_of(METHODS.values())) == METHODS


def test_a_method_is_declared_in_one_place_with_what_answers_it() -> None:
    declared = Endpoints()

    @declared.answers(RAIN)
    async def rain_stop(_context: CallContext, _call: Call) -> Level:
        return Level.READ

    (endpoint,) = declared
    assert (endpoint.method, endpoint.handler, endpoint.result) == (RAIN, rain_stop, Level)
    assert by_name(declared) == {"rain.stop": endpoint}


def test_a_name_that_is_declared_twice_is_refused_with_both_places() -> None:
    declared = Endpoints()
    declared.add(METHODS["schema"], schema, object)
    declared.add(METHODS["schema"], schema, object)
    with pytest.raises(ValueError, match="schema is declared twice, in tipoff"):
        by_name(declared)


def test_what_changes_something_stands_with_the_operations_and_the_rest_with_the_queries() -> None:
    assert all(endpoint.method.mutates for endpoint in operations.ENDPOINTS)
    assert not any(endpoint.method.mutates for endpoint in queries.ENDPOINTS)
    assert len(ENDPOINTS) == len((*queries.ENDPOINTS, *operations.ENDPOINTS)) + 1
    assert not METHODS["schema"].mutates


def test_what_answers_a_method_has_its_name() -> None:
    made = [endpoint.method.name for endpoint in tables.ENDPOINTS]
    named = {name: endpoint.handler for name, endpoint in ENDPOINTS.items() if name not in made}
    assert {name: handler.__name__ for name, handler in named.items()} == {
        name: name.replace(".", "_") for name in named
    }
    assert ENDPOINTS["schema"].handler is schema
