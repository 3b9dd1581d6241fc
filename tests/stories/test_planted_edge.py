"""Verdicts on seasons of which is known whether there is an edge in them: it is found, and none is made up.

Every test run judges a few seasons; `make honesty` judges twenty of each kind, plays a whole one through the
tree of actors and a database, and prints the counts.

Covers: engine.scoring.judgement, engine.scoring.scores, tipoff.reports.evidence.
"""

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.stories.planted import FREE, NONE, PLANTED, STRATEGY, World, season
from tests.stories.told_season import GAMES_LONG, TOLD, UNTOLD, played
from tipoff.json_types import Json
from tipoff.reports.evidence import evidence_of
from tipoff.reports.numbers import as_object
from tipoff.runs.settings import TradingSettings

pytestmark = [pytest.mark.honesty, pytest.mark.slow]

SEASONS = int(os.environ.get("HONESTY_SEASONS", "4"))
LONG_RUN = 20
"""With at least so many seasons chance is allowed its share."""

BEATS, LOSES, FICTION = "beats_the_price", "loses", "fiction"


def say(capsys: pytest.CaptureFixture[str], *lines: str) -> None:
    """Print past pytest."""
    with capsys.disabled():
        sys.stdout.write("\n  ".join(["", *lines]) + "\n")


def judged(world: World) -> Counter[str]:
    """How often each word was said of a season's strategy, of its money and of its expectations."""
    said: Counter[str] = Counter()
    for seed in range(1, SEASONS + 1):
        found = as_object(as_object(evidence_of(season(world, seed))["strategies"])[STRATEGY])
        said[str(as_object(found["verdict"])["judgement"])] += 1
        said[str(as_object(found["expectation"])["honesty"])] += 1
        said["nearer than the price"] += _above(as_object(found["forecasts"])["brier_gain"])
    return said


def _above(interval: Json) -> bool:
    low = as_object(interval)["low"]
    return isinstance(low, float) and low > 0.0


def on_the_page(world: World) -> list[int]:
    """The counts that the manual tells of twenty seasons."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "judging.md").read_text("utf-8")
    (line,) = (line for line in page.splitlines() if line.startswith(f"| {world.name} |"))
    return [int(cell) for cell in line.strip("|").split("|")[1:]]


def counted(said: Counter[str]) -> list[int]:
    return [said[word] for word in (BEATS, LOSES, "not_told_apart", FICTION)]


def told(world: World, said: Counter[str]) -> str:
    counts = ", ".join(f"{word} {count}" for word, count in sorted(said.items()))
    return f"{world.name}, {SEASONS} seasons of 120 games: {counts}"


@pytest.mark.promise("planted-edge-is-found")
def test_an_edge_that_was_planted_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    said = judged(PLANTED)
    say(capsys, told(PLANTED, said))
    assert SEASONS != LONG_RUN or counted(said) == on_the_page(PLANTED)
    assert said[BEATS] >= 0.75 * SEASONS
    assert said["nearer than the price"] > 0
    assert said[LOSES] == 0
    assert said[FICTION] <= SEASONS / 20


@pytest.mark.promise("no-edge-is-made-up")
@pytest.mark.parametrize("world", [NONE, FREE], ids=lambda world: world.name)
def test_where_there_is_no_edge_none_is_found(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    said = judged(world)
    say(capsys, told(world, said))
    assert SEASONS != LONG_RUN or counted(said) == on_the_page(world)
    most = max(SEASONS, LONG_RUN) / 20
    # At fair odds one in forty is said to win by the verdict's own error; four of twenty would be no chance.
    assert said[BEATS] <= (most if world is NONE else 3 * most)
    assert said["nearer than the price"] <= most
    assert said[FICTION] >= 0.75 * SEASONS
    if world is NONE:
        assert said[LOSES] >= said[BEATS]


@pytest.mark.promise("planted-edge-is-found")
def test_the_whole_way_from_frames_to_the_verdict_tells_who_was_told(
    free_settings: TradingSettings,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    games = GAMES_LONG if SEASONS >= LONG_RUN else 2
    rows = played(free_settings, tmp_path_factory.mktemp("season") / "season.db", games)
    verdicts = {name: as_object(as_object(rows[name])["verdict"]) for name in (TOLD, UNTOLD)}
    say(capsys, *(f"{name}: {verdict['sentence']}" for name, verdict in verdicts.items()))
    assert all(as_object(rows[name])["fills"] for name in verdicts)
    if games < GAMES_LONG:
        assert {verdict["judgement"] for verdict in verdicts.values()} == {"cannot_be_known"}
        return
    assert verdicts[TOLD]["judgement"] == BEATS
    assert verdicts[UNTOLD]["judgement"] != BEATS
    assert as_object(as_object(rows[UNTOLD])["expectation"])["honesty"] == FICTION
    assert as_object(as_object(rows[TOLD])["expectation"])["honesty"] != FICTION
