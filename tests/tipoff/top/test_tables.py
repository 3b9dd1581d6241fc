"""The panes' content: what each answer becomes, in words that need no colours.

Covers: tipoff.top.snapshot.
"""

from collections.abc import Callable

import pytest

from tipoff.output import Failure
from tipoff.top.layout import Size, Table, fitted
from tipoff.top.snapshot import Answers, Seen
from tipoff.top.tables import (
    actors,
    books,
    dollars,
    duration,
    games,
    journal,
    market_name,
    money_style,
    signed,
    strategies,
    tables,
    when,
)

from .conftest import AT, GAMES, MadeUp, game, market, strategy

Look = Callable[[], Seen]


def column(table: Table, name: str) -> list[str]:
    at = [each.name for each in table.columns].index(name)
    return [row.cells[at].text for row in table.rows]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Q2 05:13"),
        ({"period": 4, "clock_ms": 0}, "Q4 00:00"),
        ({"period": 5, "clock_ms": 42_000}, "OT1 00:42"),
        ({"clock_ms": None}, "Q2 --:--"),
        ({"phase": "halftime"}, "half-time"),
        ({"phase": "final"}, "final"),
        ({"phase": "postponed"}, "postponed"),
        ({"phase": "scheduled"}, "tip 23:00"),
        ({"phase": "unknown", "tip_at": None}, "unknown"),
    ],
)
def test_where_a_game_stands(changes: dict[str, object], words: str) -> None:
    assert when(game(GAMES[0], **changes)) == words


def test_games_say_who_plays_and_what_is_odd(daemon: MadeUp, seen: Look) -> None:
    odd = game(GAMES[1], matched=False, scores_disagree=True, halted="halted", away=None)
    daemon.answers["games"] = [game(GAMES[0]), odd]
    shown = games(seen().answers)
    assert column(shown, "game") == ["MEM @ POR", GAMES[1]]
    assert column(shown, "remarks") == ["", "HALTED, no box score, scores disagree"]


@pytest.mark.parametrize(
    ("ticker", "name"),
    [
        ("KXNBAGAME-26NOV20MEMPOR-POR", "POR wins"),
        ("KXNBASPREAD-26NOV20MEMPOR-POR4", "POR by >3.5"),
        ("KXNBATOTAL-26NOV20MEMPOR-221", "total >220.5"),
        ("KXMVENBA-26NOV20-X", "MVENBA-26NOV20-X"),
    ],
)
def test_a_market_is_named_in_words(ticker: str, name: str) -> None:
    assert market_name(ticker) == name


def test_books_show_prices_trust_and_age_of_the_chosen_game(answers: Answers) -> None:
    shown = books(answers)
    assert shown.title == "Books of MEM @ POR"
    assert column(shown, "bid") == ["0.4700", "-"]
    assert column(shown, "ask") == ["0.4900", "0.4900"]
    assert column(shown, "trust") == ["trusted", "stale"]
    assert column(shown, "age") == ["42s", "42s"]


def test_a_market_without_a_book_has_neither_trust_nor_age(daemon: MadeUp, seen: Look) -> None:
    nothing = dict.fromkeys(("yes_bid", "yes_bid_size", "yes_ask", "yes_ask_size", "trust", "at", "status"))
    daemon.answers["markets"] = [market("KXNBAGAME-26NOV20MEMPOR-POR", **nothing)]
    shown = books(seen().answers)
    assert [cell.text for cell in shown.rows[0].cells][1:8] == ["-", "-", "-", "-", "none", "-", "-"]


def test_a_book_from_after_the_last_input_is_not_of_the_future(daemon: MadeUp, seen: Look) -> None:
    daemon.answers["markets"][0]["at"] = "2026-11-20T23:30:09.000000Z"
    assert column(books(seen().answers), "age")[0] == "0s"


def test_strategies_show_state_work_and_the_band_with_signs(daemon: MadeUp, seen: Look) -> None:
    daemon.answers["status"]["strategies"] = [
        strategy("sharp_line"),
        strategy("momentum", enabled=False),
        strategy("ev_multi", halted="reducing"),
        strategy("correlation", quarantined=True),
    ]
    shown = strategies(seen().answers)
    assert column(shown, "state") == ["on", "off", "reducing", "quarantined"]
    assert [column(shown, name)[0] for name in ("pess.", "base", "opt.")] == ["-12.35", "+3.20", "0.00"]
    assert column(shown, "denied")[0] == "3"
    assert column(shown, "base")[2] == "-"


def test_long_names_and_states_cost_no_money_column(daemon: MadeUp, seen: Look) -> None:
    daemon.answers["status"]["strategies"] = [strategy("buy_and_cross_back", quarantined=True)]
    shown = fitted(strategies(seen().answers), Size(79, 8)).lines
    assert shown[0].plain.split()[:3] == ["strategy", "state", "ord."]
    assert shown[0].plain.endswith("opt.")
    assert len(shown[1].plain) <= 79


def test_the_tree_is_indented_and_a_supervisor_has_no_mailbox(answers: Answers) -> None:
    shown = actors(answers)
    assert column(shown, "actor") == ["journal", "exchange", "  risk_gate"]
    assert column(shown, "mailbox") == ["0", "", "0"]
    assert column(shown, "restarts") == ["0", "", "2"]
    assert column(shown, "last error") == ["", "", "KeyError: 'ticker'"]
    assert column(shown, "age")[0] == "2h05m"


def test_the_journal_is_in_words_and_its_rows_hold_all(answers: Answers) -> None:
    shown = journal(answers)
    assert column(shown, "what")[-1] == "refused number 40"
    assert AT in shown.rows[-1].detail
    assert "OrderDenied by risk_gate, on input 900" in shown.rows[-1].detail


def test_whoever_gives_no_answer_is_said_to_give_none(daemon: MadeUp, seen: Look) -> None:
    for method in ("status", "games", "actors", "journal"):
        daemon.troubles[method] = Failure("not_ready", "the daemon is starting")
    shown = tables(seen())
    for name in ("games", "strategies", "actors", "journal"):
        assert shown[name].rows == ()
        assert shown[name].empty == "no answer: the daemon is starting"


def test_every_pane_fits_the_smallest_terminal(seen: Look) -> None:
    for name, shown in tables(seen()).items():
        heading = fitted(shown, Size(80, 8)).lines[0].plain
        assert len(heading) <= 80, name
        needed = [column.name for column in shown.columns if not column.rank]
        assert [each for each in needed if each not in heading] == [], name


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "-"),
        (0, "0s"),
        (59, "59s"),
        (60, "1m00s"),
        (3_600, "1h00m"),
        (86_399, "23h59m"),
        (90_000, "1d01h"),
    ],
)
def test_a_duration_is_short(seconds: int | None, words: str) -> None:
    assert duration(seconds) == words


def test_money_is_rounded_to_cents_and_its_sign_is_a_letter() -> None:
    assert [signed(each) for each in ("-3.269600", "0.004999", "-0.004000", "12.5")] == [
        "-3.27",
        "0.00",
        "0.00",
        "+12.50",
    ]
    assert dollars("96.600000") == "96.60"
    assert (money_style("-3.27"), money_style("+1.00"), money_style("-"), money_style("0.00")) == (
        "red",
        "green",
        "",
        "",
    )
