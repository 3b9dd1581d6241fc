"""Bounds for what was not seen: exact for bets that win or lose, never inside of the mean, and needed."""

import math
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.outcome_range import OutcomeRange
from engine.scoring.bootstrap import GAMES_MAX, GameDraws, Interval
from engine.scoring.judgement import Judgement
from engine.scoring.scores import verdict_of
from engine.scoring.unseen_results import ERROR, UnseenResults, unseen_results
from engine.tally import Band
from engine.units import MONEY_ONE, Money

SEASONS = 60


def bounds_of(results: list[float], worst: float, best: float) -> UnseenResults:
    named = {f"g{number:04}": result for number, result in enumerate(results)}
    return unseen_results({"base": named}, worst, best)["base"]


def bets(price: float, games: int, lost: int) -> list[float]:
    """What contracts at this price brought, so many of them lost."""
    return [-price] * lost + [1.0 - price] * (games - lost)


def tail(games: int, most: int, p_one: float) -> float:
    """How likely at most so many of the games are lost, if one is with this probability."""
    terms = (
        math.comb(games, each) * p_one**each * (1.0 - p_one) ** (games - each) for each in range(most + 1)
    )
    return math.fsum(terms)


@pytest.mark.parametrize(("games", "lost"), [(30, 0), (60, 1), (120, 6), (120, 60)])
def test_of_bets_that_win_or_lose_it_is_the_bound_of_clopper_and_pearson(games: int, lost: int) -> None:
    price = 0.9
    found = bounds_of(bets(price, games, lost), -price, 1.0 - price)
    # At the bound so few losses as these come in one of twenty seasons; the rest is the draws' own scatter.
    p_lost = (1.0 - price) - found.at_least
    assert tail(games, lost, p_lost) == pytest.approx(ERROR, abs=0.02)
    if lost:
        p_lost = (1.0 - price) - found.at_most
        assert 1.0 - tail(games, lost - 1, p_lost) == pytest.approx(ERROR, abs=0.02)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=12), st.floats(-60, 0), st.floats(0, 60))
def test_the_mean_lies_inside_and_the_bounds_within_the_range(
    results: list[float], worst: float, best: float
) -> None:
    found = bounds_of(results, worst, best)
    mean = math.fsum(results) / len(results)
    assert found.worst - 1e-9 <= found.at_least <= mean + 1e-9
    assert mean - 1e-9 <= found.at_most <= found.best + 1e-9
    assert found.worst == min(worst, *results)
    assert found.best == max(best, *results)


def test_more_at_stake_bounds_less_and_more_games_bound_more() -> None:
    assert bounds_of(bets(0.9, 40, 0), -5.0, 0.1).at_least < bounds_of(bets(0.9, 40, 0), -0.9, 0.1).at_least
    assert bounds_of(bets(0.9, 80, 0), -0.9, 0.1).at_least > bounds_of(bets(0.9, 40, 0), -0.9, 0.1).at_least


def test_the_bounds_follow_from_names_and_results_alone() -> None:
    results = {f"g{number}": float(number % 3) for number in range(20)}
    reverse = dict(reversed(results.items()))
    assert unseen_results({"base": results}, -1.0, 1.0) == unseen_results({"base": reverse}, -1.0, 1.0)
    renamed = {f"h{game}": result for game, result in results.items()}
    assert unseen_results({"base": results}, -1.0, 1.0) != unseen_results({"base": renamed}, -1.0, 1.0)


@pytest.mark.limit("engine.scoring.bootstrap:GAMES_MAX")
def test_nothing_is_said_of_no_games_and_too_many_are_refused() -> None:
    assert unseen_results({"base": {}}, -1.0, 1.0) == {}
    with pytest.raises(ValueError, match="cannot draw"):
        unseen_results({"base": {f"g{number}": 0.0 for number in range(GAMES_MAX + 1)}}, -1.0, 1.0)
    with pytest.raises(ValueError, match="different games"):
        unseen_results({"base": {"a": 1.0}, "pessimistic": {"a": 1.0, "b": 1.0}}, -1.0, 1.0)


def seasons(price: float, games: int) -> Iterator[dict[str, float]]:
    """Seasons of a strategy that takes one contract a game at a price that is the truth."""
    rng = Random(f"{price} {games}")
    for season in range(SEASONS):
        results = (1.0 - price if rng.random() < price else -price for _game in range(games))
        yield {f"s{season:03}g{game:03}": result for game, result in enumerate(results)}


def verdict_on(results: dict[str, float], price: float) -> Judgement:
    bands = {game: Band(*[Money(round(result * MONEY_ONE))] * 3) for game, result in results.items()}
    stood = OutcomeRange(Money(-round(price * MONEY_ONE)), Money(round((1.0 - price) * MONEY_ONE)))
    return verdict_of(bands, dict.fromkeys(bands, stood)).judgement


@pytest.mark.promise("rare-losses-count")
@pytest.mark.parametrize(("price", "games"), [(0.97, 30), (0.97, 60), (0.9, 60), (0.5, 60)])
def test_at_a_fair_price_nobody_beats_it_however_seldom_he_loses(price: float, games: int) -> None:
    said = [verdict_on(results, price) for results in seasons(price, games)]
    assert said.count(Judgement.BEATS) <= SEASONS / 20


@pytest.mark.promise("rare-losses-count")
@pytest.mark.parametrize("games", [30, 60])
def test_at_a_fair_price_nobody_is_called_a_loser_however_seldom_he_wins(games: int) -> None:
    said = [verdict_on(results, 0.03) for results in seasons(0.03, games)]
    assert said.count(Judgement.LOSES) <= SEASONS / 20


def interval_of(results: dict[str, float]) -> Interval:
    found = GameDraws(results).mean({game: (result, 1.0) for game, result in results.items()})
    assert found is not None
    return found


def test_the_interval_alone_calls_two_in_five_of_them_winners() -> None:
    called = sum(interval_of(results).low > 0.0 for results in seasons(0.97, 30))
    assert called / SEASONS == pytest.approx(0.4, abs=0.1)


def test_an_edge_that_is_worth_its_losses_is_still_found() -> None:
    # 98 of 100 won at 90 cents: losses were seen, and fewer than the price says.
    results = {f"g{number:03}": result for number, result in enumerate(bets(0.9, 100, 2))}
    assert verdict_on(results, 0.9) is Judgement.BEATS
