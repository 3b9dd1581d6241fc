"""What the tests of the runtime share: one script for all actors of a test, and short ways to make trees."""

from collections.abc import Callable

import pytest

from actors.runtime import ChildSpec, SupervisorSpec, VirtualSystem
from engine.restart_policy import NO_BACKOFF
from tests.actors.runtime.fakes import Script, player

MakeSpec = Callable[..., ChildSpec]
MakeTree = Callable[..., SupervisorSpec]
MakeSystem = Callable[..., VirtualSystem]


@pytest.fixture
def script() -> Script:
    """What all actors of this test do, and what happened to them."""
    return Script()


@pytest.fixture
def spec(script: Script) -> MakeSpec:
    """A child of the given name that obeys the test's script."""

    def make(name: str, **settings: object) -> ChildSpec:
        settings.setdefault("factory", player(name, script))
        return ChildSpec(name=name, **settings)  # type: ignore[arg-type]

    return make


@pytest.fixture
def tree(spec: MakeSpec) -> MakeTree:
    """A supervisor over the given children (names, or specs), which restarts at once."""

    def make(*children: object, **settings: object) -> SupervisorSpec:
        settings.setdefault("name", "root")
        settings.setdefault("backoff", NO_BACKOFF)
        specs = [spec(child) if isinstance(child, str) else child for child in children]
        return SupervisorSpec(children=tuple(specs), **settings)  # type: ignore[arg-type]

    return make


@pytest.fixture
def system(tree: MakeTree) -> MakeSystem:
    """A started virtual system over the given children."""

    def make(*children: object, **settings: object) -> VirtualSystem:
        made = VirtualSystem(tree(*children, **settings))
        made.start()
        return made

    return make
