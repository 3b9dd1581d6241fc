"""Every metric of the daemon, in the groups that fail by themselves.

A metric is one row: how it is called, what it means, and where its number is read.
"""

from collections.abc import Iterable
from typing import Final

from tipoff.metrics.engine_view import EngineView
from tipoff.metrics.family import Family, Group, counter_by, gauge, gauge_by
from tipoff.metrics.process_families import ACTORS, LOOP, PROCESS, RUNTIME
from tipoff.metrics.trading_families import JOURNAL, MARKET, SOURCES, TRADING

# A table: a metric is a row of one line or two.
# fmt: off
COLLECTORS: Final[tuple[Family, ...]] = (
    gauge_by("collector_up", "Whether a group of metrics could be made for this answer.", "collector",
        lambda view: view.collectors.up),
    counter_by("collector_failures", "How often a group of metrics could not be made.", "collector",
        lambda view: view.collectors.failures),
    gauge("exposition_seconds", "How long the last answer took to make.",
        lambda view: view.collectors.took_s),
)

# fmt: on

GROUPS: Final = (
    Group("process", "The process", PROCESS),
    Group("loop", "The loop", LOOP),
    Group("actors", "Actors", ACTORS, EngineView.count_actors),
    Group("runtime", "The runtime", RUNTIME),
    Group("sources", "Sources", SOURCES),
    Group("market", "The market feed", MARKET),
    Group("journal", "Journal and recording", JOURNAL),
    Group("trading", "Trading", TRADING),
)

COLLECTOR_GROUP: Final = Group("collectors", "The metrics themselves", COLLECTORS)
"""What became of the others, so it is read last."""


def all_families() -> Iterable[Family]:
    """Every metric in the order in which it is shown."""
    return (family for group in (*GROUPS, COLLECTOR_GROUP) for family in group.families)


def series_names() -> frozenset[str]:
    """Every name that an expression may use, those of histograms' parts among them."""
    names = set()
    for family in all_families():
        parts = ("_bucket", "_sum", "_count") if family.kind == "histogram" else ("",)
        names |= {family.name + part for part in parts}
    return frozenset(names)
