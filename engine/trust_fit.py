"""What is believed of each source of opinion without a calibration of one's own.

Read by the configuration. Written by `python -m benchmarks.win_probability.trust FOLDER --write`: slopes of
the price's move on the gap, from a minute after the opinion to ten minutes after it, intervals by game. A
source that is not named here said nothing on these games, so nothing supports it.
"""

from typing import Final

from engine.trust import Source, Trust, table_of

ORIGIN: Final = "27 playoff games of 2025 and candles of 23 more, scores 30 s late"

ESTIMATED: Final[dict[Source, Trust]] = {
    Source.WIN_PROBABILITY: Trust(0.053, -0.388, 0.494, 22, 381, ORIGIN),
    Source.SCORING_RUN: Trust(-0.061, -2.542, 2.420, 10, 13, ORIGIN),
    Source.PRICE_MOVE: Trust(-0.033, -0.170, 0.105, 48, 1375, ORIGIN),
}

SHIPPED: Final = table_of(ESTIMATED)
