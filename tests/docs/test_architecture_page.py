"""The tree that the manual draws is the tree that a live engine starts.

Covers: tipoff.runs.from_config, tipoff.runs.settings, tipoff.wiring.
"""

import re
from collections.abc import Iterator

from actors.runtime import AnySpec, SupervisorSpec
from docs.outline import drawn, live_tree, source_specs


def names(spec: AnySpec) -> Iterator[str]:
    """The names of a tree from top to bottom."""
    yield spec.name
    if isinstance(spec, SupervisorSpec):
        for child in spec.children:
            yield from names(child)


def test_every_actor_is_drawn_once_and_in_its_order() -> None:
    shown = [found[1] for line in drawn().splitlines() if (found := re.match(r"[│├└─ ]*(\w+)", line))]
    assert shown == list(names(live_tree()))


def test_the_actors_of_the_connections_are_drawn_too() -> None:
    assert {"feed_edge", "discovery", "nba_poller", "odds_poller"} <= {spec.name for spec in source_specs()}


def test_a_parking_supervisor_says_so() -> None:
    parking = [line for line in drawn().splitlines() if "parks the child" in line]
    assert [line.strip("│├└─ ").split()[0] for line in parking] == ["strategies", "edge"]
