"""Paper against a true venue: evenings of every kind of feed and lag, and what the judge itself must see.

The evenings of a run are always the same; `make honesty` plays fifty times as many and prints their table.
"""

from typing import Final

import pytest

from tests.engine.exchange.judge.evenings import CELLS, Cell, evening
from tests.engine.exchange.judge.history import history

pytestmark = pytest.mark.honesty

EVENINGS: Final = 2_000
SHARDS: Final = 2
EACH: Final = -(-EVENINGS // (len(CELLS) * SHARDS))
SHOWN_MAX: Final = 3


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name.replace(", ", "-").replace(" ", "-"))
def test_paper_is_never_kinder_than_a_true_venue(cell: Cell, shard: int) -> None:
    found = [evening(cell, number) for number in range(shard * EACH, (shard + 1) * EACH)]
    kinder = [each for each in found if each.verdict.kinder]
    assert not kinder, "\n\n".join(
        [f"{len(kinder)} of {len(found)} evenings: {', '.join(each.seed for each in kinder)}"]
        + [history(each, each.verdict.kinder[0].order_id.split(",")[0]) for each in kinder[:SHOWN_MAX]]
    )
