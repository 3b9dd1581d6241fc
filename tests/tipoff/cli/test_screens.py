"""Screens for people: money rounded, never cut; moments short and with their zone."""

import copy
import io
from typing import Any

import pytest
from rich.console import Console

from tests.tipoff.top.conftest import strategy, usual_status
from tipoff.cli import screens
from tipoff.output import Answer


def text(answer: Answer, width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    with console.capture() as captured:
        console.print(answer.screen)
    return captured.get()


@pytest.fixture
def status() -> dict[str, Any]:
    found = copy.deepcopy(usual_status())
    found["pnl"] = {"pessimistic": "-3.269600", "base": "-3.265000", "optimistic": "-0.004000"}
    return {**found, "still_open": [], "resting": []}


def test_a_loss_is_rounded_and_not_cut_to_look_smaller(status: dict[str, Any]) -> None:
    shown = text(screens.status(status))
    assert "P&L       -3.26 dollars after fees (pessimistic -3.27, optimistic 0.00)" in shown
    assert "At risk   96.60 dollars of 500 allowed" in shown
    assert " -12.35  3.20  0.00" in shown


def test_the_one_screen_fits_eighty_columns_and_its_moments_say_utc(status: dict[str, Any]) -> None:
    failure = {"address": "sources/nba_poller", "what": "restarted", "error": "", "at": status["at"]}
    shown = text(screens.status({**status, "last_failure": failure}))
    assert "last book 11-20 23:30:00 UTC" in shown
    assert "Failed    11-20 23:30:00 UTC sources/nba_poller: restarted" in shown
    feed = next(line for line in shown.splitlines() if line.startswith("Feed"))
    assert feed.endswith("UTC")
    assert "Lag       the venue is heard up to 40 ms late" in shown


def test_before_the_first_book_there_was_never_one(status: dict[str, Any]) -> None:
    status["feed"]["last_book_at"] = None
    assert "last book never" in text(screens.status(status))


def test_columns_of_moments_say_their_zone() -> None:
    order = dict.fromkeys(("order_id", "ticker", "side", "price", "count", "filled", "stage", "end"), "x")
    shown = text(screens.orders([{**order, "ahead": None, "at": "2026-11-20T23:30:00.000000Z"}]))
    assert shown.splitlines()[0].rstrip().endswith("at UTC")


def test_a_strategy_that_never_was_on_has_no_kind() -> None:
    shown = text(
        screens.strategies([strategy("random_taker", kind="", enabled=False)], parameters=False), 160
    )
    assert shown.splitlines()[1].split()[:3] == ["random_taker", "-", "off"]
