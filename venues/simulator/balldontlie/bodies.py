"""balldontlie's bodies as verbatim objects: games, live box scores, odds, teams.

Pure writers over the simulated world's state, shared by the pure evening and the live service. Shapes follow
bodies seen in the wild, which carry more than the published schema.
"""

from datetime import date
from functools import lru_cache
from random import Random
from typing import Final

from venues.simulator.wire.timestamps import bdl_time, clock_text, status_text
from venues.simulator.world.game import Game
from venues.simulator.world.league import PLAYED
from venues.simulator.world.play_by_play import Moment
from venues.simulator.world.settings import MINUTE
from venues.simulator.world.sportsbooks import Prices, american
from venues.simulator.world.teams import Team

BOX_STAYS: Final = 10 * MINUTE
"""How long a finished game stays among the live box scores."""
FIRST_NAMES: Final = (
    "Avery",
    "Blake",
    "Casey",
    "Drew",
    "Ellis",
    "Finley",
    "Gray",
    "Harper",
    "Indio",
    "Jules",
)
LAST_NAMES: Final = (
    "Abbott",
    "Brook",
    "Calder",
    "Dane",
    "Elwood",
    "Frost",
    "Garland",
    "Holm",
    "Ives",
    "Jarrow",
)


def team_row(team: Team) -> dict[str, object]:
    """A team object."""
    return {
        "id": team.number,
        "conference": team.conference,
        "division": team.division,
        "city": team.city,
        "name": team.name,
        "full_name": team.full_name,
        "abbreviation": team.code,
    }


def state_text(moment: Moment) -> str:
    """The field `status_state`, which stands beside `status` since 2026."""
    if moment.status == "Final":
        return "final"
    return "in" if moment.period else "scheduled"


def season(iso: str) -> int:
    """The season's first year."""
    day = date.fromisoformat(iso)
    return day.year if day.month >= 8 else day.year - 1


def game_row(game: Game) -> dict[str, object]:
    """One row of /games."""
    listing, moment = game.listing, game.shown
    row: dict[str, object] = {
        "id": listing.bdl_id,
        "date": listing.date,
        "season": season(listing.date),
        "status": status_text(game),
        "period": moment.period,
        "time": clock_text(game),
        "postseason": False,
        "postponed": game.postponed,
        "home_team_score": moment.home,
        "visitor_team_score": moment.away,
        # UTC, while `date` is the Eastern date: late games have two different days in one row.
        "datetime": bdl_time(listing.tip_at),
    }
    row |= _periods(game)
    row |= {
        "ist_stage": None,
        "status_state": state_text(moment),
        "home_team": team_row(listing.home),
        "visitor_team": team_row(listing.away),
    }
    return row


def _periods(game: Game) -> dict[str, object]:
    """Points by period; those that have not begun are null."""
    points = period_points(game.played)
    row: dict[str, object] = {}
    for side, name in ((0, "home"), (1, "visitor")):
        for number, key in enumerate(("q1", "q2", "q3", "q4", "ot1", "ot2", "ot3")):
            row[f"{name}_{key}"] = points[number][side] if number < len(points) else None
        row[f"{name}_timeouts_remaining"] = max(0, 7 - len(points) - side) if points else None
        row[f"{name}_in_bonus"] = game.shown.clock < 180 if points else None
    return row


def period_points(played: list[Moment]) -> list[tuple[int, int]]:
    """Home and away points of every period so far."""
    ends: dict[int, Moment] = {moment.period: moment for moment in played}
    points = []
    home = away = 0
    for moment in ends.values():
        points.append((moment.home - home, moment.away - away))
        home, away = moment.home, moment.away
    return points


def box_row(game: Game) -> dict[str, object]:
    """One row of /box_scores and /box_scores/live: the game's fields flat, players inside the teams."""
    listing = game.listing
    row = game_row(game)
    row["time"] = row["time"] or ""
    row["home_team"] = team_row(listing.home) | {"players": _players(game, listing.home, game.shown.home)}
    row["visitor_team"] = team_row(listing.away) | {"players": _players(game, listing.away, game.shown.away)}
    return row


def _players(game: Game, team: Team, points: int) -> list[dict[str, object]]:
    """Some invented players that share the points of their team so far."""
    count = game.settings.box_players
    whole = round(PLAYED.minutes)
    minutes = whole if PLAYED.is_overtime(game.shown.period) else round(whole - game.shown.minutes_left)
    rows: list[dict[str, object]] = []
    for number in range(count):
        share = points // count + (1 if number < points % count else 0)
        stats = {"fgm": share // 3, "fga": share // 3 * 2, "fg3m": share // 9, "fg3a": share // 5}
        other = {
            "ftm": share // 6,
            "fta": share // 5,
            "oreb": 1,
            "dreb": share // 4,
            "reb": 1 + share // 4,
            "ast": share // 5,
            "stl": share // 12,
            "blk": share // 15,
            "turnover": share // 10,
            "pf": min(6, share // 8),
            "pts": share,
        }
        rows.append(
            {"min": f"{minutes}", **stats, **other, "plus_minus": None, "player": _player(team, number)}
        )
    return rows


@lru_cache(maxsize=512)
def _player(team: Team, number: int) -> dict[str, object]:
    """An invented player; one and the same in every body."""
    rng = Random(f"{team.code}|{number}")
    return {
        "id": 900_000 + rng.randrange(99_999),
        "first_name": rng.choice(FIRST_NAMES),
        "last_name": rng.choice(LAST_NAMES),
        "position": rng.choice(("G", "F", "C")),
        "height": f"6-{rng.randrange(10)}",
        "weight": f"{rng.randrange(180, 260)}",
        "jersey_number": f"{rng.randrange(56)}",
        "college": "Sample State",
        "country": "USA",
        "draft_year": 2020,
        "draft_round": 1,
        "draft_number": 1 + rng.randrange(30),
        "team_id": team.number,
    }


def odds_rows(game: Game) -> list[dict[str, object]]:
    """The odds rows of one game: one a vendor, and that of the vendor `kalshi`."""
    rows = [
        {"id": book.row_id, "game_id": game.listing.bdl_id, "vendor": book.vendor} | _prices(book.prices)
        for book in game.books
        if book.prices is not None
    ]
    if rows:
        rows.append(_kalshi_row(game))
    return rows


def _prices(prices: Prices) -> dict[str, object]:
    home, away = prices.moneyline or (None, None)
    return {
        "spread_home_value": _line(prices.spread),
        "spread_home_odds": prices.spread_odds[0],
        "spread_away_value": _line(-prices.spread),
        "spread_away_odds": prices.spread_odds[1],
        "moneyline_home_odds": home,
        "moneyline_away_odds": away,
        "total_value": _line(prices.total),
        "total_over_odds": prices.total_odds[0],
        "total_under_odds": prices.total_odds[1],
        "updated_at": bdl_time(prices.updated_at),
    }


def _line(points: float) -> str:
    """A line as text: "-1.5", "6", never "-0"."""
    return f"{points + 0.0:g}"


def _kalshi_row(game: Game) -> dict[str, object]:
    away, home = (market.top()[1] for market in game.markets[:2])
    return {
        "id": game.listing.bdl_id * 10,
        "game_id": game.listing.bdl_id,
        # The vendor lists Kalshi among the sportsbooks: a consensus that takes it in compares the market
        # with itself.
        "vendor": "kalshi",
        "moneyline_home_odds": american(home / 100),
        "moneyline_away_odds": american(away / 100),
        "updated_at": bdl_time(max(market.quoted_at for market in game.markets[:2])),
    }


def opening_rows(game: Game) -> list[dict[str, object]]:
    """The rows of /odds/opening for one game."""
    rows = []
    for vendor, prices, opened_at in game.opening:
        body = _prices(prices)
        del body["updated_at"]
        row = {"id": game.listing.bdl_id, "game_id": game.listing.bdl_id, "vendor": vendor}
        rows.append(row | body | {"opened_at": bdl_time(opened_at)})
    return rows


def page(rows: list[dict[str, object]], cursor: int | None = None, per_page: int = 100) -> dict[str, object]:
    """Rows with the paging block; the last page has no next cursor."""
    meta: dict[str, object] = {"per_page": per_page}
    if cursor is not None:
        meta["next_cursor"] = cursor
    return {"data": rows, "meta": meta}


def has_box(game: Game, at: int) -> bool:
    """Whether the live box scores carry a game: while it runs and some minutes after its end."""
    if game.shown.status == "Final":
        return at - game.shown.at < BOX_STAYS
    return game.shown.period > 0


def play_rows(game: Game) -> list[dict[str, object]]:
    """The rows of /plays for one game so far; every moment of the script is one."""
    rows: list[dict[str, object]] = []
    earlier = None
    for order, moment in enumerate(game.played, start=1):
        home = moment.home - (earlier.home if earlier else 0)
        away = moment.away - (earlier.away if earlier else 0)
        scorer = game.listing.home if home > 0 else game.listing.away if away > 0 else None
        row: dict[str, object] = {
            "game_id": game.listing.bdl_id,
            "order": order,
            "type": "Score" if scorer else "Play",
            "text": f"{scorer.name} score" if scorer else moment.status,
            "home_score": moment.home,
            # Here the vendor writes `away`, in games and box scores `visitor`.
            "away_score": moment.away,
            "period": moment.period,
            "period_display": moment.status,
            "clock": f"{moment.clock // 60}:{moment.clock % 60:02d}",
            "scoring_play": scorer is not None,
            "shooting_play": scorer is not None,
            "score_value": max(home, away, 0),
            "wallclock": bdl_time(moment.at),
            "participants": [],
        }
        if scorer:
            row["team"] = team_row(scorer)
        rows.append(row)
        earlier = moment
    return rows
