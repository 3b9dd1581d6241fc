"""What a command says while it works, and when nobody reads any more."""

import os
import pty
import sys
import threading
from contextlib import suppress

import pytest

from tipoff.output import ERASE, Work, long_work, progress


@pytest.mark.fault("I7")
def test_i7_progress_into_a_closed_pipe_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    closed = os.fdopen(writing, "w", buffering=1, encoding="utf-8")
    monkeypatch.setattr(sys, "stderr", closed)
    for _ in range(3):
        progress("still here")
    monkeypatch.undo()
    with pytest.raises(BrokenPipeError):
        closed.close()


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("done", "total", "seconds", "words"),
    [
        (0, None, 3, "replaying: 3 s"),
        (0, 4_000, 3, "replaying: 3 s"),
        (5_000, None, 4, "replaying: 5,000 lines, 1,250 a second, 4 s"),
        (5_000, 20_000, 4, "replaying: 5,000 of 20,000 lines (25%), 1,250 a second, 12 s left"),
        (2, 40, 60, "replaying: 2 of 40 lines (5%), 2.0 a minute, 19 min left"),
        (20, 2_000, 4, "replaying: 20 of 2,000 lines (1%), 5.00 a second, 7 min left"),
        (1, 10_000, 3, "replaying: 1 of 10,000 lines (0%), 0.33 a second, 8.3 h left"),
        (5_100, 5_000, 4, "replaying: 5,100 of 5,000 lines (100%), 1,275 a second, 0 s left"),
    ],
)
def test_work_tells_how_far_it_is_how_fast_and_how_long(
    done: int, total: int | None, seconds: float, words: str
) -> None:
    clock = Seconds()
    work = Work("replaying", "lines", clock=clock)
    clock.now += seconds
    work.reached(done, total)
    assert work.words() == words


def test_what_was_done_before_says_nothing_of_the_rate() -> None:
    clock = Seconds()
    work = Work("sweep", "pairs", clock=clock)
    clock.now += 60
    work.resumed(900)
    clock.now += 10
    work.reached(1_000, 1_200)
    assert work.words() == "sweep: 1,000 of 1,200 pairs (83%), 10 a second, 20 s left"


def test_each_part_of_a_work_has_a_rate_of_its_own() -> None:
    clock = Seconds()
    work = Work("importing", "lines", clock=clock)
    clock.now += 60
    work.told("reading a", 0, 100)
    clock.now += 2
    work.told("reading a", 50, 100)
    assert work.words() == "reading a: 50 of 100 lines (50%), 25 a second, 2 s left"
    work.told("reading b", 0, 10)
    assert work.words() == "reading b: 0 s"


class Terminal:
    """A terminal on standard error, and what is written on it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, columns: int = 60) -> None:
        self.ours, theirs = pty.openpty()
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "stderr", os.fdopen(theirs, "w", encoding="utf-8"))

    def until(self, part: str) -> str:
        """What comes up to these characters; waits for them."""
        text = ""
        while part not in text:
            text += os.read(self.ours, 4_096).decode("utf-8", "replace")
        return text

    def close(self) -> str:
        """All that is still to be read."""
        sys.stderr.close()
        text = ""
        with suppress(OSError):
            while data := os.read(self.ours, 4_096):
                text += data.decode("utf-8", "replace")
        os.close(self.ours)
        return text


@pytest.mark.promise("sign-of-life")
def test_long_work_is_told_on_a_terminal_while_it_says_nothing_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal(monkeypatch, columns=120)
    with long_work("tipoff replay"):
        terminal.until("tipoff replay: 0 s")
        with long_work("evenings", "evenings") as evenings:
            evenings.reached(1, 4)
            with long_work("one", "lines") as work:
                work.reached(10, 20)
                assert "tipoff" not in terminal.until("one: 10 of 20 lines (50%)").rpartition(ERASE)[2]
            terminal.until("evenings: 1 of 4 evenings (25%)")
    assert terminal.close().endswith(ERASE)


def test_a_sentence_stands_on_a_line_of_its_own_above_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch)
    with long_work("replaying"):
        terminal.until("replaying")
        progress("a segment is cut off")
        terminal.until(f"{ERASE}\x1b[2ma segment is cut off\x1b[0m\r\n")
        terminal.until("replaying")
    terminal.close()


def test_a_work_longer_than_the_line_is_cut_and_commands_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, columns=20)
    with long_work("reading \x1b[31m evening-of-a-very-long-name"):
        terminal.until("…")
    rest = terminal.close()
    assert "\x1b[31m" not in rest
    assert all(len(each.lstrip()) < 20 for each in rest.split(ERASE))


@pytest.mark.promise("sign-of-life")
def test_nothing_is_told_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    before = threading.active_count()
    with long_work("replaying", "lines") as work:
        work.reached(1, 2)
        assert threading.active_count() == before
    assert capsys.readouterr().err == ""


def test_a_terminal_that_is_gone_ends_no_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal(monkeypatch)
    with long_work("replaying"):
        terminal.until("replaying")
        os.close(terminal.ours)
        progress("still here")
    with suppress(OSError):
        sys.stderr.close()
    monkeypatch.undo()
    progress("and here")
    assert capsys.readouterr().err == "and here\n"
