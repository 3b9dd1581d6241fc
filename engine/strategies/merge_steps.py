"""Putting steps together: a piece of news may concern many markets, and each answers for itself.

Used by the strategies of this folder.
"""

from collections.abc import Iterable

from engine.step import NOTHING, Step


def joined(steps: Iterable[Step]) -> Step:
    """One step that says all that the given ones say, in their order."""
    telling = [step for step in steps if step is not NOTHING]
    if not telling:
        return NOTHING
    if len(telling) == 1:
        return telling[0]
    return Step(
        facts=tuple(fact for step in telling for fact in step.facts),
        commands=tuple(command for step in telling for command in step.commands),
        approved=tuple(approved for step in telling for approved in step.approved),
        timers=tuple(timer for step in telling for timer in step.timers),
    )
