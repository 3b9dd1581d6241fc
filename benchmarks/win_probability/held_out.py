"""Every season said by models that were fitted without it, and the tables of that.

Read by `python -m benchmarks.win_probability` and by the test of the shipped constants.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import attrs

from benchmarks.win_probability.fit import State, fitted, levels, quarter_ends, scaled, spread_of
from benchmarks.win_probability.games import Closed, Played, seasons_of
from benchmarks.win_probability.judging import (
    GAMES_MIN,
    Model,
    Said,
    beyond,
    cells,
    fitted_model,
    log_loss,
    logistic_model,
    normal_model,
    said_at_moments,
    said_throughout,
    unlined_model,
)
from engine.in_play_curve import InPlayFit
from engine.win_probability import InPlayModel

PRICED: Final = Path("nba_joined/po2025_joined_1m.csv.gz")
ALLOWED: Final = 0.015
"""A cell may be off by so much, beside what chance explains."""

LINES_SHOWN: Final = (-14.5, -8.5, -3.5, 3.5, 8.5, 14.5)
FIRST_QUARTERS: Final = 2016
"""Older seasons were played with other scores."""

SPANS: Final = (
    ("Q1", 2160, 2880),
    ("Q2", 1440, 2159),
    ("Q3", 720, 1439),
    ("Q4 to 3:00", 180, 719),
    ("3:00 to 1:00", 60, 179),
    ("1:00 to 0:10", 10, 59),
    ("last 5 s", 0, 5),
)
Saids: TypeAlias = dict[str, list[Said]]


@attrs.frozen
class HeldOut:
    """What each model said of games that it had not seen, by the model's name."""

    moments: Saids
    throughout: Saids
    regular: Saids
    ladder: Mapping[tuple[int, float], list[tuple[float, bool]]]


def held_out(played: Sequence[Played], closed: Sequence[Closed]) -> HeldOut:
    """Leave one season out, fit on the others, and say it."""
    moments: Saids = defaultdict(list)
    throughout: Saids = defaultdict(list)
    regular: Saids = defaultdict(list)
    ladder: dict[tuple[int, float], list[tuple[float, bool]]] = defaultdict(list)
    recent = [game for game in closed if game.season >= FIRST_QUARTERS]
    for season in seasons_of(recent):
        seen = [game for game in played if game.season != season]
        unseen = [game for game in played if game.season == season]
        fit = fitted(seen, [game for game in recent if game.season != season])
        models: dict[str, Model] = {
            "model": fitted_model(fit),
            "no spread": unlined_model(fit),
            "normal": normal_model,
        }
        for name, model in models.items():
            moments[name] += said_at_moments(model, unseen)
            throughout[name] += said_throughout(model, unseen)
        if unseen:
            moments["logistic"] += said_at_moments(logistic_model(seen), unseen)
        games = [game for game in recent if game.season == season and not game.playoffs]
        for name, model in models.items():
            regular[name] += said_at_quarters(model, games, str(season))
        _say_ladder(ladder, fit, games)
    return HeldOut(moments, throughout, regular, ladder)


def said_of_playoffs(closed: Sequence[Closed], fit: InPlayFit) -> Saids:
    """What is said of every playoff game: none of them is fitted to."""
    playoffs = [game for game in closed if game.playoffs]
    models = {"model": fitted_model(fit), "normal": normal_model}
    return {name: said_at_quarters(model, playoffs, name) for name, model in models.items()}


def said_at_quarters(model: Model, games: Sequence[Closed], prefix: str) -> list[Said]:
    """What a model says before the tip and after three quarters."""
    said = []
    for seconds, states in quarter_ends(games):
        for number, state in enumerate(states):
            said.append(Said(f"{prefix}-{number}", seconds, model(state, seconds), state.margin > 0))
    return said


def said_with_prices(folder: Path, fit: InPlayFit) -> Saids:
    """Model, normal model and price, minute by minute, on the playoff games with prices.

    The spread is the one that goes with the last price before the tip; a minute without a trade in the last
    two is left out.
    """
    said: Saids = defaultdict(list)
    model = fitted_model(fit)
    in_play = InPlayModel(fit=fit)
    with gzip.open(folder / PRICED, "rt", encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            minutes, price = float(row["minutes_left"]), row["kalshi_close_cents"]
            if not price or float(row["close_age_minutes"]) > 1 or int(row["quarter"]) > 4 or minutes <= 0:
                continue
            won = row["side_won"] == "1"
            spread = in_play.spread_of_p0(float(row["pregame_close_cents"]) / 100)
            state = State(int(float(row["lead_of_side"])), spread, 1 if won else -1)
            p_price = min(max(float(price) / 100, 0.01), 0.99)
            for name, p in (
                ("model", model(state, 60 * minutes)),
                ("normal", normal_model(state, 60 * minutes)),
                ("price", p_price),
            ):
                said[name].append(Said(row["game_id"], 60 * minutes, p, won))
    return said


def playoff_levels(closed: Sequence[Closed], fit: InPlayFit) -> Iterator[tuple[str, list[float]]]:
    """Log loss of playoff games held out, by quarter, with none, half and all of the playoffs' own level."""
    losses: dict[str, list[Said]] = defaultdict(list)
    playoffs = [game for game in closed if game.playoffs]
    for season in seasons_of([game for game in playoffs if game.season >= FIRST_QUARTERS]):
        one, two, three = levels([game for game in playoffs if game.season != season], fit.lined, spread_of)
        games = [game for game in playoffs if game.season == season]
        for name, share in (("the regular season's", 0.0), ("half way", 0.5), ("their own", 1.0)):
            level = one**share, two**share, three**share
            model = fitted_model(attrs.evolve(fit, lined=scaled(fit.lined, level)))
            losses[name] += said_at_quarters(model, games, str(season))
    for name, said in losses.items():
        ends = sorted({one.seconds for one in said}, reverse=True)
        yield name, [log_loss([one for one in said if one.seconds == end]) for end in ends]


def loss_table(said: Mapping[str, Sequence[Said]], spans: Iterable[tuple[str, int, int]] = SPANS) -> str:
    """Log loss by span of the game and model."""
    lines = [_row(["left to play", *said]), _row(["---", *["---:"] * len(said)])]
    for name, low, high in spans:
        chosen = [[one for one in saids if low <= one.seconds <= high] for saids in said.values()]
        if all(chosen):
            lines.append(_row([name, *(f"{log_loss(saids):.4f}" for saids in chosen)]))
    lines.append(_row(["all", *(f"{log_loss(saids):.4f}" for saids in said.values())]))
    return "\n".join(lines)


def calibration_table(before: Sequence[Said], after: Sequence[Said]) -> str:
    """Decile by quarter: what was said and happened, before and after, in points; cells of 100 games."""
    lines = [
        _row(["said", *(f"Q{quarter} {when}" for quarter in (1, 2, 3, 4) for when in ("before", "after"))]),
        _row(["---", *["---:"] * 8]),
    ]
    found = [{(cell.quarter, cell.decile): cell for cell in cells(said)} for said in (before, after)]
    for decile in range(10):
        texts = []
        for quarter in (1, 2, 3, 4):
            for by_place in found:
                cell = by_place.get((quarter, decile))
                few = cell is None or cell.games < GAMES_MIN
                texts.append("" if few or cell is None else f"{100 * cell.gap:+.1f} ± {100 * cell.error:.1f}")
        lines.append(_row([f"{decile / 10:.1f} to {(decile + 1) / 10:.1f}", *texts]))
    return "\n".join(lines)


def off(said: Sequence[Said]) -> tuple[int, int, int]:
    """How many cells hold 100 games, how many are off by more than is allowed, and how many of those by more
    than two standard errors beside.
    """
    large = [cell for cell in cells(said) if cell.games >= GAMES_MIN]
    wide = [cell for cell in large if abs(cell.gap) > ALLOWED]
    return len(large), len(wide), sum(beyond(cell, ALLOWED) for cell in wide)


def ladder_table(ladder: Mapping[tuple[int, float], Sequence[tuple[float, bool]]]) -> str:
    """What was said of margins above a line less what happened, in points, by quarter's end."""
    seconds = sorted({key[0] for key in ladder}, reverse=True)
    names = ["before the tip", "after Q1", "after Q2", "after Q3"]
    lines = [_row(["margin above", *names]), _row(["---", *["---:"] * 4])]
    for line in LINES_SHOWN:
        gaps = []
        for left in seconds:
            said = ladder[left, line]
            gaps.append(100 * sum(float(happened) - p for p, happened in said) / len(said))
        lines.append(_row([f"{line:+.1f}", *(f"{gap:+.1f}" for gap in gaps)]))
    return "\n".join(lines)


def _say_ladder(
    ladder: dict[tuple[int, float], list[tuple[float, bool]]], fit: InPlayFit, games: Sequence[Closed]
) -> None:
    model = InPlayModel(fit=fit)
    for seconds, states in quarter_ends(games):
        for state in states:
            # Lines around what is expected, as a venue lists them.
            for line in LINES_SHOWN:
                at = round(state.spread) + line
                p = model.p_margin_above(at, state.lead, seconds / 60.0, state.spread)
                ladder[seconds, line].append((p, state.margin > at))


def _row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"
