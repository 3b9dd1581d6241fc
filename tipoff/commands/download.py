"""`tipoff download`: the venue's public history, and that of the scores, into a recording for each game day.

Called by the command line; the work is done in `tipoff.download`. Shows no key.
"""

import random
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import date
from typing import Final

import trio
from rich.console import Group, RenderableType
from rich.text import Text

from engine.events import VenueEvent
from engine.leagues import leagues_of
from engine.units import NANOS_PER_SECOND
from persistence.errors import StorageError
from persistence.lock import DirectoryLock
from tipoff.commands.options import DownloadRequest
from tipoff.commands.run_selection import day_typed
from tipoff.config.load import Config, load_or_template
from tipoff.download.asker import Asker
from tipoff.download.gathering import Progress
from tipoff.download.plan import DAYS_MAX, GameWords, days_of
from tipoff.download.scores import ScoreAsker
from tipoff.download.session import Day, Download, Wanted
from tipoff.download.stage import UNFINISHED
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, long_work, progress, table
from tipoff.runs.from_config import schema
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.bundled.balldontlie.source import Key
from tipoff.sources.bundled.balldontlie.source import read_key as balldontlie_key
from tipoff.sources.bundled.kalshi.connection import budget_of
from tipoff.sources.bundled.kalshi.section import KalshiSection
from tipoff.sources.bundled.kalshi.source import read_key as kalshi_key
from venues.balldontlie import rest as balldontlie
from venues.balldontlie.tiers import TIER_OF_WORD, TIERS, Tier
from venues.errors import CredentialsRefused, RecordingError, VenueError
from venues.importers.past_day import Hours, LeftOut, Reasons
from venues.kalshi import rest as kalshi
from venues.kalshi.results import read_cursor
from venues.transport.client import RetryPolicy
from venues.transport.http import Http

RETRY: Final = RetryPolicy(attempts_max=3, wait_s_max=60.0)
"""Retry-After of up to a minute is waited by the client itself, more by `Asker`."""
GO_ON: Final = "what was answered is kept: the same command goes on where it was"


def run_download(request: DownloadRequest) -> Answer:
    """Download what is not there yet. Raises Failure, ConfigError."""
    days = _days(request, time.time_ns())
    config = load_or_template(request.config, schema())
    began, unfinished = time.monotonic(), request.out / UNFINISHED
    try:
        unfinished.mkdir(mode=0o700, parents=True, exist_ok=True)
        with DirectoryLock(unfinished) as lock:
            done, of_listings, asked = trio.run(_download, config, request, days)
            lock.path.unlink(missing_ok=True)
            if not any(unfinished.iterdir()):
                unfinished.rmdir()
    except VenueError as error:
        raise Failure("venue", f"{error}; {GO_ON}") from error
    except (RecordingError, StorageError, OSError) as error:
        raise Failure("download", str(error)) from error
    for day in done:
        of_listings.update(day.left_out)
    document: Json = {
        "out": str(request.out),
        "environment": config.engine.environment,
        "requests": asked,
        "seconds": round(time.monotonic() - began, 3),
        "days": [_day_document(day) for day in done],
        "left_out": _by_name(of_listings),
    }
    return Answer(document, _screen(request, done, of_listings))


def _days(request: DownloadRequest, now_ns: int) -> tuple[date, ...]:
    """The days that were asked for, all of them over. Raises Failure."""
    first = day_typed(request.first_day)
    last = first if request.last_day is None else day_typed(request.last_day)
    if last < first:
        raise Failure("usage", f"--to {last} is before --from {first}", exit_code=Exit.USAGE)
    days = days_of(first, last)
    if len(days) > DAYS_MAX:
        message = f"{len(days)} days are asked for; up to {DAYS_MAX} are downloaded at once"
        raise Failure("usage", message, exit_code=Exit.USAGE)
    ends = Hours.of(last).until
    if now_ns < ends:
        hours = (ends - now_ns) / NANOS_PER_SECOND / 3_600
        message = f"the game day {last} is not over: it ends at six in the morning, Eastern, in {hours:.0f} h"
        raise Failure("not_over", message)
    return days


async def _download(
    config: Config, request: DownloadRequest, days: tuple[date, ...]
) -> tuple[list[Day], Reasons, int]:
    """The days, what of the listings was left out, and how many requests it took."""
    leagues = leagues_of(config.engine.leagues)
    section = config.section(KalshiSection)
    wanted = Wanted(
        days=days,
        games=GameWords.of(request.games),
        leagues=leagues,
        series=section.series or tuple(each for league in leagues for each in league.traded_series),
        out=request.out,
    )
    prod = config.engine.environment == "prod"
    async with AsyncExitStack() as stack:
        url = section.rest_url_prod if prod else section.rest_url_demo
        http = await stack.enter_async_context(Http(url))
        signer = kalshi_key(section)
        given = kalshi.Dependencies(on_body=_unread, wall=time.time_ns, draw=_DRAW, retry=RETRY)
        rest = kalshi.KalshiRest(http, given, signer, budget_of(section, keyed=signer is not None))
        venue = Asker(rest.client, _kalshi_cursor, kalshi.CALL_TOKENS, progress)
        scores = await _scores(config, days[0], stack)
        with long_work("downloading", "markets") as markets, long_work("asking", "answers") as answers:

            def told(reached: Progress) -> None:
                markets.reached(reached.markets_done, reached.markets_expected)
                words = f"game {min(reached.games_done + 1, reached.games)} of {reached.games}, {reached.day}"
                answers.told(words, reached.answers)

            download = Download(wanted, venue, scores, told)
            done = await download.run()
        return done, download.left_out, venue.asked + (scores.asker.asked if scores is not None else 0)


async def _scores(config: Config, day: date, stack: AsyncExitStack) -> ScoreAsker | None:
    """Who tells of games, scores and odds; nobody without a key, or with one that is refused."""
    section = config.section(BalldontlieSection)
    key = balldontlie_key(section)
    if key is None:
        progress("balldontlie has no key: markets only, without games, scores and odds")
        return None
    http = await stack.enter_async_context(Http(section.url))
    given = balldontlie.Dependencies(
        on_body=_unread, wall=time.time_ns, draw=_DRAW, retry=RETRY, bucket=key.bucket
    )
    try:
        tier = await _tier(section, key, http, given, day)
    except CredentialsRefused as error:
        progress(f"balldontlie refuses the key: markets only, without games, scores and odds ({error})")
        return None
    if tier is not Tier.GOAT:
        progress(f"balldontlie is of tier {tier.value}: games and final scores, no plays, no odds")
    rest = balldontlie.BalldontlieRest(http, key.text, given, tier)
    return ScoreAsker(Asker(rest.client, balldontlie.next_cursor, 1, progress), TIERS[tier], progress)


async def _tier(
    section: BalldontlieSection, key: Key, http: Http, given: balldontlie.Dependencies, day: date
) -> Tier:
    known = TIER_OF_WORD.get(section.tier)
    return known or await balldontlie.detect_tier(http, key.text, given, day.isoformat())


_DRAW: Final = random.SystemRandom().random


def _unread(_what: str, _body: str) -> tuple[VenueEvent, ...]:
    """Answers are read when a day is put together, all in one place."""
    return ()


def _kalshi_cursor(_target: str, body: str) -> str:
    return read_cursor(body)


def _screen(request: DownloadRequest, done: Sequence[Day], left_out: Reasons) -> RenderableType:
    rows = [_row(day) for day in done]
    head = ["day", "games", "markets", "trades", "minutes", "plays", "odds", "lines", "recording"]
    parts: list[RenderableType] = [table(head, rows)]
    if left_out:
        counted = [(str(rows), reason.value) for reason, rows in left_out.most_common()]
        parts += [Text(), table(["left out", "why"], counted)]
    if any(day.recording for day in done):
        parts += [Text(), Text(f"`tipoff replay {request.out}` replays them, evening by evening", "dim")]
    return Group(*parts)


def _day_document(day: Day) -> Json:
    return {
        "day": day.day.isoformat(),
        "recording": None if day.recording is None else str(day.recording),
        "there": day.there,
        "games": day.games,
        "markets": day.markets,
        "lines": dict(day.lines),
        "left_out": _by_name(day.left_out),
    }


def _by_name(left_out: Mapping[LeftOut, int]) -> Json:
    return {reason.name.lower(): rows for reason, rows in left_out.items()}


def _row(day: Day) -> tuple[str, ...]:
    if day.recording is None:
        return (day.day.isoformat(), "0", *[""] * 6, "nobody played")
    if day.there:
        return (day.day.isoformat(), *[""] * 7, f"{day.recording} was there")
    lines = day.lines
    odds = sum(count for kind, count in lines.items() if "/odds" in kind)
    return (
        day.day.isoformat(),
        str(day.games),
        str(day.markets),
        str(lines.get("kalshi-trades", 0)),
        str(lines.get("kalshi-candlesticks", 0)),
        str(lines.get("nba-states", 0)),
        str(odds),
        str(sum(lines.values())),
        str(day.recording),
    )
