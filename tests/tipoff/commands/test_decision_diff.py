"""Decisions of two runs are paired by who, where, which side and when; what is left over is one's alone."""

from collections import Counter

import attrs
from hypothesis import given
from hypothesis import strategies as st

from persistence.decisions import Decision
from tipoff.commands.decision_diff import Pair, paired, tallies

ORDER = Decision(name="s-1", strategy="s", game="g", ticker="T", side="bid", at=1, price=5_000, count=100)

DECISIONS = st.lists(
    st.builds(
        Decision,
        name=st.sampled_from("abc"),
        strategy=st.sampled_from(["s", "t"]),
        game=st.just("g"),
        ticker=st.sampled_from(["T", "U"]),
        side=st.sampled_from(["bid", "ask"]),
        at=st.integers(1, 3),
        price=st.integers(1, 3),
        count=st.integers(1, 2),
    ),
    max_size=12,
)


def test_another_price_another_count_another_moment() -> None:
    dearer, larger = attrs.evolve(ORDER, name="s-7", price=5_100), attrs.evolve(ORDER, count=200)
    assert list(paired([ORDER], [attrs.evolve(ORDER, name="s-9")])) == [
        Pair(ORDER, attrs.evolve(ORDER, name="s-9"))
    ]
    assert not Pair(ORDER, attrs.evolve(ORDER, name="s-9")).differs
    (pair,) = paired([ORDER], [dearer])
    assert (pair.prices_differ, pair.counts_differ, pair.differs) == (True, False, True)
    (pair,) = paired([ORDER], [larger])
    assert (pair.prices_differ, pair.counts_differ, pair.differs) == (False, True, True)
    later = attrs.evolve(ORDER, at=2)
    assert list(paired([later], [ORDER])) == [Pair(None, ORDER), Pair(later, None)]
    assert attrs.astuple(tallies(paired([later], [ORDER]))["s"]) == (0, 1, 1, 0, 0)


@given(DECISIONS, DECISIONS)
def test_every_decision_is_in_one_pair_and_pairs_are_of_one_place(
    a: list[Decision], b: list[Decision]
) -> None:
    pairs = list(paired(a, b))
    for side, every in (("a", a), ("b", b)):
        assert Counter(getattr(pair, side) for pair in pairs if getattr(pair, side)) == Counter(every)
    for pair in pairs:
        if pair.a and pair.b:
            assert pair.a.place == pair.b.place
    alone = Counter(pair.either.place for pair in pairs if not (pair.a and pair.b))
    assert alone == Counter(
        {
            place: abs(count - Counter(each.place for each in b)[place])
            for place, count in Counter(each.place for each in [*a, *b]).items()
            for count in [Counter(each.place for each in a)[place]]
            if count != Counter(each.place for each in b)[place]
        }
    )
    assert not any(pair.differs for pair in paired(a, a))
    counted = tallies(pairs).values()
    assert sum(each.both + each.only_a for each in counted) == len(a)
    assert sum(each.both + each.only_b for each in counted) == len(b)
