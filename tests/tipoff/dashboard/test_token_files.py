"""Where the tokens are, who can read them, and when there are new ones."""

import stat
from pathlib import Path

import pytest

from tipoff.dashboard.access import Right
from tipoff.dashboard.token_files import FILES, address_of, forget_tokens, make_tokens, read_tokens
from tipoff.output import Failure


def test_each_start_has_new_ones_that_nobody_else_can_read(tmp_path: Path) -> None:
    first = make_tokens(tmp_path)
    assert read_tokens(tmp_path) == first
    assert first.operate != first.read
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in FILES.values()} == {0o600}
    forget_tokens(tmp_path)
    assert read_tokens(tmp_path) is None
    second = make_tokens(tmp_path)
    assert not {first.operate, first.read} & {second.operate, second.read}


def test_a_start_after_a_crash_takes_those_that_lie_there_so_that_an_open_page_comes_back(
    tmp_path: Path,
) -> None:
    assert make_tokens(tmp_path) == make_tokens(tmp_path)


def test_a_file_that_others_could_read_or_that_holds_no_token_is_not_trusted(tmp_path: Path) -> None:
    first = make_tokens(tmp_path)
    (tmp_path / FILES[Right.OPERATE]).chmod(0o640)
    second = make_tokens(tmp_path)
    assert second.operate != first.operate
    (tmp_path / FILES[Right.READ]).write_text("short")
    assert make_tokens(tmp_path).read not in {"short", first.read, second.read}


def test_a_link_that_somebody_laid_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / FILES[Right.OPERATE]).symlink_to(victim)
    make_tokens(tmp_path)
    assert victim.read_text() == "mine"
    assert not (tmp_path / FILES[Right.OPERATE]).is_symlink()


def test_somebodys_own_token_operates_if_it_is_long_enough(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("a" * 43 + "\n")
    assert make_tokens(tmp_path, own).operate == "a" * 43
    own.write_text("a" * 42)
    with pytest.raises(Failure, match="a token is 43 to 128 letters"):
        make_tokens(tmp_path, own)


def test_the_token_stands_where_no_browser_sends_it() -> None:
    assert address_of("127.0.0.1", 8464, "abc") == "http://127.0.0.1:8464/#t=abc"
    assert address_of("::1", 1, "abc") == "http://[::1]:1/#t=abc"
