"""What a run has on record of opinions, and the move of the price that each is held against."""

import pytest

from engine.bars import BAR
from engine.events import BookSide
from engine.facts import Evidence, SignalAction, SignalRaised
from engine.message import changed
from engine.scoring.packed_bars import BarPrices, PackedBars
from engine.scoring.stored_opinions import StoredOpinions
from engine.trust import ENTERED, HORIZON, PAUSE, Gap, Source
from engine.units import NANOS_PER_SECOND, Nanos, Price

BEGIN = Nanos(1_800_000_000 * NANOS_PER_SECOND)
TICKER = "KXNBAGAME-26NOV20MIACLE-CLE"
ON_RECORD: Evidence = (
    ("yes_bid", "0.4900"),
    ("yes_ask", "0.5100"),
    ("gap", "0.070000"),
    ("source", Source.CONSENSUS_PREGAME.value),
)
"""A quote of 49 to 51 whose purchase at 51 was seven cents below the opinion: 58."""


def signal(at: int = 0, **changes: object) -> SignalRaised:
    """What was said `at` nanoseconds after the beginning and not believed at all: its fair value is 50."""
    found = SignalRaised(
        signal_id=f"s{at}",
        strategy="sharp_line",
        game="g1",
        ticker=TICKER,
        side=BookSide.BID,
        action=SignalAction.NO_TRADE,
        reason="untrusted",
        p_fair=0.50,
        price=Price(5100),
        p_edge=-0.02,
        evidence=ON_RECORD,
        at=Nanos(BEGIN + at),
    )
    return changed(found, **changes)


def gaps(*signals: SignalRaised, until: int = HORIZON) -> tuple[list[Gap], StoredOpinions]:
    """The gaps of signals, on bars of 50 cents for a minute, 53 at ten minutes; the last ends at `until`."""
    opinions = StoredOpinions(signals)
    bars = [
        BarPrices(at, cents * 100 - 100, cents * 100 + 100, 1, None, None)
        for at in range(BEGIN, BEGIN + until + 1, BAR)
        for cents in [50 if at <= BEGIN + ENTERED else 53]
    ]
    opinions.prices.take(TICKER, "g1", PackedBars.of(bars))
    return list(opinions.gaps()), opinions


def test_a_gap_is_what_was_said_and_not_what_was_believed_of_it() -> None:
    (gap,), opinions = gaps(signal())
    assert (gap.source, gap.game) == (Source.CONSENSUS_PREGAME, "g1")
    assert gap.p_gap == pytest.approx(0.08)
    assert gap.p_move == pytest.approx(0.03)
    assert (opinions.unnamed, opinions.unpriced) == (0, 0)


def test_a_sale_says_that_yes_is_worth_less() -> None:
    (gap,), _ = gaps(signal(side=BookSide.ASK, price=Price(4900)))
    assert gap.p_gap == pytest.approx(-0.08)


def test_a_way_out_repeats_the_way_in() -> None:
    assert gaps(signal(action=SignalAction.EXIT))[0] == []


def test_an_opinion_within_the_pause_is_no_second_one_and_one_past_it_is() -> None:
    other = tuple((name, "0.080000" if name == "gap" else text) for name, text in ON_RECORD)
    early, late = (signal(PAUSE - 1, evidence=other), signal(PAUSE, evidence=other))
    assert len(gaps(signal(), early, until=2 * HORIZON)[0]) == 1
    assert len(gaps(signal(), late, until=2 * HORIZON)[0]) == 2


def test_what_is_said_again_counts_once() -> None:
    assert len(gaps(signal(), signal(5 * PAUSE), until=2 * HORIZON)[0]) == 1


@pytest.mark.parametrize("missing", ["yes_bid", "gap", "source"])
def test_a_signal_without_quote_gap_or_source_is_counted_and_left_out(missing: str) -> None:
    bare = tuple(pair for pair in ON_RECORD if pair[0] != missing)
    found, opinions = gaps(signal(evidence=bare))
    assert found == []
    assert opinions.unnamed == 1


def test_the_author_of_an_own_source_answers_for_it() -> None:
    own = tuple((name, "own" if name == "source" else text) for name, text in ON_RECORD)
    assert gaps(signal(evidence=own))[0] == []


def test_an_opinion_that_the_run_ended_before_is_counted_and_left_out() -> None:
    found, opinions = gaps(signal(), until=ENTERED)
    assert found == []
    assert opinions.unpriced == 1
