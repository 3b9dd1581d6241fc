"""A method of the control socket with what answers it: declared in one place, in `queries` or `operations`.

    ENDPOINTS = Endpoints()

    @ENDPOINTS.answers(Method(name="version", line="What runs."))
    async def version(context: CallContext, call: Call) -> Version: ...

What a method is called, what it takes and what it answers with stand there and nowhere else.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar, get_type_hints

import attrs

from tipoff.control.context import Handler
from tipoff.control.method import Method

H = TypeVar("H", bound=Handler)


@attrs.frozen
class Endpoint:
    """A method, the function that answers it, and the type of its answer."""

    method: Method
    handler: Handler
    result: object


class Endpoints:
    """The methods of one module, in the order in which they stand there, which is the manual's."""

    def __init__(self) -> None:
        """None is declared yet."""
        self._declared: list[Endpoint] = []

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._declared)

    def answers(self, method: Method) -> Callable[[H], H]:
        """Declare that a function answers this method; its return annotation is the answer's type."""

        def declare(handler: H) -> H:
            self.add(method, handler, get_type_hints(handler)["return"])
            return handler

        return declare

    def add(self, method: Method, handler: Handler, result: object) -> None:
        """Declare a method whose handler is made and so cannot say what it returns."""
        self._declared.append(Endpoint(method, handler, result))


def by_name(endpoints: Iterable[Endpoint]) -> dict[str, Endpoint]:
    """The endpoints by their method's name. Raises ValueError if two have the same."""
    found: dict[str, Endpoint] = {}
    for endpoint in endpoints:
        name = endpoint.method.name
        if name in found:
            places = f"{found[name].handler.__module__} and {endpoint.handler.__module__}"
            raise ValueError(f"the method {name} is declared twice, in {places}")
        found[name] = endpoint
    return found
