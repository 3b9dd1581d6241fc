"""The worked examples of `docs/exchange.md` are what the exchange really does and what the venue charges."""

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from engine.events import BookSide
from engine.fees import REGIMES, FeeTerms, FeeType, balance_grid
from engine.orders import Liquidity
from engine.settlement import payout
from engine.terms import FeeRegime, Member
from engine.units import (
    MONEY_ONE,
    MONEY_ZERO,
    Count,
    format_money,
    parse_count,
    parse_money,
    parse_price,
)
from tests.engine.exchange.floor import ASK, BID, Floor, contracts, rules

PAGE = Path(__file__).resolve().parents[2] / "docs" / "exchange.md"


def rows(heading: str, table: int = 0) -> Iterator[list[str]]:
    """The cells of a table under a heading, the first of them being number 0."""
    section = PAGE.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    tables = [
        list(lines)
        for is_table, lines in groupby(section.splitlines(), lambda line: line.startswith("|"))
        if is_table
    ]
    lines = tables[table]
    return ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:])


@pytest.mark.promise("worked-examples-manual-exchange")
def test_the_queue_of_the_manual_fills_as_it_says() -> None:
    floor = Floor(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    table = [[int(cell) for cell in row] for row in rows("A queue, worked out")]
    assert len(table) == 3
    for printed, before, fills, after in table:
        filled = floor.filled("a")
        assert floor.ahead("a") == before
        floor.trade(ASK, 40, printed)
        assert floor.filled("a") - filled == fills
        if floor.filled("a") < 50:
            assert floor.ahead("a") == after


def test_two_strategies_share_the_100_displayed_contracts_of_rule_3() -> None:
    floor = Floor(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 70)
    floor.place("b", BID, 50, 70, strategy="bob")
    assert floor.filled("a") + floor.filled("b") == 100
    assert contracts(100) == 10_000


def test_the_fees_of_the_manual_are_what_is_charged() -> None:
    table = list(rows("Fees", 1))
    assert len(table) == 9
    for count, price, side, regime, member, fee in table:
        terms = FeeTerms(FeeType.QUADRATIC_WITH_MAKER_FEES, regime=FeeRegime(regime), member=Member(member))
        charged = terms.charge(
            Liquidity(side), BookSide.BID, parse_price(price), parse_count(count), MONEY_ZERO
        )
        assert format_money(charged.fee) == fee, (count, price, side, regime, member)


def test_the_dates_of_the_manual_are_those_that_are_gone_by() -> None:
    told = [(row[0], row[1]) for row in rows("Fees")]
    assert told[0] == (REGIMES[0][1].value, "the beginning")
    assert told[1:] == [(regime.value, since.isoformat()) for since, regime in REGIMES[1:]]


def test_the_round_trip_of_the_manual_costs_three_and_a_half_cents() -> None:
    terms = FeeTerms(FeeType.QUADRATIC_WITH_MAKER_FEES)
    assert 2 * terms.p_fee(Liquidity.TAKER, parse_price("0.50")) == pytest.approx(0.035)


def test_the_payouts_of_the_manual_are_what_is_paid() -> None:
    table = list(rows("Settlement"))
    assert len(table) == 4
    for position, result, paid in table:
        count, side = position.split()
        sign = 1 if side == "YES" else -1
        value = parse_price(result) if "." in result else parse_price(f"{result}.00")
        got = payout(
            Count(sign * parse_count(count)), value, balance_grid(FeeRegime.MICRODOLLAR, Member.DIRECT)
        )
        assert got.amount == parse_money(paid)
        assert 0 <= got.residual < MONEY_ONE


def test_every_kind_of_evidence_is_in_the_manual() -> None:
    """The kinds stand in the exchange's code as texts."""
    folder = PAGE.parent.parent / "engine" / "exchange"
    code = "\n".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    told = {row[0].strip("`") for row in rows("Evidence")}
    assert told == {kind for kind in told if f'"{kind}"' in code}
    sources = re.findall(r'Source\(\s*"(\w+)"', code)
    assert sources
    assert set(sources) <= told
