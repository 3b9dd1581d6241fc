"""What the score service is asked about a past day, by what the key turns out to allow."""

from pathlib import Path

from tests.tipoff.download.conftest import FIRST, LAST, Venues, downloaded
from venues.balldontlie.tiers import Tier
from venues.simulator.balldontlie.rest import Tier as ServedTier
from venues.simulator.world.history import History


def paths(venues: Venues) -> set[str]:
    """What of the score service was asked."""
    return {target.partition("?")[0] for target in venues.asked if target.startswith("/nba")}


async def test_the_best_plan_is_asked_for_everything(venues: Venues, tmp_path: Path) -> None:
    await downloaded(venues, tmp_path, days=(FIRST, FIRST), scores=venues.scores())
    assert paths(venues) == {
        "/nba/v1/games",
        "/nba/v1/box_scores",
        "/nba/v1/plays",
        "/nba/v2/odds",
        "/nba/v2/odds/opening",
    }


async def test_a_free_plan_is_asked_for_games_only(venues: Venues, tmp_path: Path) -> None:
    await downloaded(venues, tmp_path, days=(FIRST, FIRST), scores=venues.scores(Tier.FREE))
    assert paths(venues) == {"/nba/v1/games"}


async def test_what_a_plan_refuses_is_asked_for_once_and_told_once(history: History, tmp_path: Path) -> None:
    venues = Venues(history, served=ServedTier.FREE)
    refused: list[str] = []
    days = await downloaded(venues, tmp_path, scores=venues.scores(Tier.GOAT, refused.append))
    assert len(refused) == len(set(refused)) == 4
    assert not any("a-secret-key" in words for words in refused)
    assert sum(target.startswith("/nba/v1/box_scores") for target in venues.asked) == 1
    assert all("balldontlie-games" in day.lines for day in days)
    assert days[-1].day == LAST


async def test_plays_are_asked_of_the_games_that_are_downloaded(venues: Venues, tmp_path: Path) -> None:
    listing = venues.history.evenings[0].world.games[0].listing
    await downloaded(venues, tmp_path, "BOS@SOMEBODY", days=(FIRST, FIRST), scores=venues.scores())
    assert paths(venues) == set()
    await downloaded(venues, tmp_path, listing.home.code, days=(FIRST, FIRST), scores=venues.scores())
    assert [target for target in venues.asked if "plays" in target] == [
        f"/nba/v1/plays?game_id={listing.bdl_id}"
    ]
