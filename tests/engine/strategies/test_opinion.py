"""Expectation is trust × gap: what is believed of an opinion, what an entry expects and what it says.

Covers: engine.strategies.opinion, engine.strategies.order_writer.
"""

import pytest

from engine.events import BookSide
from engine.facts import SignalAction
from engine.fees import FeeNames, fee_terms
from engine.orders import Liquidity
from engine.strategies.opinion import Offer, Opinion, believed, edge_of, taking
from engine.trust import AT_ITS_WORD, Believed, Source, TrustTable
from engine.units import Count, Nanos, Price
from tests.engine.strategies.evening import HOME_WINS, Evening, game_known, market, odds, top

BOOKS = ("draftkings", "fanduel", "betmgm")
TERMS = fee_terms(FeeNames("quadratic", "1"))
QUOTE = top(HOME_WINS, 48, 52)


def opinion(p_fair: float, share: float, extra_cost: float = 0.0) -> Opinion:
    return Opinion(
        p_fair=p_fair,
        reason="test",
        gap_min=0.0,
        ev_percent_min=0.0,
        until=Nanos(1),
        extra_cost=extra_cost,
        trust=Believed(share, "a test"),
    )


def consensus_of(share: float, **parameters: float) -> Evening:
    """Books say that the home team, offered at 52 cents, wins 64 of 100 times; `share` of it is believed."""
    table = TrustTable({Source.CONSENSUS_PREGAME: Believed(share, "27 evenings of ours")})
    run = Evening("sharp_line", table, **parameters)
    run.at(0, game_known(), market(HOME_WINS), top(HOME_WINS, 48, 52))
    return run.at(1, *(odds(book, -200, +170) for book in BOOKS))


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0.50), (0.25, 0.55), (0.5, 0.60), (1.0, 0.70)])
def test_what_is_believed_lies_between_the_market_and_the_opinion(share: float, expected: float) -> None:
    assert believed(opinion(0.70, share), 0.50) == pytest.approx(expected)


@pytest.mark.promise("expectation-trust-times-gap")
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_an_entry_expects_trust_times_gap_less_all_costs(share: float) -> None:
    edge = taking(opinion(0.70, share, extra_cost=0.01), TERMS, QUOTE)
    assert edge is not None
    # The middle is 50 cents, so 20 are claimed; bought is at 52, two beyond it.
    fees = edge.p_fees
    assert edge.p_net == pytest.approx(share * 0.20 - 0.02 - fees - 0.01)
    assert edge.p_stated == pytest.approx(edge.p_net + (1.0 - share) * 0.20, abs=0.002)
    assert edge.p_gap == pytest.approx(0.18)
    assert edge.p_yes == pytest.approx(0.50 + share * 0.20)


def test_buying_no_is_the_mirror() -> None:
    bought, sold = taking(opinion(0.70, 0.5), TERMS, QUOTE), taking(opinion(0.30, 0.5), TERMS, QUOTE)
    assert bought is not None
    assert sold is not None
    assert sold.side is BookSide.ASK
    assert sold.p_net == pytest.approx(bought.p_net)
    assert sold.p_yes == pytest.approx(1.0 - bought.p_yes)


def test_of_a_market_with_one_side_the_price_at_hand_is_the_market_s() -> None:
    one_sided = top(HOME_WINS, None, 52)
    offer = Offer(BookSide.BID, Price(5200), Count(100), Liquidity.TAKER)
    edge = edge_of(opinion(0.70, 0.5), TERMS, one_sided, offer)
    assert edge.p_yes == pytest.approx(0.61)


def test_what_is_not_believed_is_not_traded_and_says_so() -> None:
    run = consensus_of(0.0)
    assert run.orders == []
    (missed,) = run.actions(SignalAction.NO_TRADE)
    assert missed.reason == "untrusted"
    evidence = dict(missed.evidence)
    assert evidence["number"] == "0.0000"
    assert 0.3 < float(evidence["needed"]) < 1.0
    assert (evidence["source"], evidence["trust"]) == ("consensus_pregame", "0.0000")
    assert evidence["trust_from"] == "27 evenings of ours"


@pytest.mark.parametrize(("more", "orders"), [(0.001, 1), (-0.02, 0)])
def test_the_trust_that_is_said_to_be_needed_is_enough_and_less_is_not(more: float, orders: int) -> None:
    (missed,) = consensus_of(0.0).actions(SignalAction.NO_TRADE)
    needed = float(dict(missed.evidence)["needed"])
    assert len(consensus_of(needed + more, min_ev_percent=0.0).orders) == orders


def test_an_entry_shows_gap_trust_where_it_is_from_costs_and_expectation() -> None:
    run = consensus_of(0.8)
    (entry,) = run.actions(SignalAction.ENTER)
    evidence = dict(entry.evidence)
    consensus = float(evidence["consensus"])
    assert float(evidence["gap"]) == pytest.approx(consensus - 0.52, abs=1e-6)
    assert evidence["trust"] == "0.8000"
    assert evidence["trust_from"] == "27 evenings of ours"
    costs = float(evidence["fees_both_legs"]) + float(evidence["other_costs"])
    net = 0.50 + 0.8 * (consensus - 0.50) - 0.52 - costs
    assert float(evidence["net_edge"]) == pytest.approx(net, abs=2e-6)
    assert entry.p_edge == pytest.approx(net, abs=2e-6)
    # The gate and the reports go by what is believed, not by what was claimed.
    assert run.orders[0].p_fair == pytest.approx(0.50 + 0.8 * (consensus - 0.50))


def test_at_its_word_an_opinion_is_taken_as_it_is() -> None:
    assert believed(opinion(0.7, AT_ITS_WORD.share), 0.123) == 0.7
