"""What `tipoff doctor` wants to know of balldontlie: do the polls fit into the tier, and is it there.

Named by the record. The engine never asks faster than its budget; polls that do not fit come later than
configured.
"""

from collections.abc import Iterator
from typing import Final

import attrs

from engine.calendar import eastern_date
from engine.leagues import LEAGUES
from engine.units import Nanos
from tipoff.sources.asking import Asking, reachable
from tipoff.sources.bundled.balldontlie.section import MINUTE_MS, BalldontlieSection
from tipoff.sources.bundled.balldontlie.source import Key
from tipoff.sources.findings import Finding
from venues.balldontlie.rest import Dependencies, detect_tier
from venues.balldontlie.tiers import SHARE_USED, TIER_OF_WORD, TIERS, Tier
from venues.errors import CredentialsRefused, VenueError
from venues.transport.client import RetryPolicy

PATIENCE: Final = RetryPolicy(attempts_max=1)

DATES_MAX: Final = 2
"""Odds are asked for by date: today's, and yesterday's until the last game is over."""


@attrs.frozen
class Demand:
    """Requests a minute while games are played."""

    games: float
    box_scores: float
    odds: float

    @property
    def total(self) -> float:
        """All together."""
        return self.games + self.box_scores + self.odds


def demand(section: BalldontlieSection, tier: Tier) -> Demand:
    """What the polls ask a minute; what a tier does not give is not asked for."""
    terms = TIERS[tier]
    return Demand(
        games=MINUTE_MS / section.games_poll_ms,
        box_scores=MINUTE_MS / section.box_score_poll_ms if terms.box_scores else 0.0,
        odds=DATES_MAX * MINUTE_MS / section.odds_poll_ms if terms.odds else 0.0,
    )


def budget(section: BalldontlieSection) -> Iterator[Finding]:
    """The tier and its budget as far as the configuration tells them."""
    if not section.key_file:
        return
    tier = TIER_OF_WORD.get(section.tier)
    if tier is None:
        detail = "tier of balldontlie's key: found out at the start (balldontlie.tier is auto)"
        yield Finding("tier", "ok", f"{detail}; --network asks now")
    else:
        yield from tier_findings(section, tier, "configured")


def tier_findings(section: BalldontlieSection, tier: Tier, how: str) -> Iterator[Finding]:
    """What a tier loses, and whether the polls fit into it."""
    terms = TIERS[tier]
    detail = f"balldontlie's key is of tier {tier.value} ({how})"
    if tier is Tier.GOAT:
        yield Finding("tier", "ok", detail)
    else:
        fix = "strategies of odds do not trade with it: get tier goat, or switch them off"
        yield Finding("tier", "warn", f"{detail}: {terms.lost}", fix)
    asked, granted = demand(section, tier).total, terms.requests_per_minute * SHARE_USED
    detail = f"balldontlie is asked {asked:.1f} times a minute, of {granted:.1f} of tier {tier.value}"
    if asked <= granted:
        yield Finding("budget", "ok", detail)
        return
    yield Finding(
        "budget", "warn", f"{detail}: polls will come later than configured", _slower(section, tier)
    )


def _slower(section: BalldontlieSection, tier: Tier) -> str:
    """Pauses with which everything fits: all of them longer by the same factor."""
    terms = TIERS[tier]
    factor = demand(section, tier).total / (terms.requests_per_minute * SHARE_USED)
    named = {"games_poll_ms": section.games_poll_ms}
    if terms.box_scores:
        named["box_score_poll_ms"] = section.box_score_poll_ms
    if terms.odds:
        named["odds_poll_ms"] = section.odds_poll_ms
    longer = ", ".join(f"{key} to {-int(-pause * factor // 1)}" for key, pause in named.items())
    return f"set in [balldontlie] {longer}, or get a higher tier"


async def service(section: BalldontlieSection, key: Key | None, asking: Asking) -> list[Finding]:
    """Whether it answers, and what the key may do."""
    # Without a key it refuses us, and shows by that that it can be reached.
    findings = await reachable("balldontlie", section.url, f"{LEAGUES[0].path}/v1/teams", asking)
    if key is not None and findings[0].state == "ok":
        findings += await _tier(section, key, asking)
    return findings


async def _tier(section: BalldontlieSection, key: Key, asking: Asking) -> list[Finding]:
    """What the key may do, by asking for what only the better tiers are given."""
    wall, date = asking.wall, eastern_date(Nanos(asking.wall())).isoformat()
    given = Dependencies(on_body=lambda _what, _body: (), wall=wall, draw=lambda: 0.5, retry=PATIENCE)
    try:
        async with asking.connect(section.url) as http:
            tier = await detect_tier(http, key.text, given, date)
    except CredentialsRefused as error:
        return [Finding("keys", "fail", f"balldontlie: {error}", "put a valid key into its file")]
    except VenueError as error:
        return [Finding("tier", "warn", f"balldontlie: {error}", "try again in a minute")]
    configured = TIER_OF_WORD.get(section.tier)
    if configured in (None, tier):
        return list(tier_findings(section, tier, "found out"))
    assert configured is not None  # noqa: S101 - for the type checker
    detail = f"balldontlie.tier is {configured.value}, the key's is {tier.value}"
    return [
        Finding("tier", "fail", detail, "set balldontlie.tier to auto, or to what the key is"),
        *tier_findings(section, tier, "found out"),
    ]
