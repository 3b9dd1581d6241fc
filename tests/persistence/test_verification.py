"""Verifying names so many problems and no more, however many there are."""

from pathlib import Path

import pytest

from persistence import schema, verification
from persistence.verification import verify


@pytest.mark.limit("persistence.verification:PROBLEMS_MAX")
@pytest.mark.parametrize(("found", "named"), [(3, 3), (4, 3)])
def test_problems_are_named_up_to_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: int, named: int
) -> None:
    url = f"sqlite:///{tmp_path / 'tipoff.db'}"
    schema.upgrade(url)
    assert verify(url).sound
    monkeypatch.setattr(verification, "PROBLEMS_MAX", 3)
    monkeypatch.setattr(
        schema, "differences", lambda _connection: [(f"table_{number}", "missing") for number in range(found)]
    )
    checked = verify(url)
    assert len(checked.problems) == named
    assert not checked.sound
