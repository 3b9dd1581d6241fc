"""What a stored sweep is worth, as `tipoff sweep show` and `best` tell it.

Covers: tipoff.sweep.evidence, tipoff.commands.sweep.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from engine.overfitting.backtest_overfitting import BLOCKS
from persistence.sweep_store import OutcomeRow, ResultRow, SweepKey
from tests.engine.overfitting.sweeps import FIRST
from tests.tipoff.reports.test_page import Tags
from tipoff.cli.app import main
from tipoff.config.load import template
from tipoff.config.render import render
from tipoff.json_types import Json
from tipoff.reports.numbers import as_list, as_object
from tipoff.runs.from_config import schema
from tipoff.sweep.evidence import (
    BLOCKS_FEW,
    DRAWS_MAX,
    DRAWS_MIN,
    SUMS_MAX,
    TRIALS_OF_ALL_HALVES_MAX,
    WORDS,
    judging,
)
from tipoff.sweep.objectives import Objective
from tipoff.sweep.plan import plan_of
from tipoff.sweep.sweep import begin
from tipoff.sweep.task import RecordingRef

GAMES = 210
REF = RecordingRef("a" * 64, "one", "/nowhere", ())


def stored(path: Path, values: str, edges: Mapping[int, float], games: int = GAMES) -> Path:
    """A sweep of position sizes over one made-up evening; trial 1 ended in an error."""
    random = Random(5)
    plan = plan_of({}, [f"sharp_line.position_size={values}"])
    with begin(path, plan, render(template(schema())), [REF]) as store:
        trials = {
            number: json.dumps(dict(each), separators=(",", ":"))
            for number, each in enumerate(plan.combinations(), 1)
        }
        store.add_trials(trials.items())
        days = [(f"game-{place:03}", str(FIRST + timedelta(days=place // 7))) for place in range(games)]
        rows = []
        for number, text in trials.items():
            state, error = ("failed", "the book was crossed") if number == 1 else ("done", None)
            row = OutcomeRow(REF.digest, text, state, error, 1, 1, 1)
            dollars = [round(1e6 * (random.gauss(0.0, 1.0) + edges.get(number, 0.0))) for _day in days]
            brought = [
                ResultRow(REF.digest, text, game, each, each, each, 0.0, 0, -each / 1e6, 1)
                for (game, _day), each in zip(days, dollars, strict=True)
            ]
            rows.append((row, [] if error else brought))
        store.add(SweepKey(plan.strategy, plan.version, plan.run_seed), REF.digest, days, rows)
    return path


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve trials, of which the sixth has an edge."""
    return stored(tmp_path_factory.mktemp("sweep") / "sweep.db", "1..12", {6: 0.5})


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Mapping[str, Json]:
    """What a command prints as JSON."""
    capsys.readouterr()
    assert main(["sweep", *words, "--json"]) == 0
    return as_object(json.loads(capsys.readouterr().out))


def test_an_edge_is_real_and_every_try_counts(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_object(told(capsys, "show", str(sweep))["evidence"])
    assert (found["tried"], found["trials"]) == (12, 11)
    assert as_object(found["verdict"])["judgement"] == "real"
    assert as_object(found["best"])["key"] == "06"
    last = as_object(as_list(found["rows"])[-1])
    assert (last["key"], last["error"]) == ("01", "the book was crossed")


def test_the_best_is_told_with_its_verdict(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "best", str(sweep)]) == 0
    assert "The best of 12: real:" in capsys.readouterr().out
    verdict = told(capsys, "best", str(sweep))["verdict"]
    assert verdict == as_object(told(capsys, "show", str(sweep))["evidence"])["verdict"]


def test_another_objective_has_another_verdict(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_object(told(capsys, "show", str(sweep), "--objective", "log_loss")["evidence"])
    assert as_object(found["verdict"])["judgement"] == "not_told_apart"
    assert as_object(found["sweep"])["unit"] == "nats"
    assert set(WORDS) == set(Objective)


def test_luck_is_drawn_from_a_sweep_of_a_control(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    controls = stored(tmp_path / "controls.db", "1..4", {})
    page = tmp_path / "page.html"
    words = ("show", str(sweep), "--controls", str(controls), "--html", str(page))
    found = as_object(told(capsys, *words)["evidence"])
    assert as_object(found["luck"])["controlled"] is True
    told_of = as_object(as_object(found["sweep"])["provenance"])
    assert told_of["controls"] == "sharp_line, 3 trials"
    text = page.read_text("utf-8")
    assert "drawn from the controls&#x27; own results" in text
    assert Tags(text).open == []


def test_controls_of_other_games_are_refused(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    controls = stored(tmp_path / "controls.db", "1..4", {}, GAMES - 1)
    assert main(["sweep", "show", str(sweep), "--controls", str(controls)]) == 1
    assert "its 209 games are not the 210 games of the sweep" in capsys.readouterr().err


@pytest.mark.limit("tipoff.sweep.evidence:DRAWS_MIN")
@pytest.mark.limit("tipoff.sweep.evidence:DRAWS_MAX")
@pytest.mark.limit("tipoff.sweep.evidence:SUMS_MAX")
@pytest.mark.parametrize(
    "trials, games, draws",
    [
        (1, 1, DRAWS_MAX),
        (1_000, SUMS_MAX // 1_000 // DRAWS_MAX, DRAWS_MAX),
        (1_000, SUMS_MAX // 1_000 // DRAWS_MAX + 1, 998),
        (1_000, SUMS_MAX // 1_000 // DRAWS_MIN, DRAWS_MIN),
        (1_000, SUMS_MAX // 1_000 // DRAWS_MIN + 1, DRAWS_MIN),
    ],
)
def test_large_sweeps_have_fewer_draws(trials: int, games: int, draws: int) -> None:
    assert judging(trials, games, 7).draws.draws == draws
    assert judging(trials, games, 7).draws.seed == 7


@pytest.mark.limit("tipoff.sweep.evidence:TRIALS_OF_ALL_HALVES_MAX")
@pytest.mark.parametrize("more, blocks", [(0, BLOCKS), (1, BLOCKS_FEW)])
def test_very_large_sweeps_are_cut_into_fewer_blocks(more: int, blocks: int) -> None:
    assert judging(TRIALS_OF_ALL_HALVES_MAX + more, 100, 7).blocks == blocks
