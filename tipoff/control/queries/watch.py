"""Watching: what may be wished for. What a watcher is then told comes from `tipoff.control.watching`."""

from typing import Final

import attrs

from tipoff.control.context import Call, CallContext
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.parameters import Param, Params

ENDPOINTS = Endpoints()

HZ_MAX: Final = 10
"""So often a second a watcher may be told something."""

JOURNAL: Final = "journal"

TOPIC_NAMES: Final = (
    "status",
    "games",
    "markets",
    "strategies",
    "positions",
    "orders",
    "fills",
    "signals",
    "pnl",
    "actors",
    JOURNAL,
)
"""What can be watched."""


@attrs.frozen(kw_only=True)
class Watching:
    """What is watched from now on; notifications follow, and nothing else."""

    topics: tuple[str, ...]
    hz: int


@ENDPOINTS.answers(
    Method(
        name="watch",
        line="See what changes, as it changes.",
        help="Tell what changes, line by line, until you end it: rows of the tables when they are other "
        "ones, facts as they are committed. It only looks, and whoever reads slowly is told less often.",
        params=(
            Param(
                name="topics",
                kind="names",
                choices=TOPIC_NAMES,
                unsaid="all but journal",
                help="What to watch.",
            ),
            Param(
                name="hz",
                kind="whole",
                high=HZ_MAX,
                unsaid=str(HZ_MAX),
                help="Be told at most so often a second.",
            ),
            Param(
                name="since",
                kind="whole",
                low=0,
                high=2**53 - 1,
                help="With journal: the last fact's number that is known. Those after it are told first, "
                "the newest 1,000 at most.",
            ),
        ),
    )
)
async def watch(_context: CallContext, call: Call) -> Watching:
    """Say what is watched; the server does the rest."""
    return watching_of(call.params)


def watching_of(params: Params) -> Watching:
    """What is wanted, with what holds where nothing is said."""
    topics = params.names("topics") or tuple(name for name in TOPIC_NAMES if name != JOURNAL)
    return Watching(topics=tuple(dict.fromkeys(topics)), hz=params.whole("hz", HZ_MAX))
