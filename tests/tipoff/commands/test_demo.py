"""What the demo says when the machine was too busy for its evening.

Covers: tipoff.commands.demo.
"""

import pytest

from tipoff.commands.demo import lag_in_words
from tipoff.json_types import Json


def evidence(*rows: tuple[int, dict[str, Json]]) -> dict[str, Json]:
    """Strategies that made so many wishes, of which so many were refused for these reasons."""
    return {
        "strategies": {
            str(number): {"wishes": {"made": made, "refused": refused}}
            for number, (made, refused) in enumerate(rows)
        }
    }


def test_a_machine_that_could_not_keep_up_is_told_with_what_to_do() -> None:
    told = lag_in_words(evidence((60, {"feed_lag": 30, "spread": 2}), (40, {"feed_lag": 5})), 160.0)
    assert told is not None
    assert "35 of 100 wishes" in told
    assert "--speed 160" in told
    assert "--speed 0" in told


@pytest.mark.parametrize(("late", "told"), [(0, False), (1, False), (2, True)])
def test_one_wish_in_fifty_is_worth_a_word(late: int, told: bool) -> None:  # noqa: FBT001
    assert (lag_in_words(evidence((100, {"feed_lag": late})), 160.0) is not None) is told


def test_nothing_is_told_of_an_evening_without_wishes() -> None:
    assert lag_in_words(evidence((0, {})), 160.0) is None
