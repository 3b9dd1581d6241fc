"""Frames: read strictly, never crashing, and answers that are put together again from their parts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.control.protocol import (
    ANSWER_CHARS_MAX,
    ERROR_CODES,
    FRAME_BYTES_MAX,
    PART_CHARS_MAX,
    ErrorCode,
    Fault,
    error_frame,
    read_request,
    result_frames,
)
from tipoff.exit_codes import Exit

GOOD = b'{"jsonrpc":"2.0","id":1,"method":"status"}'

BAD = [
    (b"", "parse"),
    (b"nonsense", "parse"),
    (b"\x00", "parse"),
    (b'{"a":"\xff"}', "parse"),
    (b'{"a":"\\ud800"}', "parse"),
    (b'{"a":NaN}', "parse"),
    (b'{"a":1e400}', "parse"),
    (b'{"a":' + b"9" * 5_000 + b"}", "parse"),
    (b'{"id":1,"id":2}', "parse"),
    (b"[" * 30_000, "parse"),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "parse"),
    (b"[]", "invalid_request"),
    (b'[{"jsonrpc":"2.0","id":1,"method":"status"}]', "invalid_request"),
    (b"1", "invalid_request"),
    (b"null", "invalid_request"),
    (b"{}", "invalid_request"),
    (b'{"jsonrpc":"1.0","id":1,"method":"status"}', "invalid_request"),
    (b'{"jsonrpc":"2.0","id":1}', "invalid_request"),
    (b'{"jsonrpc":"2.0","id":1,"method":""}', "invalid_request"),
    (b'{"jsonrpc":"2.0","id":1,"method":7}', "invalid_request"),
    (b'{"jsonrpc":"2.0","method":"status"}', "invalid_request"),
    (b'{"jsonrpc":"2.0","id":null,"method":"status"}', "invalid_request"),
    (b'{"jsonrpc":"2.0","id":true,"method":"status"}', "invalid_request"),
    (b'{"jsonrpc":"2.0","id":1.5,"method":"status"}', "invalid_request"),
    (b'{"jsonrpc":"2.0","id":1e3,"method":"status"}', "invalid_request"),
    (b'{"jsonrpc":"2.0","id":1,"method":"status","params":[]}', "invalid_request"),
    (b'{"jsonrpc":"2.0","id":1,"method":"status","v":2}', "version"),
    (b'{"jsonrpc":"2.0","id":1,"method":"status","v":"1"}', "version"),
    (b'{"jsonrpc":"2.0","id":1,"method":"status","v":true}', "version"),
]


@pytest.mark.fault("F10")
@pytest.mark.parametrize(("frame", "word"), BAD)
def test_a_bad_frame_is_a_fault_with_a_name(frame: bytes, word: str) -> None:
    with pytest.raises(Fault) as caught:
        read_request(frame)
    assert caught.value.code.value == word


def test_a_frame_may_say_its_version_and_fields_that_are_unknown_here() -> None:
    read = read_request(GOOD[:-1] + b',"v":1,"trace":"x","params":{"limit":3}}')
    assert (read.id, read.method, read.params) == (1, "status", {"limit": 3})


@pytest.mark.limit("tipoff.control.protocol:ID_CHARS_MAX")
@pytest.mark.parametrize(("length", "fits"), [(64, True), (65, False)])
def test_an_id_and_a_method_have_at_most_64_characters(length: int, fits: bool) -> None:  # noqa: FBT001
    for field in ("id", "method"):
        document = {"jsonrpc": "2.0", "id": 1, "method": "status"} | {field: "x" * length}
        frame = json.dumps(document).encode()
        if fits:
            read_request(frame)
        else:
            with pytest.raises(Fault):
                read_request(frame)


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_no_frame_whatever_raises_anything_but_a_fault(frame: bytes) -> None:
    try:
        read_request(frame)
    except Fault as fault:
        assert error_frame(None, fault).endswith(b"\n")  # noqa: PT017


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=3))
def test_no_mutation_of_a_good_frame_raises_anything_but_a_fault(place: int, change: bytes) -> None:
    try:
        read_request(GOOD[:place] + change + GOOD[place + 1 :])
    except Fault as fault:
        assert fault.code in ErrorCode  # noqa: PT017


def together(frames: list[bytes]) -> object:
    """The result of an answer as a client puts it together."""
    read = [json.loads(frame) for frame in frames]
    if "result" in read[0]:
        return read[0]["result"]
    assert [frame["part"] for frame in read] == list(range(1, len(read) + 1))
    assert {frame["parts"] for frame in read} == {len(read)}
    return json.loads("".join(frame["text"] for frame in read))


@pytest.mark.limit("tipoff.control.protocol:PART_CHARS_MAX")
@pytest.mark.parametrize("length", [0, PART_CHARS_MAX - 2, PART_CHARS_MAX - 1, PART_CHARS_MAX * 3])
def test_a_long_answer_comes_in_parts_that_are_no_longer_than_a_frame(length: int) -> None:
    answer = "é" * (length // 6) + "x" * (length % 6)
    frames = list(result_frames(7, answer))
    assert together(frames) == answer
    assert all(len(frame) <= FRAME_BYTES_MAX for frame in frames)
    assert (len(frames) > 1) == (len(json.dumps(answer)) > PART_CHARS_MAX)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=20))
def test_whatever_is_answered_arrives(answer: object) -> None:
    assert together(list(result_frames("id", [answer] * 50))) == [answer] * 50  # type: ignore[list-item]


@pytest.mark.limit("tipoff.control.protocol:ANSWER_CHARS_MAX")
def test_an_answer_beyond_the_limit_is_an_error_that_says_so() -> None:
    assert list(result_frames(1, "x" * (ANSWER_CHARS_MAX - 2)))
    with pytest.raises(Fault) as caught:
        list(result_frames(1, "x" * (ANSWER_CHARS_MAX - 1)))
    assert caught.value.code is ErrorCode.TOO_LARGE


def test_every_trouble_has_a_code_of_its_own_and_an_exit_code() -> None:
    assert len({code.rpc for code in ErrorCode}) == len(ErrorCode) == len(ERROR_CODES)
    assert all(trouble.exit is not Exit.OK and trouble.meaning for trouble in ErrorCode)
