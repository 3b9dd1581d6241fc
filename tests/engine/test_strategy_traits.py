"""What strategies say of themselves, and how journals are read that could not say it yet."""

import pytest

from engine.strategy_traits import FORMER_KINDS, STRICTEST, StrategyTraits, to_state, traits_of
from tipoff.runs.plugins import installed

ALL = [StrategyTraits(odds, opinion, hand) for odds in (0, 1) for opinion in (0, 1) for hand in (0, 1)]  # type: ignore[arg-type]


def test_ours_say_in_their_classes_what_the_gate_took_them_for_by_name() -> None:
    ours = {kind: each.traits() for kind, each in installed().strategies.items() if kind in FORMER_KINDS}
    assert ours == FORMER_KINDS
    assert {kind for kind, each in installed().strategies.items() if each.rests_on_odds} >= {
        "sharp_line",
        "ev_multi",
    }


@pytest.mark.parametrize("kind", ["sharp_line", "scripted", "random_taker", "somebody_elses"])
@pytest.mark.parametrize("traits", ALL)
def test_what_is_stated_is_what_is_read(kind: str, traits: StrategyTraits) -> None:
    assert traits_of(kind, to_state(kind, traits)) == traits


def test_of_an_unknown_kind_that_states_nothing_everything_is_asked() -> None:
    assert traits_of("somebody_elses", None) == STRICTEST == StrategyTraits(True, True, False)
