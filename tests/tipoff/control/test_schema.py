"""What is described is answered, and what is answered is described."""

from tipoff.control import operations, queries
from tipoff.control.registry import METHODS
from tipoff.control.schema import HANDLERS, RESULTS, schema


def test_every_method_of_the_registry_is_answered_and_no_other() -> None:
    assert set(HANDLERS) == set(METHODS) == set(RESULTS)


def test_what_changes_something_stands_with_the_operations_and_the_rest_with_the_queries() -> None:
    assert {name for name, method in METHODS.items() if method.mutates} == set(operations.HANDLERS)
    assert set(queries.HANDLERS) == {name for name, each in METHODS.items() if not each.mutates} - {"schema"}


def test_what_answers_a_method_has_its_name() -> None:
    named = {name: handler for name, handler in HANDLERS.items() if name not in queries.TABLES}
    assert {name: handler.__name__ for name, handler in named.items()} == {
        name: name.replace(".", "_") for name in named
    }
    assert HANDLERS["schema"] is schema
