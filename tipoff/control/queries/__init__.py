"""The methods that only look; each module declares its own with what answers them.

All but `book`, `risk`, `status` and `health` read from the observer alone; those ask the game or the risk
gate too, because only they know, and cost one message.
"""

from tipoff.control.queries import (
    actor_tree,
    books,
    charts,
    history,
    limits,
    overview,
    process,
    tables,
    watch,
)

ENDPOINTS = (
    *overview.ENDPOINTS,
    *actor_tree.ENDPOINTS,
    *tables.ENDPOINTS,
    *books.ENDPOINTS,
    *limits.ENDPOINTS,
    *history.ENDPOINTS,
    *watch.ENDPOINTS,
    *charts.ENDPOINTS,
    *process.ENDPOINTS,
)
"""In the manual's order."""
