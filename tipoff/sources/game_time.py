"""When a game is near: from shortly before the tip until it is over, or must be."""

from typing import Final

from engine.units import NANOS_PER_MINUTE

SCORES_BEFORE_NS: Final = 15 * NANOS_PER_MINUTE
"""From so long before the tip-off scores are asked for at their full pace."""

ODDS_BEFORE_NS: Final = 180 * NANOS_PER_MINUTE
GAME_NS_MAX: Final = 6 * 60 * NANOS_PER_MINUTE
"""So long after the tip a game counts as over, even if no source has reported the final."""
