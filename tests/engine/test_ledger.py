"""The double-entry ledger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ledger
from engine.facts import LedgerPosted, Posting
from engine.invariant import InvariantBroken
from engine.ledger import Ledger
from engine.units import Money, Nanos


def entry(*amounts: tuple[str, int]) -> LedgerPosted:
    """An entry with these postings."""
    postings = tuple(Posting(account, Money(amount)) for account, amount in amounts)
    return LedgerPosted("e", "ann", "test", postings, Nanos(0))


@pytest.mark.promise("entry-sum-zero-books")
@pytest.mark.parametrize("off", [1, -1])
def test_an_entry_that_does_not_sum_to_zero_breaks_and_books_nothing(off: int) -> None:
    """Not even its first posting, whichever way it is off."""
    books = Ledger()
    with pytest.raises(InvariantBroken, match=f"out of balance by {off}$"):
        books.post(entry(("a", 5), ("b", off - 5)))
    assert (books.balances, books.entries, books.entries_of) == ({}, 0, {})


def test_balances_add_up_over_entries() -> None:
    """Accounts appear at their first use."""
    books = Ledger()
    books.post(entry(("a", 5), ("b", -5)))
    books.post(entry(("a", 2), ("c", -2)))
    assert (books.balances, books.entries, books.verify()) == ({"a": 7, "b": -5, "c": -2}, 2, 0)


def test_entries_are_counted_for_everybody_and_for_each_strategy() -> None:
    """Their names are made of the number."""
    books = Ledger()
    for number in (1, 2):
        assert books.entries_of.get("ann", 0) == books.entries == number - 1
        books.post(entry(("a", 5), ("b", -5)))
    assert (books.entries, books.entries_of) == (2, {"ann": 2})


def test_a_forged_balance_is_found() -> None:
    """The sum of all accounts is zero or the process stops."""
    books = Ledger()
    books.balances["cash:ann"] = Money(1)
    with pytest.raises(InvariantBroken, match="1 instead of zero"):
        books.verify()


def test_accounts_are_named_by_what_they_hold() -> None:
    """Strategy and market are in the name."""
    names = [ledger.cash("s"), ledger.equity("s"), ledger.fees("s"), ledger.result("s")]
    assert names == ["cash:s", "equity:s", "fees:s", "result:s"]
    assert (ledger.collateral("s", "T"), ledger.claim("s", "T")) == ("collateral:s:T", "claim:s:T")


@given(amounts=st.lists(st.tuples(st.sampled_from("abcd"), st.integers(-(10**12), 10**12)), max_size=20))
def test_an_entry_and_its_reversal_leave_nothing(amounts: list[tuple[str, int]]) -> None:
    """Whatever it was."""
    total = sum(amount for _, amount in amounts)
    posted = entry(*amounts, ("rest", -total))
    books = Ledger()
    books.post(posted)
    books.post(entry(*((p.account, p.amount) for p in ledger.reversed_postings(posted.postings))))
    assert books.verify() == 0
    assert not any(books.balances.values())
