"""What a key of balldontlie may do, and how often: its tiers, as published by the vendor."""

from enum import Enum
from typing import Final

import attrs

from engine.token_bucket import TokenBucket
from engine.units import NANOS_PER_MINUTE, Nanos

SHARE_USED = 0.9
"""Nine tenths of the published limit, because the vendor counts in a window whose edges we do not know."""


class Tier(Enum):
    """What a key may do."""

    FREE = "free"
    ALL_STAR = "all-star"
    GOAT = "goat"


@attrs.frozen
class TierTerms:
    """A tier's rate limit, its endpoints, and in words what is missing from it."""

    requests_per_minute: int
    box_scores: bool
    odds: bool
    lost: str

    def bucket(self, now: Nanos) -> TokenBucket:
        """A full bucket; a burst is a tenth of the budget, at least one."""
        used = max(1, int(self.requests_per_minute * SHARE_USED))
        return TokenBucket.full(used, NANOS_PER_MINUTE, max(1, used // 10), now)


TIERS: dict[Tier, TierTerms] = {
    Tier.FREE: TierTerms(5, False, False, "no live box scores, no odds: scores from /games every 15 s"),
    Tier.ALL_STAR: TierTerms(60, False, False, "no live box scores, no odds: scores from /games every 3 s"),
    Tier.GOAT: TierTerms(600, True, True, "nothing"),
}

TIER_OF_WORD: Final = {tier.name.lower(): tier for tier in Tier}
"""Tiers by their words in `engine.toml`; `auto` is none of them."""
