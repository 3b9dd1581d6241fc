"""Codes with a sentence: the code is what is written, the sentence is for people, and every code has one."""

import pytest

from engine.explained import Explained
from engine.orders import RejectCode
from engine.reasons import DenialReason


@pytest.mark.parametrize("codes", [RejectCode, DenialReason])
def test_every_code_is_found_by_its_value_alone_and_has_a_sentence_of_its_own(codes: type[Explained]) -> None:
    every = list(codes)
    assert [codes[each.name] for each in every] == every
    assert [codes(each.value) for each in every] == every  # type: ignore[call-arg]  # by value, as a reader does
    assert all(isinstance(each.value, str) and " " not in each.value for each in every)
    assert all(" " in each.meaning for each in every)
    assert len({each.meaning for each in every}) == len(every)
