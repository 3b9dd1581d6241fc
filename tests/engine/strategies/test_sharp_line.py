"""The consensus of sportsbooks against the price: trades as defined, and only then."""

import pytest

from engine.events import GamePhase, Trust
from engine.facts import SignalAction, SignalRaised
from engine.strategies.parameters import ParametersRefused, Plain
from engine.strategies.sharp_line import SharpLineParameters
from engine.units import Nanos, contracts
from tests.engine.strategies.evening import (
    HOME_WINS,
    START,
    Evening,
    counts,
    game_known,
    market,
    odds,
    score,
    top,
)

BOOKS = ("draftkings", "fanduel", "betmgm")


def evening(**parameters: Plain) -> Evening:
    """Three books make the home team a 0.60 favourite."""
    return Evening("sharp_line", **parameters).at(
        0, game_known(), market(HOME_WINS), *(odds(book, -150, 100) for book in BOOKS)
    )


P_HOME = 0.6 / 1.1
"""-150 implies 0.6 and +100 implies 0.5."""


def test_buys_when_the_consensus_is_far_enough_above_the_ask() -> None:
    run = evening().at(1, top(HOME_WINS, 46, 47))
    assert run.lines == ["1 enter consensus_gap LAL bid 0.4700"]
    assert counts(run.orders) == ["10.00"]


def test_sells_when_the_consensus_is_far_enough_below_the_bid() -> None:
    run = evening().at(1, top(HOME_WINS, 63, 64))
    assert run.lines == ["1 enter consensus_gap LAL ask 0.6300"]


def test_does_not_trade_an_evening_whose_prices_agree_with_the_books() -> None:
    run = (
        evening()
        .at(1, top(HOME_WINS, 53, 55))
        .at(600, top(HOME_WINS, 54, 55))
        .at(900, top(HOME_WINS, 54, 56))
    )
    assert run.lines == []
    assert run.orders == []


@pytest.mark.parametrize(("threshold", "trades"), [(100 * P_HOME - 47, 1), (100 * P_HOME - 47 + 0.001, 0)])
def test_the_threshold_itself_is_enough(threshold: float, trades: int) -> None:
    run = evening(threshold_percent=threshold).at(1, top(HOME_WINS, 46, 47))
    assert len(run.orders) == trades


def test_a_near_miss_is_recorded_with_the_number_and_the_limit_once_in_a_while() -> None:
    run = evening(threshold_percent=8)
    for second in range(1, 30):
        run.at(second, top(HOME_WINS, 46, 47 + second % 2))
    assert run.lines == ["1 no_trade below_threshold LAL bid 0.4800"]
    (miss,) = run.actions(SignalAction.NO_TRADE)
    evidence = dict(miss.evidence)
    assert evidence["number"] == f"{100 * (P_HOME - 0.48):.4f}"
    assert evidence["needed"] == "8.0000"
    run.at(302, top(HOME_WINS, 46, 47))
    assert run.lines[1:] == ["302 no_trade below_threshold LAL bid 0.4700"]


def test_fees_of_both_legs_can_stop_what_the_gap_allows() -> None:
    run = evening(threshold_percent=3, min_ev_percent=2.1).at(1, top(HOME_WINS, 49, 50))
    assert run.lines == ["1 no_trade below_min_ev LAL bid 0.5000"]


def test_two_books_are_no_consensus_of_three() -> None:
    run = Evening("sharp_line").at(
        0, game_known(), market(HOME_WINS), *(odds(book, -150, 100) for book in BOOKS[:2])
    )
    assert run.at(1, top(HOME_WINS, 40, 41)).lines == []
    assert len(run.at(2, odds("betmgm", -150, 100)).orders) == 1


def test_books_of_one_feed_count_once_and_kalshi_never() -> None:
    books = ("betrivers", "ballybet", "kalshi", "draftkings")
    run = Evening("sharp_line").at(
        0, game_known(), market(HOME_WINS), *(odds(book, -150, 100) for book in books)
    )
    assert run.at(1, top(HOME_WINS, 40, 41)).lines == []


def test_stale_rows_are_dropped() -> None:
    run = evening().at(601, top(HOME_WINS, 40, 41))
    assert run.lines == []
    run.at(602, *(odds(book, -150, 100) for book in BOOKS))
    assert len(run.orders) == 1


def test_one_sided_rows_are_dropped() -> None:
    run = Evening("sharp_line").at(
        0,
        game_known(),
        market(HOME_WINS),
        odds("draftkings", -150, None),
        *(odds(b, -150, 100) for b in BOOKS[1:]),
    )
    assert run.at(1, top(HOME_WINS, 40, 41)).lines == []


def test_books_that_disagree_are_no_consensus() -> None:
    run = evening().at(1, odds("betmgm", -250, 200)).at(2, top(HOME_WINS, 40, 41))
    assert run.lines == []


def test_in_play_the_odds_must_be_younger_and_the_gap_larger() -> None:
    run = evening().at(1, score(10, 10, 1, 6)).at(2, top(HOME_WINS, 47, 48))
    assert run.trades == []
    run.at(50, top(HOME_WINS, 45, 46))
    assert run.trades == ["50 enter consensus_gap LAL bid 0.4600"]
    late = evening().at(1, score(10, 10, 1, 6)).at(62, top(HOME_WINS, 40, 41))
    assert late.lines == []


def test_nothing_is_bought_in_an_untrusted_book_or_after_the_end() -> None:
    assert evening().at(1, top(HOME_WINS, 40, 41, trust=Trust.GAPPED)).lines == []
    assert evening().at(1, score(100, 90, 4, 0, GamePhase.FINAL)).at(2, top(HOME_WINS, 40, 41)).lines == []


def test_a_market_is_entered_once_in_the_cooldown_and_then_again() -> None:
    run = evening(exit_edge_gone=False).at(1, top(HOME_WINS, 46, 47))
    run.settle(HOME_WINS, 1, 10)
    run.at(100, top(HOME_WINS, 45, 46))
    assert run.trades == ["1 enter consensus_gap LAL bid 0.4700"]
    assert run.lines[1:] == ["100 no_trade cooldown LAL bid 0.4600"]
    run.at(301.5)
    assert run.trades[1:] == ["301 enter consensus_gap LAL bid 0.4600"]


def test_leaves_when_selling_brings_more_than_holding_is_worth() -> None:
    run = evening().at(1, top(HOME_WINS, 46, 47)).at(2, top(HOME_WINS, 55, 56)).at(3, top(HOME_WINS, 57, 58))
    assert run.trades == ["1 enter consensus_gap LAL bid 0.4700", "3 exit edge_gone LAL ask 0.5700"]
    assert run.orders[1].exit


def test_leaves_at_the_stop() -> None:
    run = evening(exit_edge_gone=False).at(1, top(HOME_WINS, 46, 47)).at(2, top(HOME_WINS, 33, 34))
    assert run.trades[1:] == []
    run.at(3, top(HOME_WINS, 32, 33))
    assert run.trades[1:] == ["3 exit stop_loss LAL ask 0.3200"]


def test_leaves_after_the_time_limit_without_any_news() -> None:
    run = evening(hold_minutes_max=2).at(1, top(HOME_WINS, 46, 47)).at(2, top(HOME_WINS, 45, 47)).at(200)
    assert run.trades[1:] == ["121 exit time_limit LAL ask 0.4500"]


def test_an_exit_that_did_not_fill_is_tried_again_after_a_pause() -> None:
    run = evening().at(1, top(HOME_WINS, 46, 47))
    run.fail.add(HOME_WINS)
    run.at(2, top(HOME_WINS, 32, 33)).at(3, top(HOME_WINS, 31, 33)).at(7.5)
    assert run.trades[1:] == ["2 exit stop_loss LAL ask 0.3200", "7 exit stop_loss LAL ask 0.3100"]


def test_a_restart_keeps_position_cooldown_and_counters() -> None:
    run = evening().at(1, top(HOME_WINS, 46, 47))
    run.restart()
    run.at(2, top(HOME_WINS, 57, 58))
    assert run.trades[1:] == ["2 exit edge_gone LAL ask 0.5700"]
    assert [order.order_id for order in run.orders] == ["s-1", "s-2"]
    ids = [fact.signal_id for fact in run.facts if isinstance(fact, SignalRaised)]
    assert len(set(ids)) == len(ids)


def test_sizes_are_capped_by_what_is_displayed_and_by_the_game() -> None:
    assert counts(evening().at(1, top(HOME_WINS, 46, 47, size=22)).orders) == ["5.00"]
    assert evening().at(1, top(HOME_WINS, 46, 47, size=3)).lines == ["1 no_trade size LAL bid 0.4700"]
    assert counts(evening(game_loss_max_dollars=2).at(1, top(HOME_WINS, 46, 47)).orders) == ["3.00"]


def test_kelly_bets_a_fraction_of_the_edge_after_fees() -> None:
    run = evening(use_kelly_sizing=True, position_size=1000, bankroll=100, game_loss_max_dollars=1000)
    run.at(1, top(HOME_WINS, 44, 45, size=100_000))
    fees = 0.07 * (0.45 * 0.55 + 0.5455 * 0.4545)
    cost = 0.45 + fees
    assert int(run.orders[0].count / contracts(1)) == int(0.25 * (P_HOME - cost) / (1 - cost) * 100 / cost)


def test_a_resting_entry_improves_the_bid_and_is_taken_back_when_its_edge_is_gone() -> None:
    run = evening(entry="rest").at(1, top(HOME_WINS, 44, 50))
    assert run.lines == ["1 enter consensus_gap LAL bid 0.4500"]
    assert run.orders[0].post_only
    assert run.orders[0].expires_at == Nanos(START + 61_000_000_000)
    run.at(2, *(odds(book, 110, -150) for book in BOOKS))
    assert run.lines[1] == "2 cancel s-1"


def test_bad_parameters_are_refused_all_at_once() -> None:
    with pytest.raises(ParametersRefused) as refused:
        SharpLineParameters.parse(
            {
                "threshold_percent": -1,
                "min_sample_sportsbooks": 2.5,
                "treshold": 1,
                "entry": "maybe",
                "market_types": "x",
            },
        )
    assert {name for name, _what in refused.value.problems} == {
        "threshold_percent",
        "min_sample_sportsbooks",
        "treshold",
        "entry",
        "market_types",
    }


def test_what_a_market_is_worth_is_told_when_it_was_thought_over_and_once_a_second_at_most() -> None:
    run = evening().at(1, top(HOME_WINS, 46, 47))
    said = run.strategy.valued
    assert [(each.ticker, each.source, each.at) for each in said] == [(HOME_WINS, "s", START + 1_000_000_000)]
    assert said[0].p_fair == pytest.approx(P_HOME)
    odds_of = dict(zip(BOOKS, (-160, -170, -180), strict=True))
    for number, (book, price) in enumerate(odds_of.items()):
        run.at(1.2 + number * 0.2, odds(book, price, 100))
    assert len(said) == 1
    run.at(2, odds("fanduel", -200, 100))
    assert [each.at for each in said] == [START + 1_000_000_000, START + 2_000_000_000]
