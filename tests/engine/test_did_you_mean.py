"""What was probably meant: the nearest name, or nothing at all."""

import pytest

from engine.did_you_mean import did_you_mean


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("cooldown", ("threshold", "cooldown_minutes"), "; did you mean 'cooldown_minutes'?"),
        ("zzz", ("threshold", "cooldown_minutes"), ""),
        ("anything", (), ""),
    ],
)
def test_the_nearest_of_the_known_names_is_offered(name: str, known: tuple[str, ...], hint: str) -> None:
    assert did_you_mean(name, known) == hint
