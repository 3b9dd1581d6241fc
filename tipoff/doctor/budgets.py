"""The part of `tipoff doctor` that reckons: do the polls that are configured fit into what the keys allow?

Called by `doctor` with the tier that the configuration names, and by `doctor_network` with the one that was
found. The engine never asks faster than its budget; polls that do not fit come later than configured. Asks
nobody and reads no key.
"""

from collections.abc import Iterator
from typing import Final

import attrs

from tipoff.config.load import Config
from tipoff.doctor.findings import Finding
from tipoff.sources.balldontlie.section import BalldontlieSection
from tipoff.sources.kalshi.section import KalshiSection
from venues.balldontlie.tiers import SHARE_USED, TIER_OF_WORD, TIERS, Tier

MINUTE_MS: Final = 60_000
KEYED_READS_PER_SECOND: Final = 20.0
"""Kalshi's Basic tier (its page on rate limits, 2026): 200 tokens a second, 10 a read."""

KEYLESS_READS_PER_SECOND: Final = 3.0
"""Undocumented; at four to five a second one request in twenty was refused."""

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


def demand(config: Config, tier: Tier) -> Demand:
    """What the polls of balldontlie ask a minute; what a tier does not give is not asked for."""
    section, terms = config.section(BalldontlieSection), TIERS[tier]
    return Demand(
        games=MINUTE_MS / section.games_poll_ms,
        box_scores=MINUTE_MS / section.box_score_poll_ms if terms.box_scores else 0.0,
        odds=DATES_MAX * MINUTE_MS / section.odds_poll_ms if terms.odds else 0.0,
    )


def configured_budgets(config: Config) -> Iterator[Finding]:
    """The budgets as far as the configuration tells them."""
    yield kalshi_budget(config)
    if config.section(BalldontlieSection).key_file:
        tier = TIER_OF_WORD.get(config.section(BalldontlieSection).tier)
        if tier is None:
            detail = "tier of balldontlie's key: found out at the start (balldontlie.tier is auto)"
            yield Finding("tier", "ok", f"{detail}; --network asks now")
        else:
            yield from tier_findings(config, tier, "configured")


def kalshi_budget(config: Config) -> Finding:
    """Whether the requests a second are those that Kalshi grants without a higher tier."""
    section, keyed = config.section(KalshiSection), bool(config.section(KalshiSection).key_id)
    key = "reads_per_second" if keyed else "reads_per_second_keyless"
    granted = KEYED_READS_PER_SECOND if keyed else KEYLESS_READS_PER_SECOND
    asked: float = getattr(section, key)
    detail = f"Kalshi is asked at most {asked:g} times a second, of {granted:g} {_with(keyed)}"
    if asked > granted:
        fix = f"set kalshi.{key} to {granted:g} or less, unless your key has a higher tier than Basic"
        return Finding("budget", "warn", detail, fix)
    if not keyed and 1_000 / section.poll_ms > asked:
        often = 1_000 / section.poll_ms
        fix = f"set kalshi.poll_ms to {1_000 / asked:.0f} or more, or get a key, which streams books"
        return Finding("budget", "warn", f"books are polled {often:g} times a second, of {asked:g}", fix)
    return Finding("budget", "ok", detail)


def tier_findings(config: Config, tier: Tier, how: str) -> Iterator[Finding]:
    """What a tier loses, and whether the polls fit into it."""
    terms = TIERS[tier]
    detail = f"balldontlie's key is of tier {tier.value} ({how})"
    if tier is Tier.GOAT:
        yield Finding("tier", "ok", detail)
    else:
        fix = "strategies of odds do not trade with it: get tier goat, or switch them off"
        yield Finding("tier", "warn", f"{detail}: {terms.lost}", fix)
    asked, granted = demand(config, tier).total, terms.requests_per_minute * SHARE_USED
    detail = f"balldontlie is asked {asked:.1f} times a minute, of {granted:.1f} of tier {tier.value}"
    if asked <= granted:
        yield Finding("budget", "ok", detail)
        return
    yield Finding("budget", "warn", f"{detail}: polls will come later than configured", _slower(config, tier))


def _slower(config: Config, tier: Tier) -> str:
    """Pauses with which everything fits: all of them longer by the same factor."""
    factor = demand(config, tier).total / (TIERS[tier].requests_per_minute * SHARE_USED)
    section, terms = config.section(BalldontlieSection), TIERS[tier]
    named = {"games_poll_ms": section.games_poll_ms}
    if terms.box_scores:
        named["box_score_poll_ms"] = section.box_score_poll_ms
    if terms.odds:
        named["odds_poll_ms"] = section.odds_poll_ms
    longer = ", ".join(f"{key} to {-int(-pause * factor // 1)}" for key, pause in named.items())
    return f"set in [balldontlie] {longer}, or get a higher tier"


def _with(keyed: bool) -> str:  # noqa: FBT001
    return "that a key of tier Basic grants" if keyed else "that are safe without a key"
