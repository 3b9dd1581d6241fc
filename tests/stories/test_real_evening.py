"""Real evenings with all five strategies: what each of them did, or exactly why it did nothing.

One-minute candles of 24 NBA games, the ticker stream of one more, polls of scores, and sportsbooks' odds.

The numbers are told and explained in `docs/real_evening.md`; here stands what must stay true of them.
"""

from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from engine.facts import OrderDenied, OrderFilled, SignalAction, SignalRaised
from engine.game import Game
from engine.orders import Liquidity
from engine.units import MONEY_CENT, MONEY_ZERO
from tests.stories.plays import Played, play
from tipoff.commands.options import ReplayRequest
from tipoff.commands.replay import run_replay
from tipoff.config.load import parse, template
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import TradingSettings
from venues.importers.evening import ImportReport, ImportSpec, import_files
from venues.recordings.recorder import read

pytestmark = pytest.mark.slow

FILES: Final = {
    "kalshi-candles": "kalshi/nba_candles_1m_sample.csv.gz",
    "kalshi-ticker": "kalshi/nba_ticker_stream_25NOV22LACCHA_CHA_until1900Z.jsonl.gz",
    "nba-polls": "nba/pbp/live_polls_2025-12-30_31.csv",
    "odds-moneyline": "nba/odds/us_books_moneyline_2025-10_2026-01.csv",
    "odds-spreads": "nba/odds/us_books_spreads_2025-12_2026-02.csv.gz",
}
FIVE: Final = ("sharp_line", "momentum", "ev_multi", "mean_reversion", "correlation")
CLEVELAND: Final = "KXNBAGAME-25DEC22CHACLE-CLE"
FRAMES: Final = 29_558


@pytest.fixture(scope="module")
def imported(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> ImportReport:
    """All files as one recording."""
    specs = [ImportSpec(kind, shared / "data" / file) for kind, file in FILES.items()]
    return import_files(specs, tmp_path_factory.mktemp("real") / "recording")


@pytest.fixture(scope="module")
def settings() -> TradingSettings:
    """What `tipoff init` would write, every source at its word, so that there is something to see."""
    return trading_settings(at_its_word(template(schema())))


@pytest.fixture(scope="module")
def evening(imported: ImportReport, settings: TradingSettings) -> Played:
    """The evenings as the five saw them."""
    return play(read(imported.recording), settings)


def signals(evening: Played, strategy: str) -> list[SignalRaised]:
    """What a strategy concluded, near misses too."""
    return [
        numbered.fact
        for numbered in evening.facts
        if isinstance(numbered.fact, SignalRaised) and numbered.fact.strategy == strategy
    ]


def test_the_five_trade_by_default(settings: TradingSettings) -> None:
    assert tuple(plan.name for plan in settings.strategies if plan.enabled) == FIVE


@pytest.mark.promise("real-evenings-all-five", "real-nba-evening-line")
def test_every_line_is_understood_nobody_restarts_and_no_money_appears(
    imported: ImportReport, evening: Played
) -> None:
    system, feed = evening.session.system, evening.session.feed()
    assert imported.lines == evening.session.frames == FRAMES
    assert (feed.gaps, feed.refused) == (0, {})
    assert (system.lives.restarts, system.dispatcher.dead_letters) == (0, 0)
    assert all(status.state == "running" for status in system.status())
    assert evening.store.tally.ledger.verify() == MONEY_ZERO


def test_a_second_replay_is_the_same_byte_for_byte(imported: ImportReport) -> None:
    # `verify` replays once more, in other batches, and fails unless both digests are equal.
    request = ReplayRequest(recordings=(imported.recording,), verify=True)
    document = run_replay(request).document
    assert isinstance(document, dict)
    assert document["ledger"]["imbalance"] == "0.000000"
    assert document["actors"] == {"restarts": 0, "dead_letters": 0, "failed": []}


def test_there_is_one_market_a_game_and_no_game_with_a_price_has_a_score(evening: Played) -> None:
    games = evening.session.games()
    assert len(games) == 25
    assert {len(game.markets) for game in games.values()} == {1}
    assert {game.score for game in games.values()} == {None}


@pytest.mark.parametrize("strategy", ["mean_reversion", "correlation"])
def test_without_scores_and_with_one_market_a_game_two_strategies_have_nothing_to_say(
    evening: Played, strategy: str
) -> None:
    assert signals(evening, strategy) == []
    # Its bankroll is all that its ledger holds.
    assert len(evening.ledger(strategy)) == 1


@pytest.mark.promise("real-evenings-all-five")
@pytest.mark.parametrize("strategy", ["sharp_line", "ev_multi"])
def test_the_books_say_nothing_that_an_entry_may_rest_on(evening: Played, strategy: str) -> None:
    """The spreads' hour is assumed, and the moneylines are of games in play without a score."""
    assert signals(evening, strategy) == []
    assert len(evening.ledger(strategy)) == 1


def test_no_threshold_makes_an_edge_of_an_assumed_hour(imported: ImportReport) -> None:
    config = parse(
        '[trust]\nof = "stated"\n'
        '[[strategy]]\nname = "sharp"\nkind = "sharp_line"\n[strategy.parameters]\nthreshold_percent = 4.0\n'
        '[[strategy]]\nname = "ev"\nkind = "ev_multi"\n[strategy.parameters]\nmin_ev_percent = 2.4\n',
        schema(),
    )
    bolder = play(read(imported.recording), trading_settings(config))
    assert [numbered.fact for numbered in bolder.facts if isinstance(numbered.fact, OrderFilled)] == []


@pytest.mark.promise("trust-shipped-none")
def test_as_shipped_nobody_trades_and_every_refusal_is_counted(imported: ImportReport) -> None:
    played = play(read(imported.recording), trading_settings(template(schema())))
    assert not [numbered.fact for numbered in played.facts if isinstance(numbered.fact, OrderFilled)]
    said = signals(played, "momentum")
    reasons = Counter(signal.reason for signal in said)
    assert {signal.action for signal in said} == {SignalAction.NO_TRADE}
    assert reasons["untrusted"] > 50
    assert played.store.tally.strategies["momentum"].missed == reasons


def test_momentum_trades_the_price_alone_as_a_taker_in_assumed_books(evening: Played) -> None:
    said = signals(evening, "momentum")
    entries = [signal for signal in said if signal.action is SignalAction.ENTER]
    assert len(entries) > 50
    assert {signal.reason for signal in entries} == {"price_momentum"}
    fills = [numbered.fact for numbered in evening.facts if isinstance(numbered.fact, OrderFilled)]
    assert len(fills) > 100
    assert {fill.strategy for fill in fills} == {"momentum"}
    assert {fill.liquidity for fill in fills} == {Liquidity.TAKER}
    assert all(fill.evidence.pseudo and fill.fee > 0 for fill in fills)


@pytest.mark.promise("fees-follow-date-fill")
def test_every_fill_of_that_winter_pays_whole_cents(evening: Played) -> None:
    fills = [numbered.fact for numbered in evening.facts if isinstance(numbered.fact, OrderFilled)]
    assert {fill.fee % MONEY_CENT for fill in fills} == {0}
    assert all(fill.evidence.fee_formula.endswith("(cent, direct)") for fill in fills)


def matched(game: Game) -> bool:
    """Whether a score or odds source knows the game too."""
    return game.known is not None and game.known.matched


def test_nothing_is_entered_in_a_game_that_no_other_source_knows(evening: Played) -> None:
    unmatched = {name for name, game in evening.session.games().items() if not matched(game)}
    assert len(unmatched) == 8
    touched = {numbered.fact.game for numbered in evening.facts if isinstance(numbered.fact, OrderFilled)}
    assert touched
    assert not touched & unmatched
    reasons = Counter(signal.reason for signal in signals(evening, "momentum") if signal.game in unmatched)
    assert set(reasons) <= {"game_unsound", "no_net_edge", "spread"}
    assert reasons["game_unsound"] > 0


def test_momentum_loses_about_what_crossing_costs(evening: Played) -> None:
    account = evening.store.tally.ledger
    fees, result = account.balance("fees:momentum"), account.balance("result:momentum")
    assert fees > 0
    # A result stands as income does: positive is a loss.
    assert result + fees > 0
    fills = [numbered.fact for numbered in evening.facts if isinstance(numbered.fact, OrderFilled)]
    # One cent a contract lies between the close and the assumed quote, on the way in and on the way out.
    crossing = sum(fill.count for fill in fills) * 100
    assert abs(result - crossing) < crossing


def test_no_limit_shapes_what_the_default_strategies_do(evening: Played) -> None:
    """The limits of `tipoff init` are made for measuring."""
    assert [numbered.fact for numbered in evening.facts if isinstance(numbered.fact, OrderDenied)] == []
