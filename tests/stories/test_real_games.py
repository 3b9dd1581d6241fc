"""Twenty-seven real games with every play on the clock: what the five did, as shipped and at their word.

The numbers are told and explained in `docs/real_evening.md`; here stands what must stay true of them.
"""

from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from engine.facts import OrderDenied, OrderFilled, PositionSettled, SignalAction, SignalRaised
from engine.strategies.trader import UNTRUSTED
from engine.units import MONEY_ZERO, PRICE_ONE, Price
from tests.stories.plays import Played, play
from tipoff.config.load import template
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from venues.importers.evening import ImportReport, ImportSpec, import_files
from venues.recordings.recorder import read

pytestmark = pytest.mark.slow

FILES: Final = {
    "kalshi-candles": "nba_joined/po2025_candles_1m.csv.gz",
    "nba-states": "nba_joined/po2025_states.csv.gz",
}
TALKERS: Final = ("momentum", "mean_reversion")
"""Who has something to judge: prices, scores and a clock, one market a game, no sportsbook."""

SILENT: Final = ("sharp_line", "ev_multi", "correlation")


@pytest.fixture(scope="module")
def imported(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> ImportReport:
    """Both files as one recording, scores as late as `tipoff import` assumes."""
    specs = [ImportSpec(kind, shared / "data" / file) for kind, file in FILES.items()]
    return import_files(specs, tmp_path_factory.mktemp("games") / "recording", None)


@pytest.fixture(scope="module")
def shipped(imported: ImportReport) -> Played:
    """The games as the five of `tipoff init` played them."""
    return play(read(imported.recording), trading_settings(template(schema())))


@pytest.fixture(scope="module")
def stated(imported: ImportReport) -> Played:
    """The same, every source at its word."""
    return play(read(imported.recording), trading_settings(at_its_word(template(schema()))))


def said(played: Played, strategy: str) -> list[SignalRaised]:
    """What a strategy concluded, near misses too."""
    facts = (numbered.fact for numbered in played.facts)
    return [fact for fact in facts if isinstance(fact, SignalRaised) and fact.strategy == strategy]


def fills(played: Played) -> list[OrderFilled]:
    """Every fill, in order."""
    return [numbered.fact for numbered in played.facts if isinstance(numbered.fact, OrderFilled)]


def test_every_game_is_matched_and_ends_and_no_money_appears(stated: Played) -> None:
    games = stated.session.games()
    assert len(games) == 27
    assert all(game.known is not None and game.known.matched for game in games.values())
    assert stated.store.tally.ledger.verify() == MONEY_ZERO
    assert (stated.session.system.lives.restarts, stated.session.system.dispatcher.dead_letters) == (0, 0)


@pytest.mark.promise("trust-shipped-none")
def test_as_shipped_nobody_enters_and_each_refusal_is_on_record(shipped: Played) -> None:
    assert fills(shipped) == []
    for strategy in TALKERS:
        signals = said(shipped, strategy)
        assert {signal.action for signal in signals} == {SignalAction.NO_TRADE}
        assert {signal.reason for signal in signals} == {UNTRUSTED, "no_net_edge"}
        assert Counter(signal.reason for signal in signals)[UNTRUSTED] > 50
    for strategy in SILENT:
        assert said(shipped, strategy) == []


def test_at_their_word_two_trade_as_takers_on_assumed_quotes(stated: Played) -> None:
    found = fills(stated)
    assert {fill.strategy for fill in found} == set(TALKERS)
    assert all(fill.evidence.pseudo for fill in found)
    assert len(said(stated, "momentum")) > 10 * len([s for s in said(stated, "momentum") if _run(s)])


def test_momentum_expects_a_gain_and_loses_more_than_it_pays(stated: Played) -> None:
    """What came, with its interval, is told by `python -m benchmarks.win_probability.trust FOLDER`."""
    entries = [s for s in said(stated, "momentum") if s.action is SignalAction.ENTER]
    assert all(signal.p_edge is not None and signal.p_edge > 0 for signal in entries)
    tally = stated.store.tally
    # More than fees: the prices did not go on.
    assert -tally.realized("momentum") > tally.fees("momentum") > MONEY_ZERO


def test_a_market_settles_by_the_final_score_of_its_game(stated: Played) -> None:
    """No file names a result, so whoever has more points has won: the last price says the same."""
    settled = [n.fact for n in stated.facts if isinstance(n.fact, PositionSettled)]
    finals = {name: game.score for name, game in stated.session.games().items()}
    assert settled
    for fact in settled:
        score = finals[fact.game]
        assert score is not None
        home = fact.game[-3:]
        won = score.home > score.away if fact.ticker.endswith(home) else score.away > score.home
        assert fact.value == (PRICE_ONE if won else Price(0))


def test_no_limit_shapes_what_they_do(stated: Played) -> None:
    assert [n.fact for n in stated.facts if isinstance(n.fact, OrderDenied)] == []


def _run(signal: SignalRaised) -> bool:
    return signal.reason == "scoring_run"
