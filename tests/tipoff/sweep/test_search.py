"""A search repeats itself, whoever plays its trials, and finds what is better."""

import pytest

from tipoff.sweep.space import Listed, Parameters, Space, Span

pytest.importorskip("optuna")

from tipoff.sweep.search import BATCH, Search

SPACE = Space({"x": Span(-4.0, 4.0), "n": Listed((1, 2, 3, 4, 5)), "entry": Listed(("take", "rest"))})


def value(parameters: Parameters) -> float | None:
    """Best at x = 1, n = 4, "rest"; where n is 1 it fails."""
    if parameters["n"] == 1:
        return None
    base = -((float(parameters["x"]) - 1.0) ** 2) - (int(parameters["n"]) - 4) ** 2
    return base + (parameters["entry"] == "rest")


def searched(seed: int, batches: int) -> list[Parameters]:
    """All trials of a search."""
    search = Search(SPACE, seed)
    found: list[Parameters] = []
    for batch in range(batches):
        asked = search.ask(range(batch * BATCH + 1, (batch + 1) * BATCH + 1))
        # Told in another order than asked: workers end as they like.
        search.tell({number: value(each) for number, each in reversed(asked.items())})
        found += asked.values()
    return found


def test_the_same_seed_asks_for_the_same_trials() -> None:
    assert searched(1, 3) == searched(1, 3)
    assert searched(1, 3) != searched(2, 3)


def test_later_batches_are_better_than_the_first() -> None:
    found = searched(5, 6)
    values = [value(each) for each in found]

    def mean(part: list[float | None]) -> float:
        told = [each for each in part if each is not None]
        return sum(told) / len(told)

    assert mean(values[-2 * BATCH :]) > mean(values[:BATCH]) + 1.0
