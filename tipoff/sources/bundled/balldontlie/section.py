"""What can be set of balldontlie, and within which bounds: the section `[balldontlie]` of `engine.toml`."""

from collections.abc import Iterator
from typing import Literal

import attrs

from tipoff.config.fields import Secrecy, between, secret, setting
from tipoff.config.sections import http_url
from venues.balldontlie.tiers import TIER_OF_WORD, TIERS

MINUTE_MS = 60_000


@attrs.frozen(kw_only=True)
class BalldontlieSection:
    """Box scores and sportsbook odds. Without a key there are neither, and the engine says so."""

    url: str = setting("https://api.balldontlie.io", "the service", check=http_url)
    tier: Literal["auto", "free", "all_star", "goat"] = secret(
        Secrecy.ABOUT,
        "auto",
        "tier of the key; `auto` finds out; odds and box scores need `goat`",
    )
    key_file: str = secret(
        Secrecy.FILE,
        "",
        "API key: a name in $CREDENTIALS_DIRECTORY, or a path; readable by the owner only; empty: no key",
    )
    games_poll_ms: int = setting(
        15_000, "pause between two polls of the day's games", unit="ms", check=between(1_000, 3_600_000)
    )
    box_score_poll_ms: int = setting(
        5_000, "pause between two polls of live box scores", unit="ms", check=between(1_000, 600_000)
    )
    odds_poll_ms: int = setting(
        10_000, "pause between two polls of the odds", unit="ms", check=between(1_000, 3_600_000)
    )
    idle_poll_ms: int = setting(
        60_000, "pause between two polls while no game is near", unit="ms", check=between(1_000, 3_600_000)
    )

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """A tier needs a key, and polls must fit into it."""
        if not self.key_file and self.tier != "auto":
            yield "tier", f"is {self.tier!r}, but there is no key_file"
        tier = TIER_OF_WORD.get(self.tier)
        if tier is None:
            return
        per_minute, polls = TIERS[tier].requests_per_minute, MINUTE_MS / self.games_poll_ms
        if polls > per_minute:
            yield "games_poll_ms", f"asks {polls:.0f} times a minute; tier {self.tier!r} allows {per_minute}"
