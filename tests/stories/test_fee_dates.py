"""A recorded evening is charged what the venue charged on its day, however much later it is replayed.

Covers: engine.fees, tipoff.runs.from_config.
"""

import attrs
import pytest

from engine.facts import OrderFilled
from engine.terms import FeeRegime
from engine.units import MONEY_CENT, MONEY_ZERO
from tests.stories.plays import SMALL, Played, lines_of, play, scripted
from tipoff.runs.settings import TradingSettings


def evening_of(date: str, settings: TradingSettings, regime: FeeRegime | None = None) -> Played:
    """The same small evening on another date, with the same orders."""
    lines = lines_of(attrs.evolve(SMALL, date=date))
    chosen = attrs.evolve(settings, rules=attrs.evolve(settings.rules, fee_regime=regime))
    return play(lines, scripted(chosen, lines, 40))


def fills(played: Played) -> list[OrderFilled]:
    """Every fill."""
    return [numbered.fact for numbered in played.facts if isinstance(numbered.fact, OrderFilled)]


@pytest.mark.promise("fees-follow-date-fill")
@pytest.mark.parametrize(
    ("date", "regime"),
    [
        ("2025-12-25", FeeRegime.CENT),
        ("2026-04-10", FeeRegime.CENT_ALIGNED),
        ("2026-06-10", FeeRegime.CENTICENT),
        ("2026-11-20", FeeRegime.MICRODOLLAR),
    ],
)
def test_a_replayed_evening_pays_the_fees_of_its_day(
    date: str, regime: FeeRegime, free_settings: TradingSettings
) -> None:
    played = evening_of(date, free_settings)
    charged = fills(played)
    assert len(charged) > 10
    assert {fact.evidence.fee_formula.rpartition("(")[2] for fact in charged} == {f"{regime.value}, direct)"}
    in_whole_cents = all(fact.fee % MONEY_CENT == 0 for fact in charged)
    assert in_whole_cents == (regime in (FeeRegime.CENT, FeeRegime.CENT_ALIGNED))
    assert played.store.tally.ledger.verify() == MONEY_ZERO


def test_only_what_is_configured_lets_an_old_evening_pay_other_fees(free_settings: TradingSettings) -> None:
    by_date = evening_of("2025-12-25", free_settings)
    forced = evening_of("2025-12-25", free_settings, FeeRegime.MICRODOLLAR)
    assert [fact.fill_id for fact in fills(forced)] == [fact.fill_id for fact in fills(by_date)]
    assert sum(fact.fee for fact in fills(forced)) < sum(fact.fee for fact in fills(by_date))
