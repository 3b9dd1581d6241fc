"""The methods that change something: each is one operation of an actor or of the process.

What they come to is journaled with the peer's user id, in the same commit as its effect where actors are
concerned. Each module declares its own with what answers them.
"""

from tipoff.control.operations import actors, games, halts, limits, orders, process, strategies

ENDPOINTS = (
    *halts.ENDPOINTS,
    *orders.ENDPOINTS,
    *strategies.ENDPOINTS,
    *limits.ENDPOINTS,
    *actors.ENDPOINTS,
    *games.ENDPOINTS,
    *process.ENDPOINTS,
)
"""In the manual's order."""
