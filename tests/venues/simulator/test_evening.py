"""The recorded evening: the same for the same seed, and as strict as the venue's own frames."""

import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from venues.simulator.evening import generate
from venues.simulator.world.settings import MINUTE, EveningSettings, Output

DIGEST = """
import hashlib
from itertools import islice
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings
digest = hashlib.sha256()
for output in islice(generate(EveningSettings(seed=11, games=1)), 12_000):
    digest.update(repr(tuple(output)).encode())
print(digest.hexdigest())
"""

Book = dict[str, dict[str, int]]


def frames(outputs: list[Output]) -> Iterator[tuple[Output, dict[str, Any]]]:
    """The WebSocket's outputs with their parsed bodies."""
    for output in outputs:
        if output.source == "kalshi.ws" and output.what != "connected":
            yield output, json.loads(output.body)


def hundredths(text: str) -> int:
    """A size such as "54.00" in hundredths."""
    whole, fraction = text.split(".")
    assert len(fraction) == 2
    return int(whole + fraction)


@pytest.mark.promise("equal-seeds-give-equal")
def test_equal_seeds_give_equal_bytes_whatever_the_hash_seed(root: Path) -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "4242")
    }
    assert len(digests) == 1


def test_another_seed_gives_another_evening() -> None:
    def first_books(seed: int) -> str:
        evening = generate(EveningSettings(seed=seed, games=1))
        return hashlib.sha256(
            "".join(output.body for _, output in zip(range(60), evening, strict=False)).encode()
        ).hexdigest()

    assert first_books(1) != first_books(2)


def test_outputs_come_in_the_order_of_their_times(outputs: list[Output]) -> None:
    assert all(earlier.at < later.at for earlier, later in itertools.pairwise(outputs))


def test_sequence_numbers_are_contiguous_per_subscription_and_ok_frames_count(outputs: list[Output]) -> None:
    last: dict[int, int] = defaultdict(int)
    kinds: dict[int, set[str]] = defaultdict(set)
    for _, frame in frames(outputs):
        if "seq" in frame:
            assert frame["seq"] == last[frame["sid"]] + 1
            last[frame["sid"]] = frame["seq"]
            kinds[frame["sid"]].add(frame["type"])
    assert kinds[1] == {"orderbook_snapshot", "orderbook_delta", "ok"}
    assert last[1] > 1000


def replayed(outputs: list[Output]) -> Iterator[tuple[dict[str, Any], dict[str, Book]]]:
    """Every frame with all books as they stand after it; asserts that no level goes below zero."""
    books: dict[str, Book] = {}
    for _, frame in frames(outputs):
        message = frame.get("msg", {})
        if frame["type"] == "orderbook_snapshot":
            books[message["market_ticker"]] = {
                side: {price: hundredths(size) for price, size in message.get(f"{side}_dollars_fp", [])}
                for side in ("yes", "no")
            }
        elif frame["type"] == "orderbook_delta":
            levels = books[message["market_ticker"]][message["side"]]
            size = levels.get(message["price_dollars"], 0) + hundredths(message["delta_fp"])
            assert size >= 0, frame
            levels[message["price_dollars"]] = size
            if not size:
                del levels[message["price_dollars"]]
        yield frame, books


def test_no_level_is_ever_negative_and_no_book_crossed(outputs: list[Output]) -> None:
    for frame, books in replayed(outputs):
        if frame["type"] == "orderbook_delta":
            book = books[frame["msg"]["market_ticker"]]
            if book["yes"] and book["no"]:
                assert float(max(book["yes"])) + float(max(book["no"])) < 1.0001


def test_every_ticker_frame_says_the_top_of_the_book(outputs: list[Output]) -> None:
    seen = 0
    for frame, books in replayed(outputs):
        if frame["type"] != "ticker":
            continue
        message = frame["msg"]
        book = books[message["market_ticker"]]
        bid = max(book["yes"], default="0.0000")
        no_bid = max(book["no"], default="0.0000")
        assert message["yes_bid_dollars"] == bid
        assert message["yes_bid_size_fp"] == f"{book['yes'].get(bid, 0) / 100:.2f}"
        assert message["yes_ask_dollars"] == f"{1 - float(no_bid):.4f}"
        assert message["yes_ask_size_fp"] == f"{book['no'].get(no_bid, 0) / 100:.2f}"
        seen += 1
    assert seen > 500


def test_every_trade_has_its_change_of_depth_right_before_or_after_it(outputs: list[Output]) -> None:
    texts = [frame for _, frame in frames(outputs) if frame["type"] in {"trade", "orderbook_delta"}]
    orders = set()
    for place, frame in enumerate(texts):
        if frame["type"] != "trade":
            continue
        trade = frame["msg"]
        side = "no" if trade["taker_outcome_side"] == "yes" else "yes"
        wanted = (trade["market_ticker"], side, trade[f"{side}_price_dollars"], "-" + trade["count_fp"])
        for step in (-1, 1):
            delta = texts[place + step]["msg"]
            found = (
                delta["market_ticker"],
                delta.get("side"),
                delta.get("price_dollars"),
                delta.get("delta_fp"),
            )
            if found == wanted and delta["ts_ms"] == trade["ts_ms"]:
                orders.add(step)
                break
        else:
            pytest.fail(f"no change of depth for {trade}")
        assert float(trade["yes_price_dollars"]) + float(trade["no_price_dollars"]) == pytest.approx(1)
    assert orders == {-1, 1}


def test_tickers_follow_the_grammar_and_ladders_their_steps(outputs: list[Output]) -> None:
    grammar = {
        "KXNBAGAME": re.compile(r"KXNBAGAME-26NOV20([A-Z]{3})([A-Z]{3})-(\1|\2)"),
        "KXNBASPREAD": re.compile(r"KXNBASPREAD-26NOV20([A-Z]{3})([A-Z]{3})-(\1|\2)(\d+)"),
        "KXNBATOTAL": re.compile(r"KXNBATOTAL-26NOV20([A-Z]{3})([A-Z]{3})-(\d{3})"),
    }
    for event in listed_events(outputs):
        numbers = defaultdict(list)
        for market in event["markets"]:
            match = grammar[event["series_ticker"]].fullmatch(market["ticker"])
            assert match
            if "floor_strike" in market:
                number = int(match.groups()[-1])
                assert market["floor_strike"] == number - 0.5
                numbers[match.groups()[2] if len(match.groups()) == 4 else ""].append(number)
        for rungs in numbers.values():
            assert all(above - below == 3 for below, above in itertools.pairwise(rungs))


def listed_events(outputs: list[Output], *, last: bool = False) -> list[dict[str, Any]]:
    """The events of the first or last listing of all three families."""
    bodies = [json.loads(output.body) for output in outputs if output.what.startswith("/events?")]
    return [event for body in (bodies[-3:] if last else bodies[:3]) for event in body["events"]]


def test_settlement_agrees_with_the_final_score(outputs: list[Output]) -> None:
    games = json.loads([output.body for output in outputs if "/v1/games" in output.what][-1])["data"]
    finals = {
        f"{game['visitor_team']['abbreviation']}{game['home_team']['abbreviation']}": game for game in games
    }
    outcomes = set()
    for event in listed_events(outputs, last=True):
        game = finals[event["event_ticker"][-6:]]
        for market in event["markets"]:
            outcomes.add((game["status"], market["status"], market["result"]))
            if game["status"] != "Final":
                continue
            home, away = game["home_team_score"], game["visitor_team_score"]
            ending = market["ticker"].rsplit("-", 1)[1]
            if event["series_ticker"] == "KXNBATOTAL":
                pays = home + away > market["floor_strike"]
            else:
                lead = home - away if ending.startswith(game["home_team"]["abbreviation"]) else away - home
                pays = lead > market.get("floor_strike", 0)
            assert market["result"] == ("yes" if pays else "no")
            assert market["settlement_value_dollars"] == ("1.0000" if pays else "0.0000")
            assert market["status"] == "finalized"
    assert outcomes == {
        ("Final", "finalized", "yes"),
        ("Final", "finalized", "no"),
        ("Postponed", "active", ""),
        ("Postponed", "finalized", "scalar"),
    }


def test_a_played_market_is_closed_then_determined_then_settled(outputs: list[Output]) -> None:
    lives: dict[str, list[str]] = defaultdict(list)
    for _, frame in frames(outputs):
        if frame["type"] == "market_lifecycle_v2":
            lives[frame["msg"]["market_ticker"]].append(frame["msg"]["event_type"])
    ends = {tuple(life[-3:]) for life in lives.values() if life != ["activated"]}
    assert ends == {("close_date_updated", "determined", "settled")}
    beginnings = {tuple(life[:-3]) for life in lives.values() if life != ["activated"]}
    assert beginnings == {(), ("activated",), ("deactivated", "activated")}


def test_two_winners_of_one_game_are_settled_against_each_other(outputs: list[Output]) -> None:
    for event in listed_events(outputs, last=True):
        values = [float(market.get("settlement_value_dollars", "0.5")) for market in event["markets"]]
        if event["mutually_exclusive"]:
            assert sum(values) == pytest.approx(1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"games": 0},
        {"games": 16},
        {"date": "20/11/2026"},
        {"rungs": 1},
        {"activity": 0.0},
        {"sportsbooks": 4},
        {"sportsbooks": 12},
        {"pregame_minutes": 0},
    ],
)
def test_settings_that_make_no_evening_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        EveningSettings(**wrong)


def test_an_evening_may_begin_a_minute_before_its_first_tip() -> None:
    settings = EveningSettings(games=1, pregame_minutes=1)
    assert settings.tip_at(0) - settings.starts_at == MINUTE


def test_the_largest_evening_begins() -> None:
    settings = EveningSettings(games=15, rungs=24, sportsbooks=11, box_players=13, activity=3.0)
    first = next(output for output in generate(settings) if "KXNBAGAME&" in output.what)
    assert len(json.loads(first.body)["events"]) == 15


def test_a_quiet_evening_has_fewer_frames_than_a_busy_one() -> None:
    def frames_of(activity: float) -> int:
        evening = EveningSettings(seed=2, games=1, activity=activity, postponed=False, cancelled=False)
        return sum(output.source == "kalshi.ws" for output in generate(evening))

    assert frames_of(0.3) < frames_of(1.0) < frames_of(4.0)
