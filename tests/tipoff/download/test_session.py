"""Whole days downloaded: what stands in them and when, on both sides of the cutoff, interrupted and not.

Covers: tipoff.download.gathering.
"""

# ruff: noqa: ARG001 (a clock winds trio's time on by being asked for)

import json
from collections import Counter
from datetime import date
from pathlib import Path

import httpx
import pytest
from trio.testing import MockClock

from engine.events import (
    GamePhase,
    GameSeen,
    MarketDetermined,
    MarketListed,
    MarketSettled,
    MarketStatus,
    OddsSeen,
    QuoteSeen,
    ScoreSeen,
    TradePrinted,
    VenueEvent,
)
from engine.leagues import LEAGUES, NBA
from tests.tipoff.download.conftest import EVENING, FIRST, LAST, Venues, downloaded, lines, tree
from tipoff.download.gathering import Progress
from tipoff.download.plan import GameWords
from tipoff.download.session import Day, Download, Wanted
from tipoff.download.stage import UNFINISHED
from tipoff.sources.registry import translator
from venues.balldontlie.tiers import Tier
from venues.errors import AnswerNotUnderstood, CircuitOpen, ServerFailed
from venues.importers.past_day import Hours, LeftOut
from venues.simulator.world.history import History


class Killed(BaseException):
    """The process is gone."""


def events(day: Day) -> list[VenueEvent]:
    """What a replay of a day hears."""
    translate = translator().translate
    return [event for line in lines(day) for event in translate(line)]


async def test_a_day_has_every_market_trade_minute_and_result(
    venues: Venues, history: History, tmp_path: Path
) -> None:
    (day,) = await downloaded(venues, tmp_path, days=(FIRST, FIRST), scores=venues.scores())
    past = history.evenings[0]
    heard = events(day)
    kinds = Counter(type(event) for event in heard)
    markets = past.world.markets
    assert (day.games, day.markets) == (1, len(markets))
    assert kinds[MarketListed] == kinds[MarketDetermined] == kinds[MarketSettled] == len(markets)
    trades = [event for event in heard if isinstance(event, TradePrinted)]
    assert {trade.trade_id for trade in trades} == {
        printed.trade_id for market in markets.values() for printed in market.prints
    }
    assert not any(trade.recovered for trade in trades)
    assert kinds[QuoteSeen] == sum(len(minutes) for minutes in past.candles.minutes.values())
    assert not day.left_out


async def test_nothing_is_told_before_it_could_be_known(venues: Venues, tmp_path: Path) -> None:
    (day,) = await downloaded(venues, tmp_path, days=(LAST, LAST), scores=venues.scores())
    hours, told = Hours.of(LAST), lines(day)
    assert [line.at for line in told] == sorted(line.at for line in told)
    assert told[0].at == hours.since
    for event in events(day):
        match event:
            case MarketListed():
                assert (event.status, event.at) == (MarketStatus.ACTIVE, hours.since)
                # Two days after the tip, as it was listed: the real close would tell when the game ends.
                assert event.close_at is not None
                assert event.close_at > hours.until
            case TradePrinted() | QuoteSeen():
                assert event.at == event.at_venue
            case OddsSeen():
                assert event.at_venue is not None
                assert event.at == max(event.at_venue, hours.since)
            case ScoreSeen(source="import"):
                assert event.at_venue is not None
                # A play is heard later than the scorer entered it.
                assert event.at > event.at_venue
            case MarketDetermined():
                paid_at = event.at
            case _:
                pass
    finals = [event for event in events(day) if isinstance(event, ScoreSeen) and event.source != "import"]
    assert [score.phase for score in finals] == [GamePhase.FINAL]
    assert all(score.at >= paid_at - 600 * 10**9 for score in finals)


async def test_days_on_both_sides_of_the_cutoff_and_at_it_are_whole(
    venues: Venues, history: History, tmp_path: Path
) -> None:
    days = await downloaded(venues, tmp_path)
    assert [day.day for day in days] == [date(2025, 11, number) for number in range(16, 21)]
    for day, past in zip(days, history.evenings, strict=True):
        assert day.lines["kalshi-trades"] == sum(len(market.prints) for market in past.world.markets.values())
        assert day.lines["kalshi-results"] == len(past.world.markets)
    asked = {target.partition("?")[0] for target in venues.asked}
    assert {"/markets/trades", "/historical/trades", "/historical/markets", "/markets"} <= asked
    # Far enough from the cutoff one side is enough: the first day is of the archive alone.
    assert history.archived(next(iter(history.evenings[0].world.markets.values())))
    first = str(Hours.of(FIRST).since // 10**9)
    assert not [each for each in venues.asked if each.startswith("/markets/trades") and first in each]


async def test_a_cutoff_in_the_middle_of_an_evening_loses_no_trade(tmp_path: Path) -> None:
    from engine.units import NANOS_PER_HOUR

    # Two hours after the begin of the last evening but one, in the middle of its game.
    history = History.before(EVENING, 3, live_days=2 - 2 / 24)
    middle = history.evenings[1].world
    prints = [printed for market in middle.markets.values() for printed in market.prints]
    assert min(printed.at for printed in prints) < history.cutoff_at < max(printed.at for printed in prints)
    assert abs(middle.settings.starts_at - history.cutoff_at) < 3 * NANOS_PER_HOUR
    (day,) = await downloaded(Venues(history), tmp_path, days=(date(2025, 11, 19), date(2025, 11, 19)))
    assert day.lines["kalshi-trades"] == len(prints)


@pytest.mark.promise("interrupted-download")
@pytest.mark.parametrize("stops", [(1, 9, 30, 55, 80), (3, 4, 5, 6, 7), (20, 30, 28, 40, 30)])
async def test_an_interrupted_download_ends_like_one_that_was_not(
    venues: Venues, tmp_path: Path, stops: tuple[int, ...]
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    await downloaded(venues, whole, scores=venues.scores())
    once = len(venues.asked)
    venues.asked.clear()
    for stop in stops:
        answers = iter(range(stop))

        def counting(told: Progress, answers: object = answers) -> None:
            if told.answers and next(answers, None) is None:  # type: ignore[call-overload]
                raise Killed

        with pytest.raises(Killed):
            await downloaded(venues, broken, scores=venues.scores(), on_progress=counting)
        assert not (broken / LAST.isoformat()).exists()
    days = await downloaded(venues, broken, scores=venues.scores())
    assert {name: data for name, data in tree(broken).items() if UNFINISHED not in name} == tree(whole)
    # What was answered is not asked for again, but for the listings that say which games there were.
    assert len(venues.asked) < once + len(stops) * 8
    assert any(day.there for day in days) or sum(stops) < 100


@pytest.mark.promise("interrupted-download")
async def test_a_recording_that_was_being_written_is_begun_anew(venues: Venues, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    await downloaded(venues, whole, days=(FIRST, FIRST))
    begun = broken / UNFINISHED / FIRST.isoformat() / "recording"
    begun.mkdir(parents=True)
    (begun / "manifest.json").write_text("{")
    (begun / "segment-00000.jsonl.zst").write_bytes(b"half of a segment")
    await downloaded(venues, broken, days=(FIRST, FIRST))
    assert tree(broken) == tree(whole)


async def test_what_is_there_is_not_asked_for_again(venues: Venues, tmp_path: Path) -> None:
    await downloaded(venues, tmp_path, days=(FIRST, FIRST))
    venues.asked.clear()
    (day,) = await downloaded(venues, tmp_path, days=(FIRST, FIRST))
    assert day.there
    assert venues.asked == []


async def test_only_the_games_that_were_asked_for(venues: Venues, history: History, tmp_path: Path) -> None:
    teams = history.evenings[2].world.games[0].listing
    days = await downloaded(venues, tmp_path, f"{teams.away.code}@{teams.home.code}".lower())
    assert [bool(day.recording) for day in days].count(True) >= 1
    assert days[2].games == 1
    named = [event for event in events(days[2]) if isinstance(event, MarketListed)]
    assert {f"{teams.away.code}{teams.home.code}" in event.ticker for event in named} == {True}


async def test_a_day_without_games_has_no_recording(venues: Venues, tmp_path: Path) -> None:
    (day,) = await downloaded(venues, tmp_path, days=(date(2025, 7, 1), date(2025, 7, 1)))
    assert (day.recording, day.games) == (None, 0)
    assert tree(tmp_path) == {}


async def test_without_a_plan_for_plays_the_final_score_comes_when_the_venue_has_paid(
    venues: Venues, tmp_path: Path
) -> None:
    (day,) = await downloaded(venues, tmp_path, days=(FIRST, FIRST), scores=venues.scores(Tier.FREE))
    heard = events(day)
    (final,) = [event for event in heard if isinstance(event, ScoreSeen)]
    assert final.phase is GamePhase.FINAL
    assert final.at == max(event.at for event in heard if isinstance(event, MarketSettled))
    (seen,) = {event.game for event in heard if isinstance(event, GameSeen)}
    assert seen.startswith("bdl:")
    assert not any("plays" in target or "odds" in target for target in venues.asked)


async def test_a_row_that_is_odd_costs_only_itself(venues: Venues, tmp_path: Path) -> None:
    whole = await downloaded(venues, tmp_path / "whole", days=(FIRST, FIRST))

    def spoilt(target: str, answer: httpx.Response) -> httpx.Response:
        body = answer.json()
        if "/trades" in target and body["trades"]:
            body["trades"][0]["yes_price_dollars"] = "much"
        if "candlesticks" in target and body["candlesticks"]:
            body["candlesticks"][-1]["end_period_ts"] = None
        return httpx.Response(answer.status_code, json=body)

    venues.spoil = spoilt
    (day,) = await downloaded(venues, tmp_path / "odd", days=(FIRST, FIRST))
    traded = sum(1 for market in venues.history.evenings[0].world.markets.values() if market.prints)
    minutes = len(venues.history.evenings[0].candles.minutes)
    assert day.left_out == {LeftOut.ODD_ROW: traded + minutes}
    assert day.lines["kalshi-trades"] == whole[0].lines["kalshi-trades"] - traded
    assert day.lines["kalshi-candlesticks"] == whole[0].lines["kalshi-candlesticks"] - minutes
    assert day.lines["kalshi-results"] == whole[0].lines["kalshi-results"]


async def test_answers_that_are_torn_or_refused_for_a_while_cost_nothing(
    venues: Venues, tmp_path: Path, autojump_clock: MockClock
) -> None:
    whole = tmp_path / "whole"
    await downloaded(venues, whole, days=(FIRST, FIRST), scores=venues.scores())
    seen: Counter[str] = Counter()
    ways = (
        lambda _answer: httpx.Response(
            429, headers={"retry-after": "70"}, json={"error": "too many requests"}
        ),
        lambda answer: httpx.Response(200, content=answer.content[: len(answer.content) // 2]),
        lambda _answer: httpx.Response(503, content=b""),
        lambda _answer: httpx.Response(200, content=b"<!doctype html>"),
        lambda answer: httpx.Response(
            200, json={name: None if isinstance(each, list) else each for name, each in answer.json().items()}
        ),
    )

    def troubled(target: str, answer: httpx.Response) -> httpx.Response:
        seen[target] += 1
        # Everything but the cutoff, which is asked for once and not by the patient way.
        if seen[target] > 1 or "cutoff" in target:
            return answer
        return ways[len(seen) % len(ways)](answer)

    venues.spoil = troubled
    (day,) = await downloaded(venues, tmp_path / "broken", days=(FIRST, FIRST), scores=venues.scores())
    assert tree(tmp_path / "broken") == {
        **tree(whole),
    }
    assert not day.left_out


async def test_a_listing_that_is_never_understood_ends_the_download(
    venues: Venues, tmp_path: Path, autojump_clock: MockClock
) -> None:
    venues.spoil = lambda target, answer: (
        httpx.Response(200, content=b"{") if target.startswith("/markets?series") else answer
    )
    with pytest.raises(AnswerNotUnderstood, match="KXNBAGAME"):
        await downloaded(venues, tmp_path, days=(FIRST, FIRST))


async def test_one_market_that_is_never_understood_costs_only_itself(
    venues: Venues, tmp_path: Path, autojump_clock: MockClock
) -> None:
    ticker = next(iter(venues.history.evenings[0].world.markets))
    venues.spoil = lambda target, answer: (
        httpx.Response(200, content=b"{") if f"/{ticker}/candlesticks" in target else answer
    )
    (day,) = await downloaded(venues, tmp_path, days=(FIRST, FIRST))
    assert day.left_out == {LeftOut.NOT_UNDERSTOOD: 1}
    quoted = {json.loads(line.body)["ticker"] for line in lines(day) if line.what == "kalshi-candlesticks"}
    assert quoted == set(venues.history.evenings[0].candles.minutes) - {ticker}


async def test_a_venue_that_stays_down_ends_the_download_and_loses_nothing(
    venues: Venues, tmp_path: Path, autojump_clock: MockClock
) -> None:
    whole = tmp_path / "whole"
    await downloaded(venues, whole, days=(FIRST, FIRST))
    count = len(venues.asked)
    venues.asked.clear()
    venues.spoil = lambda _target, answer: (
        httpx.Response(502, content=b"") if len(venues.asked) > count // 2 else answer
    )
    with pytest.raises((ServerFailed, CircuitOpen)):
        await downloaded(venues, tmp_path / "broken", days=(FIRST, FIRST))
    venues.asked.clear()
    venues.spoil = lambda _target, answer: answer
    await downloaded(venues, tmp_path / "broken", days=(FIRST, FIRST))
    assert tree(tmp_path / "broken") == tree(whole)
    assert len(venues.asked) < count


async def test_a_market_that_moved_to_the_archive_meanwhile_is_found_there(
    venues: Venues, tmp_path: Path
) -> None:
    whole = await downloaded(venues, tmp_path / "whole", days=(LAST, LAST))
    # The live side says 404; the archive, where nothing of that day is yet, is asked then.
    venues.spoil = lambda target, answer: (
        httpx.Response(404, json={}) if target.startswith("/series/KXNBAGAME/markets") else answer
    )
    (day,) = await downloaded(venues, tmp_path / "moved", days=(LAST, LAST))
    assert day.left_out == {LeftOut.NOT_THERE: 2}
    assert sum(target.startswith("/historical/markets/KXNBAGAME") for target in venues.asked) == 2
    assert whole[0].left_out == {}


async def test_progress_tells_how_many_games_are_done(venues: Venues, tmp_path: Path) -> None:
    told: list[Progress] = []
    await downloaded(venues, tmp_path, on_progress=told.append)
    assert {each.games for each in told} == {5}
    assert [each.games_done for each in told] == sorted(each.games_done for each in told)
    assert {each.games_done for each in told} >= {0, 1, 2, 3, 4}
    markets = [each.markets_done for each in told]
    assert markets == sorted(markets)
    # Every game has six here, so that the estimate is right from the first on.
    assert {each.markets_expected for each in told} == {0, 30}
    assert markets[-1] >= 29
    of_first = [each.answers for each in told if each.day == FIRST]
    assert of_first == list(range(1, len(of_first) + 1))


async def test_an_odd_row_of_a_listing_costs_no_game_and_is_counted(venues: Venues, tmp_path: Path) -> None:
    def spoilt(target: str, answer: httpx.Response) -> httpx.Response:
        body = answer.json()
        if target.startswith("/historical/markets?series"):
            body["markets"][0]["expected_expiration_time"] = "soon"
        return httpx.Response(answer.status_code, json=body)

    venues.spoil = spoilt
    wanted = Wanted(days=(FIRST,), games=GameWords(), leagues=LEAGUES, series=NBA.traded_series, out=tmp_path)
    download = Download(wanted, venues.venue(), None, lambda _told: None)
    (day,) = await download.run()
    assert day.games == 1
    assert download.left_out == {LeftOut.ODD_ROW: 1}


async def test_what_a_kill_left_of_a_day_that_stands_is_removed(venues: Venues, tmp_path: Path) -> None:
    await downloaded(venues, tmp_path, days=(FIRST, FIRST))
    left = tmp_path / UNFINISHED / FIRST.isoformat()
    left.mkdir(parents=True)
    (left / "x.answer").write_bytes(b"an answer")
    await downloaded(venues, tmp_path, days=(FIRST, FIRST))
    assert not left.exists()
