"""Plays of the league's own site, with the wall clock and without."""

import json
from pathlib import Path

import pytest

from engine.events import GamePhase, GameSeen, MarketDetermined, ScoreSeen, VenueEvent
from engine.units import NANOS_PER_SECOND
from tipoff.sources.registry import translator
from venues import timestamps
from venues.errors import ImportFailed
from venues.importers.evening import ImportReport, ImportSpec, import_files
from venues.importers.plays import LAST_POINTS_S
from venues.importers.unused import Unused
from venues.recordings.recorder import read

GAME = "0022000001"
BOXSCORE = {
    "game": {
        "gameId": GAME,
        "gameTimeUTC": "2020-12-23T00:00:00Z",
        "homeTeam": {"teamTricode": "BKN", "score": 125},
        "awayTeam": {"teamTricode": "GSW", "score": 99},
    }
}
CLOCK = "game_id,date_et,away,home,period,clock_seconds,score_home,score_away\n"
CANDLES = (
    "game,ticker,timestamp,open,high,low,close,volume\n,KXNBAGAME-25NOV21MIACHI-MIA,1763760000,,,,40,1\n"
)


def action(clock: str, at: str | None, home: int = 0, away: int = 0, period: int = 1) -> dict[str, object]:
    return {
        "period": period,
        "clock": clock,
        "timeActual": at,
        "scoreHome": str(home),
        "scoreAway": str(away),
        "description": "something",
    }


def written(folder: Path, **files: object) -> list[ImportSpec]:
    """Files of some kinds (underscores for hyphens): texts as they are, all else as JSON."""
    specs = []
    for name, content in files.items():
        kind = name.replace("_", "-")
        path = folder / kind
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), "utf-8")
        specs.append(ImportSpec(kind, path))
    return specs


def heard(report: ImportReport) -> list[VenueEvent]:
    translate = translator().translate
    return [event for line in read(report.recording) for event in translate(line)]


def test_plays_with_a_wall_clock_are_heard_behind_the_scorer(tmp_path: Path) -> None:
    actions = [
        action("PT12M00.00S", "2020-12-23T00:06:19.0Z"),
        action("PT11M38.50S", "2020-12-23T00:07:00.0Z", home=2),
        action("PT00M00.00S", "2020-12-23T02:20:52.5Z", home=125, away=99, period=4),
    ]
    plays = {"meta": {"version": 1}, "game": {"gameId": GAME, "actions": actions}}
    report = import_files(written(tmp_path, nba_plays=plays, nba_boxscore=BOXSCORE), tmp_path / "out", "30")
    events = heard(report)
    scores = [event for event in events if isinstance(event, ScoreSeen)]
    assert [(score.clock_ms, score.home, score.phase) for score in scores] == [
        (720_000, 0, GamePhase.LIVE),
        (698_500, 2, GamePhase.LIVE),
        (0, 125, GamePhase.FINAL),
    ]
    for score in scores:
        assert score.at_venue is not None
        assert score.at - score.at_venue == 30 * NANOS_PER_SECOND
    seen = {(event.game, event.away, event.home) for event in events if isinstance(event, GameSeen)}
    assert seen == {("2020-12-22/GSW@BKN", "GSW", "BKN")}
    assert report.files[1].unused == {}


def test_a_play_without_a_time_is_counted_and_an_odd_one_told(tmp_path: Path) -> None:
    actions = [
        action("PT12M00.00S", "2020-12-23T00:06:19.0Z"),
        action("PT11M00.00S", None),
        action("soon", "2020-12-23T00:07:00.0Z"),
        {"period": "first"},
    ]
    plays = {"game": {"gameId": GAME, "actions": actions}}
    report = import_files(written(tmp_path, nba_plays=plays), tmp_path / "out")
    (file,) = report.files
    assert file.unused == {Unused.NO_MOMENT: 1, Unused.GAME_UNKNOWN: 1}
    assert file.refused == 2
    assert any("who plays" in note for note in file.notes)


def test_a_box_score_of_strangers_is_refused(tmp_path: Path) -> None:
    body = {"game": BOXSCORE["game"] | {"homeTeam": {"teamTricode": "XXX"}}}
    with pytest.raises(ImportFailed, match="'XXX' is no team"):
        import_files(written(tmp_path, nba_boxscore=body), tmp_path / "out")


def test_the_real_plays_of_a_game_are_understood(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/nba/pbp"
    specs = [
        ImportSpec("nba-plays", folder / f"cdn_playbyplay_{GAME}.json.gz"),
        ImportSpec("nba-boxscore", folder / f"cdn_boxscore_{GAME}.json.gz"),
    ]
    report = import_files(specs, tmp_path / "out")
    assert [(file.lines, file.refused, file.unused) for file in report.files] == [(610, 0, {}), (1, 0, {})]
    scores = [event for event in heard(report) if isinstance(event, ScoreSeen)]
    final = max(scores, key=lambda score: score.at)
    assert (final.phase, final.home, final.away) == (GamePhase.FINAL, 125, 99)


def test_without_a_wall_clock_only_the_end_is_taken_the_morning_after(tmp_path: Path) -> None:
    rows = "7,2025-11-21,MIA,CHI,1,700,0,0\n7,2025-11-21,MIA,CHI,4,6.4,107,143\n"
    specs = written(tmp_path, nba_clock=CLOCK + rows, kalshi_candles=CANDLES)
    report = import_files(specs, tmp_path / "out")
    events = heard(report)
    (final,) = [event for event in events if isinstance(event, ScoreSeen)]
    assert (final.phase, final.home, final.away) == (GamePhase.FINAL, 107, 143)
    # Three in the morning in New York: every game of that night is over.
    assert final.at == timestamps.from_text("2025-11-22T08:00:00Z")
    (paid,) = [event for event in events if isinstance(event, MarketDetermined)]
    assert paid.result == "yes, by the final score 143-107"
    assert report.files[0].unused == {Unused.NO_MOMENT: 1}


@pytest.mark.parametrize(
    "row",
    [
        f"7,2025-11-21,MIA,CHI,4,{LAST_POINTS_S + 0.1},107,143",
        "7,2025-11-21,MIA,CHI,4,0,107,107",
        "7,2025-11-21,MIA,CHI,3,0,80,70",
        "7,2025-11-21,MIA,CHI,4,soon,80,70",
    ],
)
def test_a_game_that_is_cut_off_settles_nothing(tmp_path: Path, row: str) -> None:
    specs = written(tmp_path, nba_clock=f"{CLOCK}{row}\n", kalshi_candles=CANDLES)
    report = import_files([specs[1]], tmp_path / "out")
    assert report.derived == 0
    with pytest.raises(ImportFailed, match="nothing in it"):
        import_files(specs, tmp_path / "other")


def test_the_real_games_without_a_wall_clock_all_end(shared: Path, tmp_path: Path) -> None:
    specs = [
        ImportSpec("nba-clock", shared / "data/nba_joined/rs2025_clock_scores_no_wallclock.csv.gz"),
        ImportSpec("kalshi-candles", shared / "data/kalshi/nba_candles_1m_sample.csv.gz"),
    ]
    report = import_files(specs, tmp_path / "out")
    assert report.files[0].lines == 18
    assert report.derived == 18
