"""How long to wait before the next attempt: full jitter, so that a thousand clients do not come back as one.

Used by `venues.transport.client` and the reconnecting stream. Pure: the draw comes in.
"""

EXPONENT_MAX = 40


def full_jitter_s(attempt: int, draw: float, base_s: float, cap_s: float) -> float:
    """Seconds before attempt number `attempt` + 1, anywhere from 0 to the doubled and capped base.

    `draw` is in [0, 1). AWS's "full jitter": the mean grows like the backoff, the spread is the whole range.
    """
    return float(draw * min(cap_s, base_s * 2 ** min(attempt, EXPONENT_MAX)))
