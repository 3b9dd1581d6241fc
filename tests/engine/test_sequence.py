"""Sequence numbers per connection and subscription."""

from engine.sequence import NumberCheck, Sequence


def test_numbers_count_over_all_frames_of_a_subscription() -> None:
    """`ok` replies consume numbers too, so they are heard like the rest."""
    sequence = Sequence()
    assert sequence.check(1, 1, 1) is NumberCheck.FIRST
    assert sequence.check(1, 1, 2) is NumberCheck.NEXT
    assert sequence.check(1, 2, 1) is NumberCheck.FIRST
    assert sequence.check(1, 1, 3) is NumberCheck.NEXT
    assert (sequence.frames, sequence.expected(1, 1), sequence.expected(9, 9)) == (4, 4, None)


def test_a_gap_is_told_once_and_counting_goes_on_from_there() -> None:
    """The frames between are lost for good."""
    sequence = Sequence()
    heard = [sequence.check(1, 1, seq) for seq in (1, 4, 5)]
    assert heard == [NumberCheck.FIRST, NumberCheck.GAP, NumberCheck.NEXT]
    assert sequence.gaps == 1


def test_repeated_and_old_numbers_are_told_apart() -> None:
    """Neither moves the count."""
    sequence = Sequence()
    heard = [sequence.check(1, 1, seq) for seq in (1, 2, 2, 1, 3)]
    assert heard == [
        NumberCheck.FIRST,
        NumberCheck.NEXT,
        NumberCheck.DUPLICATE,
        NumberCheck.OLD,
        NumberCheck.NEXT,
    ]
    assert (sequence.duplicates, sequence.old) == (1, 1)


def test_a_connection_that_ended_is_forgotten() -> None:
    """The next one counts from one again."""
    sequence = Sequence()
    sequence.check(1, 1, 7)
    sequence.check(2, 1, 1)
    sequence.forget(1)
    assert sequence.check(1, 1, 1) is NumberCheck.FIRST
    assert sequence.expected(2, 1) == 2


def test_a_frame_whose_number_could_not_be_read_used_one_up() -> None:
    """The next number but one is no gap then, and the one after that is."""
    sequence = Sequence()
    sequence.check(1, 1, 1)
    sequence.check_unread(1, 1, None)
    assert sequence.check(1, 1, 3) is NumberCheck.NEXT
    assert sequence.check(1, 1, 5) is NumberCheck.GAP


def test_a_frame_that_used_no_number_up_after_all_hides_no_gap_that_comes_later() -> None:
    """It is forgotten with the next number, whoever hears it."""
    for fast in (False, True):
        sequence = Sequence()
        sequence.check(1, 1, 1)
        sequence.check_unread(1, 1, None)
        assert sequence.follows((1, 1), 2) if fast else sequence.check(1, 1, 2) is NumberCheck.NEXT
        assert sequence.check(1, 1, 4) is NumberCheck.GAP


def test_a_number_without_its_subscription_is_of_the_one_that_waits_for_it() -> None:
    """Where two wait for it, or none does, nobody can say, and the gap shows."""
    sequence = Sequence()
    sequence.check(1, 1, 1)
    sequence.check(1, 2, 7)
    sequence.check_unread(1, None, 8)
    assert sequence.check(1, 2, 9) is NumberCheck.NEXT
    sequence.check_unread(1, None, 99)
    sequence.check_unread(1, None, None)
    assert sequence.check(1, 1, 2) is NumberCheck.NEXT
    sequence.check(1, 3, 2)
    sequence.check_unread(1, None, 3)
    assert sequence.check(1, 1, 4) is NumberCheck.GAP
