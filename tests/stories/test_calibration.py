"""`tipoff calibrate` on evenings of which is known what their sportsbooks are worth: the interval holds it.

Ten evenings are drawn as files of candles and moneylines, imported and calibrated, as anybody would. Every
test run does that a few times; `make honesty` twenty times each way.

Covers: tipoff.commands.calibrate, engine.trust.
"""

import csv
import datetime as dt
import os
import sys
from pathlib import Path
from random import Random

import pytest

from engine.trust import GAMES_MIN, HORIZON, Source, Trust
from tipoff.commands.calibrate import calibrated, heard_of
from tipoff.config.load import Config, template
from tipoff.runs.from_config import schema
from venues.importers.evening import ImportSpec, import_files

pytestmark = [pytest.mark.honesty, pytest.mark.slow]

SEASONS = int(os.environ.get("HONESTY_SEASONS", "1"))
LONG_RUN = 20
EVENINGS = 10
MATCHES = (
    ("MIA", "CLE", "Miami Heat", "Cleveland Cavaliers"),
    ("BOS", "NYK", "Boston Celtics", "New York Knicks"),
    ("PHX", "DEN", "Phoenix Suns", "Denver Nuggets"),
)
BOOKS = ("pinnacle", "caesars", "draftkings", "fanduel", "betmgm")
ROUNDS = 6
"""How often the books speak, half an hour apart, before the tip."""


def evening(folder: Path, number: int, trust: float, seed: int) -> Path:
    """Candles and moneylines of three games: of every gap between books and price that share comes true."""
    rng = Random(f"{seed} {number} {trust}")
    day = dt.datetime(2025, 11, 1, tzinfo=dt.UTC) + dt.timedelta(days=number)
    prices, lines = [], []
    for away, home, away_name, home_name in MATCHES:
        event = f"KXNBAGAME-{day:%y%b%d}{away}{home}".upper()
        p, begin = rng.uniform(0.35, 0.65), day + dt.timedelta(hours=19)
        tip = begin + dt.timedelta(hours=4)
        drift = rng.gauss(0.0, 0.01)
        for round_ in range(ROUNDS):
            at = begin + dt.timedelta(minutes=30 * round_)
            gap = rng.gauss(0.0, 0.05)
            fair, to = p + gap, p + trust * gap + drift + rng.gauss(0.0, 0.02)
            # The price stands until a minute after the books spoke, and has gone where it goes by the ninth.
            for minute in range(-2, 13):
                cents = round(100 * (p if minute <= 1 else p + (to - p) * min(1.0, (minute - 1) / 8)))
                moment = int((at + dt.timedelta(minutes=minute)).timestamp())
                prices.append(
                    ["", f"{event}-{home}", moment, cents, cents, cents, min(max(cents, 2), 98), 10]
                )
            scraped = (at + dt.timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
            for team, p_team in ((home_name, fair), (away_name, 1.0 - fair)):
                odds = [f"{1.0 / min(max(p_team, 0.05), 0.95) / 1.04:.4f}"] * len(BOOKS)
                lines.append(
                    [event, f"{tip:%Y-%m-%dT%H:%M:%SZ}", away_name, home_name, scraped, 0, team, *odds]
                )
            p = min(max(to, 0.2), 0.8)
    candles = folder / f"candles_{number}.csv"
    moneylines = folder / f"moneylines_{number}.csv"
    head = ["game", "ticker", "timestamp", "open", "high", "low", "close", "volume"]
    _written(candles, head, sorted(prices, key=lambda row: int(str(row[2]))))
    named = [
        "kalshi_event_ticker",
        "commence_time",
        "away_team",
        "home_team",
        "scrape_time",
        "in_play",
        "team",
    ]
    _written(moneylines, [*named, *BOOKS], lines)
    recording = folder / f"evening_{number}"
    import_files([ImportSpec("kalshi-candles", candles), ImportSpec("odds-moneyline", moneylines)], recording)
    return recording


def consensus(folder: Path, trust: float, seed: int, config: Config) -> Trust:
    """What ten evenings say of sportsbooks before the tip."""
    heard = [heard_of(evening(folder, number, trust, seed), config, HORIZON) for number in range(EVENINGS)]
    return calibrated(heard, 10.0)[0][Source.CONSENSUS_PREGAME]


@pytest.mark.timeout(3600)
@pytest.mark.promise("trust-nothing-unsupported")
@pytest.mark.parametrize("planted", [0.5, 0.0])
def test_what_was_planted_lies_in_the_interval(
    planted: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = template(schema())
    found = []
    for seed in range(1, SEASONS + 1):
        folder = tmp_path / str(seed)
        folder.mkdir()
        found.append(consensus(folder, planted, seed, config))
    held = sum(trust.low <= planted <= trust.high for trust in found)
    with capsys.disabled():
        sys.stdout.write(
            f"\n  planted {planted}: held {held} of {SEASONS}; estimates "
            + ", ".join(f"{trust.estimate:+.2f} [{trust.low:+.2f}, {trust.high:+.2f}]" for trust in found)
            + "\n"
        )
    assert all(trust.games >= GAMES_MIN for trust in found)
    # An interval of 95 % misses one of twenty; more than three misses would be no chance (one in sixty).
    missed_max = 3 if SEASONS >= LONG_RUN else 1
    assert held >= SEASONS - missed_max
    believed = sum(trust.share > 0.0 for trust in found)
    if planted:
        assert believed == SEASONS
    else:
        assert believed <= missed_max


def _written(path: Path, head: list[str], rows: list[list[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
