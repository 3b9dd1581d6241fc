"""`python -m benchmarks.win_probability FOLDER [--write]`: fit the in-play model again, and what it is worth.

Prints the manual's tables of games held out. With `--write` the constants go to `engine/in_play_fit.py` and
the tables to `docs/win_probability_tables.md`.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.win_probability.fit import fitted
from benchmarks.win_probability.games import LINES, PATHS, Closed, Played, closed_games, played_games
from benchmarks.win_probability.held_out import (
    FIRST_QUARTERS,
    PRICED,
    HeldOut,
    calibration_table,
    held_out,
    ladder_table,
    loss_table,
    off,
    playoff_levels,
    said_of_playoffs,
    said_with_prices,
)
from benchmarks.win_probability.judging import Said, log_loss
from engine.in_play_curve import Curve, InPlayFit

ROOT: Final = Path(__file__).resolve().parents[2]
CONSTANTS: Final = ROOT / "engine" / "in_play_fit.py"
TABLES: Final = ROOT / "docs" / "win_probability_tables.md"

CONSTANTS_TEXT: Final = '''"""The in-play model's constants: `python -m benchmarks.win_probability`.

Read by `engine.win_probability`. {provenance}
"""

from typing import Final

from engine.in_play_curve import Curve, InPlayFit, LateSteps

LINED: Final = {lined}

UNLINED: Final = {unlined}

LATE: Final = LateSteps(
    begins={begins},
    seconds={seconds},
    steps=(
        # One, two, three and four points.
{steps}
    ),
)

FITTED: Final = InPlayFit(lined=LINED, unlined=UNLINED, late=LATE, overtime={overtime:.2f})
'''

EVERY_MINUTE: Final = (
    "**Calibration, regular season, every minute.** What happened less what was said, in points, with its"
    " standard error by game; before: the normal model of deviation 18, after: this one. Cells of fewer"
    " than 100 games are empty."
)


def main() -> int:
    """Return 0 once everything is printed (and written); 2 without the recorded games."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.win_probability", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of recorded games")
    parser.add_argument("--write", action="store_true", help="write constants and tables into the project")
    given = parser.parse_args()
    needed = [given.folder / name for name in (LINES, PATHS, PRICED)]
    missing = [str(path) for path in needed if not path.is_file()]
    if missing:
        print(f"missing: {', '.join(missing)}; give the folder of recorded games", file=sys.stderr)
        return 2
    closed = closed_games(given.folder)
    played = played_games(given.folder, closed)
    fit = fitted(played, [game for game in closed if game.season >= FIRST_QUARTERS])
    said = held_out(played, closed)
    tables = tables_text(given.folder, fit, said, closed)
    print(tables)
    if given.write:
        CONSTANTS.write_text(constants_text(fit, provenance(played, closed, said)), encoding="utf-8")
        TABLES.write_text(tables, encoding="utf-8")
    return 0


def provenance(played: Sequence[Played], closed: Sequence[Closed], said: HeldOut) -> str:
    """What the constants rest on, in lines of a docstring."""
    seasons = sorted({game.season for game in played})
    newest = max(game.season for game in closed)
    losses = {name: log_loss(said.moments[name]) for name in ("model", "normal", "logistic")}
    return (
        f"Fitted to the paths of {len(played):,} games of {seasons[0]} to {seasons[-1]}\n"
        f"and levelled to the quarters of the six seasons to {newest}; an ordered probit, see\n"
        "`benchmarks/win_probability/fit.py`. Log loss with seasons held out, over 21 moments of the game:\n"
        f"{losses['model']:.4f}, where a logistic regression at each moment has {losses['logistic']:.4f}\n"
        f"and the normal model of deviation 18 has {losses['normal']:.4f}."
    )


def constants_text(fit: InPlayFit, origin: str) -> str:
    """The module of constants."""
    steps = "\n".join(f"        ({', '.join(f'{z:.3f}' for z in row)})," for row in fit.late.steps)
    return CONSTANTS_TEXT.format(
        provenance=origin,
        lined=_curve_text(fit.lined),
        unlined=_curve_text(fit.unlined),
        begins=fit.late.begins,
        seconds=fit.late.seconds,
        steps=steps,
        overtime=fit.overtime,
    )


def _curve_text(curve: Curve) -> str:
    rows = zip(curve.seconds, curve.kept, curve.to_come, curve.sd, strict=True)
    lines = [f"        ({row[0]:.0f}, {row[1]:.3f}, {row[2]:.4f}, {row[3]:.3f})," for row in rows]
    head = "    # Seconds left, share of the lead that lasts, points to come, deviation."
    return "\n".join(["Curve.of_rows(", head, "    (", *lines, "    )", ")"])


def tables_text(folder: Path, fit: InPlayFit, said: HeldOut, closed: list[Closed]) -> str:
    """The tables of the manual."""
    prices, playoffs = said_with_prices(folder, fit), said_of_playoffs(closed, fit)
    parts = [
        "<!-- Written by `python -m benchmarks.win_probability FOLDER --write`. -->",
        "**Log loss, regular season, seasons held out.** The home team's win, at 21 moments of every game.",
        loss_table(said.moments),
        EVERY_MINUTE,
        calibration_table(said.throughout["normal"], said.throughout["model"]),
        _off_text(said.throughout["normal"], said.throughout["model"]),
        "**Calibration without a spread, regular season, every minute.** Before: the normal model, with one.",
        calibration_table(said.throughout["normal"], said.throughout["no spread"]),
        _off_text(said.throughout["normal"], said.throughout["no spread"]),
        "**Ends of quarters, regular season,** the same, newer seasons included.",
        calibration_table(said.regular["normal"], said.regular["model"]),
        _off_text(said.regular["normal"], said.regular["model"]),
        "**Ends of quarters, playoffs since 2008.** No playoff game is in the fit.",
        calibration_table(playoffs["normal"], playoffs["model"]),
        _off_text(playoffs["normal"], playoffs["model"]),
        "**Would the playoffs need constants of their own?** Log loss of their games, seasons held out.",
        "\n".join(
            [
                "| constants | before the tip | after Q1 | after Q2 | after Q3 |",
                "| --- | ---: | ---: | ---: | ---: |",
                *(
                    f"| {name} | {' | '.join(f'{loss:.4f}' for loss in losses)} |"
                    for name, losses in playoff_levels(closed, fit)
                ),
            ]
        ),
        "**Log loss against the price, playoff games with prices,** minute by minute.",
        loss_table(prices),
        "**Margins above lines around the spread,** what happened less what was said, in points.",
        ladder_table(said.ladder),
    ]
    return "\n\n".join(parts) + "\n"


def _off_text(before: Sequence[Said], after: Sequence[Said]) -> str:
    (cells, wide, sure), (cells_after, wide_after, sure_after) = off(before), off(after)
    return (
        f"Off by more than 1.5 points: {wide} of {cells} cells before ({sure} of them by more than two"
        f" standard errors beyond that), {wide_after} of {cells_after} after ({sure_after})."
    )


if __name__ == "__main__":
    sys.exit(main())
