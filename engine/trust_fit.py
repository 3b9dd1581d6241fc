"""What is believed of each source of opinion without a calibration of one's own.

Read by the configuration. Written by `python -m benchmarks.win_probability.trust FOLDER --write`: slopes of
the price's move over ten minutes on the gap, from the price a minute after the opinion on, intervals by game. A
source that is not named here said nothing on these games, so nothing supports it.
"""

from typing import Final

from engine.trust import Source, Trust, table_of

ORIGIN: Final = "27 playoff games of 2025 and candles of 23 more, scores 30 s late"

ESTIMATED: Final[dict[Source, Trust]] = {
    Source.WIN_PROBABILITY: Trust(0.113, -0.184, 0.496, 22, 484, ORIGIN),
    Source.SCORING_RUN: Trust(-0.067, -1.595, 1.333, 9, 12, ORIGIN),
    Source.PRICE_MOVE: Trust(-0.005, -0.122, 0.129, 48, 1423, ORIGIN),
}

SHIPPED: Final = table_of(ESTIMATED)
