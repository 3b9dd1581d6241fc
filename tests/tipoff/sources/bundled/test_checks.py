"""The doctor reckons whether the configured polls fit into what the keys allow, at the limit and beyond.

Covers: tipoff.sources.bundled.kalshi.checks, tipoff.sources.bundled.balldontlie.checks.
"""

from pathlib import Path
from typing import Any

import attrs
import pytest

from tipoff.config.load import Config, template
from tipoff.doctor.checks import budgets
from tipoff.runs.from_config import schema
from tipoff.sources.bundled.balldontlie.checks import demand, tier_findings
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.bundled.kalshi import checks as kalshi_checks
from tipoff.sources.bundled.kalshi.section import KalshiSection
from tipoff.sources.findings import Finding
from venues.balldontlie.tiers import SHARE_USED, TIERS, Tier


@pytest.fixture
def config() -> Config:
    return template(schema())


def polling(config: Config, **pauses: Any) -> Config:  # noqa: ANN401 - pauses of any poll
    """Other pauses between the polls of balldontlie."""
    return config.with_sources(attrs.evolve(config.section(BalldontlieSection), **pauses))


def budget(config: Config, tier: Tier) -> Finding:
    (found,) = [
        each
        for each in tier_findings(config.section(BalldontlieSection), tier, "configured")
        if each.check == "budget"
    ]
    return found


def test_the_demand_is_what_each_tier_is_asked_for(config: Config) -> None:
    """15 s, 5 s and 10 s; odds by two dates."""
    assert attrs.astuple(demand(config.section(BalldontlieSection), Tier.GOAT)) == (4.0, 12.0, 12.0)
    assert attrs.astuple(demand(config.section(BalldontlieSection), Tier.ALL_STAR)) == (4.0, 0.0, 0.0)


@pytest.mark.parametrize("tier", list(Tier))
def test_the_defaults_fit_into_every_tier(config: Config, tier: Tier) -> None:
    assert budget(config, tier).state == "ok"


@pytest.mark.parametrize("tier", [Tier.FREE, Tier.ALL_STAR])
def test_polls_fit_up_to_the_budget_and_one_beyond_is_told_with_pauses_that_fit(
    config: Config, tier: Tier
) -> None:
    granted = TIERS[tier].requests_per_minute * SHARE_USED
    at_limit = -int(-60_000 / granted // 1)
    assert budget(polling(config, games_poll_ms=at_limit), tier).state == "ok"
    beyond = budget(polling(config, games_poll_ms=at_limit - 2), tier)
    assert beyond.state == "warn"
    assert f"games_poll_ms to {at_limit}" in beyond.fix


def test_the_pauses_that_are_advised_do_fit(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best tier has room for the shortest pauses that can be configured, so here it has less."""
    monkeypatch.setitem(TIERS, Tier.GOAT, attrs.evolve(TIERS[Tier.GOAT], requests_per_minute=100))
    hasty = polling(config, games_poll_ms=1_000, box_score_poll_ms=1_000, odds_poll_ms=1_000)
    found = budget(hasty, Tier.GOAT)
    assert found.state == "warn"
    advised = dict(part.split(" to ") for part in found.fix.split("] ")[1].split(", or")[0].split(", "))
    pauses = {key: int(pause) for key, pause in advised.items()}
    assert budget(polling(config, **pauses), Tier.GOAT).state == "ok"
    assert set(pauses) == {"games_poll_ms", "box_score_poll_ms", "odds_poll_ms"}


def test_a_tier_is_found_out_later_configured_or_not_asked_for(config: Config, tmp_path: Path) -> None:
    assert [each.check for each in budgets(config)] == ["budget"]
    keyed = attrs.evolve(config.section(BalldontlieSection), key_file=str(tmp_path / "key"))
    auto = list(budgets(config.with_sources(keyed)))
    assert "--network asks now" in auto[1].detail
    free = config.with_sources(attrs.evolve(keyed, tier="free"))
    states = [(each.check, each.state) for each in budgets(free)]
    assert states == [("budget", "ok"), ("tier", "warn"), ("budget", "ok")]


@pytest.mark.parametrize(
    ("key_id", "asked", "state"),
    [("me", 20.0, "ok"), ("me", 20.1, "warn"), ("", 3.0, "ok"), ("", 3.1, "warn")],
)
def test_kalshi_is_asked_no_more_than_it_grants(
    config: Config, key_id: str, asked: float, state: str
) -> None:
    name = "reads_per_second" if key_id else "reads_per_second_keyless"
    changes: dict[str, Any] = {"key_id": key_id, name: asked}
    kalshi = attrs.evolve(config.section(KalshiSection), **changes)
    (found,) = kalshi_checks.budget(kalshi)
    assert found.state == state
    assert bool(found.fix) == (state == "warn")


@pytest.mark.parametrize(("poll_ms", "state"), [(500, "ok"), (499, "warn")])
def test_books_are_polled_no_faster_than_requests_are_granted(
    config: Config, poll_ms: int, state: str
) -> None:
    kalshi = attrs.evolve(config.section(KalshiSection), reads_per_second_keyless=2.0, poll_ms=poll_ms)
    assert [each.state for each in kalshi_checks.budget(kalshi)] == [state]
