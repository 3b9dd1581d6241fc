"""The supervision tree as the manual draws it, made from the specs of `tipoff/wiring.py`.

Called by `docs/tables.py` at every build and by the tests of the manual. It starts nothing: a spec is a
value, and drawing it needs no actor.
"""

from collections.abc import Iterator

import attrs

from actors.fact_history import FactHistory
from actors.runtime import AnySpec, Behaviour, ChildSpec, Kind, OnExcess, Restart, SupervisorSpec
from engine.restart_policy import SECOND_NS
from tipoff.config.load import template
from tipoff.runs.from_config import schema, trading_settings
from tipoff.runs.settings import parts_of
from tipoff.sources.registry import installed
from tipoff.wiring import tree

KIND_WORDS = {
    Kind.LOOP: "on the loop",
    Kind.EDGE: "on the loop, with a task for its connections",
}


def drawn() -> str:
    """The tree of a live engine with the default strategies, one actor a line."""
    lines = list(_lines(live_tree(), "", ""))
    width = max(len(left) for left, _ in lines) + 2
    return "\n".join(f"{left:<{width}}{right}".rstrip() for left, right in lines) + "\n"


def live_tree() -> SupervisorSpec:
    """The tree that a live run with the default configuration starts, its connections left out of the I/O."""
    settings = trading_settings(template(schema()), seed=1)
    parts = parts_of(settings, FactHistory(), lambda _facts: 0, lambda: 0)
    return tree(attrs.evolve(parts, sources=tuple(source_specs()), watched=True, keep_bars=list.clear))


def source_specs() -> Iterator[ChildSpec]:
    """Stand-ins for the actors of our sources, which are made once those are connected: names only."""
    for source in installed().by_name.values():
        for name in source.actors:
            yield ChildSpec(name=name, factory=_nobody, kind=Kind.EDGE, task=_nothing)


def _lines(spec: AnySpec, stem: str, branch: str) -> Iterator[tuple[str, str]]:
    yield f"{stem}{branch}{spec.name}", _about(spec)
    below = stem + {"": "", "├── ": "│   ", "└── ": "    "}[branch]
    match spec:
        case SupervisorSpec(children=children):
            for number, child in enumerate(children, 1):
                yield from _lines(child, below, "└── " if number == len(children) else "├── ")
        case ChildSpec():
            pass


def _about(spec: AnySpec) -> str:
    match spec:
        case SupervisorSpec(restarts_max=0):
            return f"{spec.strategy.value}, no restart: what reaches it ends the process"
        case SupervisorSpec():
            excess = (
                "then it parks the child" if spec.on_excess is OnExcess.QUARANTINE else "then it gives up"
            )
            dynamic = "" if spec.children else ", one actor a game, started when it is found"
            seconds = spec.period_ns // SECOND_NS
            return f"{spec.strategy.value}, {spec.restarts_max} restarts in {seconds} s, {excess}{dynamic}"
        case ChildSpec():
            seldom = "" if spec.restart is Restart.PERMANENT else f", {spec.restart.value}"
            return KIND_WORDS[spec.kind] + seldom


def _nobody() -> Behaviour:
    raise NotImplementedError("a stand-in is drawn, never started")


async def _nothing(_edge: object) -> None:
    raise NotImplementedError("a stand-in is drawn, never started")
