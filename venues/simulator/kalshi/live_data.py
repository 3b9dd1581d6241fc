"""Kalshi's own view of a game besides the markets: milestones, live data, play by play.

Pure writers for `venues.simulator.kalshi.rest`. The published schema leaves the details of a game open; the
names here are ours.
"""

from venues.simulator.kalshi.queries import Unknown
from venues.simulator.wire.timestamps import clock_text, kalshi_time, status_text, whole_second
from venues.simulator.world.game import Game
from venues.simulator.world.league import PLAYED
from venues.simulator.world.listing import Family
from venues.simulator.world.live import LiveEvening
from venues.simulator.world.settings import MINUTE, SECOND

Row = dict[str, object]


def event_tickers(game: Game) -> list[str]:
    """The events of one game."""
    return [game.listing.event_ticker(family) for family in Family]


def game_of(live: LiveEvening, milestone_id: str) -> Game:
    """The game of a milestone. Raises Unknown."""
    for game in live.all_games:
        if game.listing.milestone_id == milestone_id:
            return game
    raise Unknown(milestone_id)


def milestone(game: Game) -> Row:
    """What groups the events of one game."""
    listing = game.listing
    return {
        "id": listing.milestone_id,
        "category": "Sports",
        "type": "basketball_game",
        "start_date": whole_second(listing.tip_at),
        "end_date": None,
        "related_event_tickers": event_tickers(game),
        "title": f"{listing.away.label} at {listing.home.label}",
        "notification_message": "",
        "source_id": None,
        "details": {
            "league": PLAYED.name,
            "home_team_id": listing.team_ids[1],
            "away_team_id": listing.team_ids[0],
        },
        "primary_event_tickers": event_tickers(game)[:1],
        "last_updated_ts": kalshi_time(listing.tip_at - 2 * 24 * 60 * MINUTE),
    }


def live_data(game: Game, wrong_points: int = 0) -> Row:
    """Score and clock of one game, perhaps with points of the home team that there are not."""
    moment = game.shown
    begun = moment.period > 0
    return {
        "type": "basketball_game",
        "milestone_id": game.listing.milestone_id,
        "details": {
            "status": "finished" if moment.status == "Final" else "live" if begun else "none",
            "status_text": status_text(game),
            "period": moment.period,
            "clock": clock_text(game) or "",
            "home_points": moment.home + (wrong_points if begun else 0),
            "away_points": moment.away,
            "last_updated_ts": moment.at // SECOND,
        },
    }


def game_stats(game: Game) -> Row:
    """The plays so far, by period."""
    periods: dict[int, list[Row]] = {}
    for moment in game.played:
        periods.setdefault(moment.period, []).append(
            {
                "clock": f"{moment.clock // 60:02d}:{moment.clock % 60:02d}",
                "home_points": moment.home,
                "away_points": moment.away,
                "wall_clock": kalshi_time(moment.at),
            }
        )
    return {"pbp": {"periods": [{"events": events} for events in periods.values()]}}


def cutoff(at: int) -> Row:
    """Before which moments data are in the archive; here they are one."""
    border = whole_second(at)
    return {
        "market_settled_ts": border,
        "trades_created_ts": border,
        "orders_updated_ts": border,
        "market_positions_last_updated_ts": border,
    }
