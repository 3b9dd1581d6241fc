"""Trust: the slope that is estimated, what is believed of it, and that intervals hold what is true."""

import math
from random import Random

import pytest

from engine.trust import (
    AT_ITS_WORD,
    GAMES_MIN,
    STATED,
    Believed,
    Gap,
    Source,
    Trust,
    TrustTable,
    estimated,
    table_of,
    walked_forward,
)
from engine.trust_fit import ESTIMATED, SHIPPED

PRICE, RUN = Source.PRICE_MOVE, Source.SCORING_RUN
WORLDS = 300


def gaps(slope: float, *, games: int = GAMES_MIN, each: int = 5, source: Source = PRICE) -> list[Gap]:
    """Gaps of one to `each` cents, up and down, of which exactly that share came."""
    sizes = [sign * cents / 100 for cents in range(1, each + 1) for sign in (1, -1)]
    return [Gap(source, f"g{game}", size, slope * size) for game in range(games) for size in sizes]


def world(seed: int, slope: float, *, games: int = 40) -> list[Gap]:
    """Ten evenings of four games: gaps of five cents, moves of `slope` of them, and what games share."""
    rng = Random(seed)
    made = []
    for game in range(games):
        # A game has a drift of its own, which is why gaps are no independent observations.
        drift = rng.gauss(0.0, 0.01)
        for _ in range(rng.randint(5, 40)):
            gap = rng.gauss(0.0, 0.05)
            made.append(Gap(PRICE, f"g{game}", gap, slope * gap + drift + rng.gauss(0.0, 0.04)))
    return made


@pytest.mark.parametrize("slope", [-0.5, 0.0, 0.25, 1.0, 1.5])
def test_the_slope_of_the_move_on_the_gap_is_found(slope: float) -> None:
    trust = estimated(gaps(slope), "here")[PRICE]
    assert trust.estimate == pytest.approx(slope)
    assert trust.low == pytest.approx(slope)
    assert trust.high == pytest.approx(slope)
    assert (trust.games, trust.gaps, trust.origin) == (GAMES_MIN, 10 * GAMES_MIN, "here")
    assert trust.share == pytest.approx(min(max(slope, 0.0), 1.0))


@pytest.mark.promise("trust-nothing-unsupported")
def test_without_support_nothing_is_believed() -> None:
    assert Trust(0.5, 0.1, 0.9, GAMES_MIN, 100, "").share == 0.5
    # One game fewer, an interval that holds zero, and a source that never spoke.
    assert Trust(0.5, 0.1, 0.9, GAMES_MIN - 1, 100, "").share == 0.0
    assert Trust(0.5, 0.0, 0.9, GAMES_MIN, 100, "").share == 0.0
    assert TrustTable().of(RUN).share == 0.0
    assert table_of(estimated(gaps(1.0), "here")).of(RUN).share == 0.0


def test_a_source_whose_gaps_are_all_zero_is_left_out() -> None:
    assert estimated([Gap(PRICE, "g", 0.0, 0.02)], "here") == {}
    assert estimated([], "here") == {}


def test_one_game_tells_nothing_of_how_games_differ() -> None:
    one = estimated(gaps(0.5, games=1), "here")[PRICE]
    assert (one.low, one.high) == (-math.inf, math.inf)
    assert estimated(gaps(0.5, games=2), "here")[PRICE].share == 0.0


def test_sources_are_estimated_apart() -> None:
    found = estimated([*gaps(0.0), *gaps(1.0, source=RUN)], "here")
    assert {source: trust.share for source, trust in found.items()} == {RUN: 1.0, PRICE: 0.0}


def test_what_came_is_held_against_what_earlier_evenings_taught() -> None:
    walked = list(walked_forward([("one", gaps(0.5)), ("two", gaps(0.25))]))
    assert [(name, source) for name, source, *_ in walked] == [("one", PRICE), ("two", PRICE)]
    # Nothing was known before the first; the mean gap is three cents.
    assert walked[0][2:] == pytest.approx((0.0, 0.0, 0.015))
    assert walked[1][2:] == pytest.approx((0.5, 0.015, 0.0075))


@pytest.mark.parametrize("slope", [0.0, 0.4])
def test_the_interval_holds_the_planted_trust_in_19_of_20_worlds(slope: float) -> None:
    held = 0
    for seed in range(WORLDS):
        trust = estimated(world(seed, slope), "here")[PRICE]
        held += trust.low <= slope <= trust.high
        assert (trust.share > 0.0) == (trust.low > 0.0)
    # Of so many worlds 95 % within three deviations.
    assert held / WORLDS == pytest.approx(0.95, abs=0.04)


def test_a_share_is_between_nothing_and_all() -> None:
    for share in (0.0, 1.0):
        assert Believed(share, "here").share == share
    for wrong in (-0.01, 1.01):
        with pytest.raises(ValueError, match="must be"):
            Believed(wrong, "here")


def test_at_its_word_every_source_is_believed_and_an_author_answers_for_his_own() -> None:
    assert all(STATED.of(source) == AT_ITS_WORD for source in Source)
    assert table_of({}).of(Source.OWN).share == 1.0


@pytest.mark.promise("trust-shipped-none")
def test_the_shipped_trust_believes_no_source_that_real_games_did_not_support() -> None:
    assert Source.PRICE_MOVE in ESTIMATED
    for source in Source:
        trust = ESTIMATED.get(source)
        expected = 0.0 if trust is None else trust.share
        if source is not Source.OWN:
            assert SHIPPED.of(source).share == expected
    assert SHIPPED.of(Source.PRICE_MOVE).share == 0.0
    assert "27 playoff games" in SHIPPED.of(Source.PRICE_MOVE).origin
