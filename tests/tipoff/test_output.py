"""What a command says when nobody reads any more."""

import os
import sys

import pytest

from tipoff.output import progress


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
