"""Whether a game may have begun: any one of four sources is enough, whatever the others say and in any order.

The machine tells a game what its sources say, hands the news on to a risk gate, and sends entries that rest
on odds. Its own idea of the truth is a list of the words that were said.

Covers: engine.risk.market_rules.
"""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from engine.beginning import Beginning, rows_that_count
from engine.events import (
    GameBegun,
    GameKnown,
    GameNews,
    GamePhase,
    MarketStatus,
    MarketStatusChanged,
    OddsSeen,
    ScoreSeen,
    VenueEvent,
)
from engine.facts import OrderApproved, PregameChanged
from engine.game import Game
from engine.listing import assumed_listing
from engine.message import changed
from engine.orders import CancelOrder, TimeInForce
from engine.reasons import DenialReason
from engine.terms import BegunBy
from engine.units import NANOS_PER_SECOND, Nanos
from tests.engine.risk.desk import OFF, Desk
from tests.engine.strategies.evening import GAME, HOME_WINS, START, game_known, market, odds, score, top

HOUR = 3600


def later(seconds: float) -> Nanos:
    return Nanos(START + round(seconds * NANOS_PER_SECOND))


TIP = later(HOUR)


def known(tip_at: Nanos | None = TIP, *, at: float = 0, postponed: bool = False) -> GameKnown:
    return changed(game_known(tip_at=tip_at, matched=not postponed), at=later(at), postponed=postponed)


def row(at: float, in_play: bool | None = None, *, assumed: bool = False) -> OddsSeen:  # noqa: FBT001
    return changed(odds("fanduel", -110, -110), at=later(at), in_play=in_play, assumed=assumed)


def played(at: float, phase: GamePhase = GamePhase.LIVE) -> ScoreSeen:
    return changed(score(0, 0, 1, 12, phase), at=later(at))


def folded(*told: GameNews) -> Beginning:
    beginning = Beginning(GAME)
    for news in told:
        beginning.apply(news)
    return beginning


def by(beginning: Beginning, seconds: float) -> BegunBy | None:
    over = beginning.over(later(seconds))
    return None if over is None else over.by


def test_a_game_is_to_come_up_to_its_tip_and_not_at_it() -> None:
    beginning = folded(known())
    assert by(beginning, HOUR - 1e-9) is None
    assert beginning.over(TIP) == GameBegun(GAME, BegunBy.TIP, TIP)


def test_a_game_of_which_nobody_knows_the_tip_counts_as_begun() -> None:
    assert by(Beginning(GAME), 0) is by(folded(known(None)), 0) is BegunBy.UNKNOWN_TIP


@pytest.mark.parametrize(
    ("news", "source"),
    [
        (row(10, in_play=True), BegunBy.ODDS),
        (played(10), BegunBy.SCORE),
        (played(10, GamePhase.FINAL), BegunBy.SCORE),
        (changed(market(HOME_WINS), status=MarketStatus.DETERMINED, at=later(10)), BegunBy.VENUE),
    ],
)
def test_one_word_ends_it_before_the_tip(news: GameNews, source: BegunBy) -> None:
    beginning = folded(known(), news)
    assert by(beginning, 10) is source
    assert by(folded(news, known()), 10) is source
    assert by(beginning, 2 * HOUR) is source


@pytest.mark.parametrize(
    "news",
    [
        row(10),
        row(10, in_play=False),
        played(10, GamePhase.SCHEDULED),
        market(HOME_WINS),
        changed(market(HOME_WINS), status=MarketStatus.INACTIVE),
    ],
)
def test_what_says_nothing_of_play_ends_nothing(news: GameNews) -> None:
    assert by(folded(known(), news), 10) is None


def test_the_earliest_word_counts_in_whatever_order_they_come() -> None:
    words = (row(20, in_play=True), played(30))
    for told in (words, words[::-1]):
        over = folded(known(), *told).over(later(40))
        assert over == GameBegun(GAME, BegunBy.ODDS, later(20))
    assert folded(known(), *words).over(later(40)) == folded(*words, known()).over(later(40))


def test_a_tip_that_is_put_off_before_it_comes_is_the_tip() -> None:
    moved = known(later(2 * HOUR), at=HOUR - 1)
    assert by(folded(known(), moved), 1.5 * HOUR) is None
    assert by(folded(known(), moved), 2 * HOUR) is BegunBy.TIP


def test_a_tip_that_is_put_off_after_it_has_come_is_none() -> None:
    moved = known(later(2 * HOUR), at=HOUR)
    assert folded(known(), moved).over(later(1.5 * HOUR)) == GameBegun(GAME, BegunBy.TIP, TIP)


def test_a_postponed_game_is_to_come_again_with_its_new_tip() -> None:
    told = (known(), row(HOUR + 1, in_play=True), played(HOUR + 2, GamePhase.POSTPONED))
    beginning = folded(*told, known(at=HOUR + 3, postponed=True))
    assert by(beginning, HOUR + 4) is BegunBy.TIP
    beginning.apply(known(later(48 * HOUR), at=HOUR + 5))
    assert by(beginning, HOUR + 6) is None
    # Heard late, but said of the game that was called off.
    beginning.apply(row(HOUR + 1, in_play=True))
    assert by(beginning, 48 * HOUR - 1) is None
    assert by(beginning, 48 * HOUR) is BegunBy.TIP


def _counts(row: OddsSeen, over: GameBegun | None) -> bool:
    return bool(rows_that_count({row.vendor: row}, over))


def test_a_row_counts_by_when_it_was_said_and_never_with_an_assumed_hour() -> None:
    begun = GameBegun(GAME, BegunBy.TIP, TIP)
    assert _counts(row(0), None)
    assert not _counts(row(0, in_play=True), None)
    assert not _counts(row(0, assumed=True), None)
    assert not _counts(row(HOUR - 1), begun)
    assert _counts(row(HOUR), begun)
    assert not _counts(row(HOUR, in_play=False), begun)
    assert not _counts(row(HOUR, assumed=True), begun)
    # Polled in play, and an hour old by the book's own word.
    assert not _counts(changed(row(HOUR + 1), at_venue=START), begun)


def gate() -> Desk:
    desk = Desk(odds_age_seconds=900)
    desk.gate.on_game_news(known(), START)
    return desk


def test_the_gate_lets_an_entry_rest_on_odds_up_to_the_tip_and_no_longer() -> None:
    desk = gate()
    desk.now = later(HOUR - 1)
    desk.gate.on_game_news(row(HOUR - 1), desk.now)
    desk.send(desk.order())
    desk.later(1)
    assert desk.judge(desk.order()) is DenialReason.PREGAME_OVER


def test_in_play_the_gate_wants_a_score_and_odds_that_were_said_since() -> None:
    desk = gate()
    desk.now = later(HOUR + 60)
    desk.gate.on_game_news(row(HOUR + 50), desk.now)
    assert desk.judge(desk.order()) is DenialReason.PREGAME_OVER
    desk.gate.on_game_news(played(HOUR + 60), desk.now)
    desk.send(desk.order())
    desk.gate.on_game_news(row(HOUR - 1), desk.now)
    assert desk.judge(desk.order()) is DenialReason.PREGAME_OVER


def test_odds_of_an_assumed_hour_are_missing_to_the_gate() -> None:
    desk = gate()
    desk.gate.on_game_news(row(0, assumed=True), START)
    assert desk.judge(desk.order()) is DenialReason.MISSING_DATA


def test_an_exit_passes_after_the_tip() -> None:
    desk = gate()
    desk.bought(51, 10)
    desk.now = later(2 * HOUR)
    assert desk.judge(changed(desk.order(49, 10), side=desk.order().side.opposite, exit=True)) is None


def test_what_rests_on_odds_is_taken_back_at_the_tip() -> None:
    desk = gate()
    order = desk.send(changed(desk.order(48), tif=TimeInForce.GTC))
    step = desk.gate.on_game_news(known(), START)
    (timer,) = step.timers
    assert timer.due == TIP
    step = desk.gate.wake(timer.key, TIP)
    assert step.facts == (
        PregameChanged(GAME, True, BegunBy.TIP, TIP, TIP),
        OrderApproved(CancelOrder(order.order_id, "alpha", TIP), TIP),
    )
    assert [approved.command for approved in step.approved] == [CancelOrder(order.order_id, "alpha", TIP)]
    assert desk.gate.wake(timer.key, TIP).facts == ()


def test_a_timer_of_a_tip_that_was_put_off_says_nothing() -> None:
    desk = gate()
    desk.gate.on_game_news(known(later(2 * HOUR), at=1), later(1))
    assert desk.gate.wake(f"tip:{GAME}", TIP).facts == ()


def test_a_postponement_is_on_record_and_a_restarted_gate_knows_it() -> None:
    desk = gate()
    steps = [
        desk.gate.on_game_news(row(5, in_play=True), later(5)),
        desk.gate.on_game_news(known(at=6, postponed=True), later(6)),
        desk.gate.on_game_news(known(later(48 * HOUR), at=7), later(7)),
    ]
    said = [fact for step in steps for fact in step.facts]
    assert [(fact.over, fact.by) for fact in said if isinstance(fact, PregameChanged)] == [
        (True, BegunBy.ODDS),
        (False, BegunBy.ODDS),
    ]
    desk.facts += said
    desk.gate = desk.restarted()
    desk.now = later(10)
    desk.gate.on_game_news(row(9), desk.now)
    desk.send(desk.order())


@pytest.mark.promise("no-entry-on-odds-of-before")
def test_a_score_that_is_only_compared_with_another_ends_it_too() -> None:
    """It leads no score, and may be the first to know."""
    game = Game(GAME)
    told = game.on_game_known(known())
    for source, phase in (("bdl", GamePhase.SCHEDULED), ("kalshi", GamePhase.LIVE)):
        told += game.on_event(changed(played(10, phase), source=source), later(10))
    assert by(folded(*told), 10) is BegunBy.SCORE
    leading = game.score
    assert leading is not None
    assert leading.phase is GamePhase.SCHEDULED


class Sources(RuleBasedStateMachine):
    """Four sources speak in any order; gate, game and process may be restarted at any moment."""

    @initialize(tip=st.sampled_from((None, 0, 60, 300, 300, 300)))
    def begin(self, tip: int | None) -> None:
        self.desk = Desk(**{**OFF, "odds_age_seconds": 900.0})  # type: ignore[arg-type]
        self.game = Game(GAME)
        self.seconds = 0
        self.tip: Nanos | None = None
        self.begun: list[Nanos] = []
        self.live = False
        self.rows = [row(0)]
        """The desk has one from the beginning."""
        listed = assumed_listing(HOME_WINS, START)
        self.venue_says(listed)
        self.hear_tip(None if tip is None else later(tip))

    def hear_tip(self, tip_at: Nanos | None) -> None:
        if self.tip is not None and self.tip <= later(self.seconds):
            self.begun.append(self.tip)
        self.tip = tip_at
        self.tell(*self.game.on_game_known(known(tip_at, at=self.seconds)))

    def venue_says(self, event: VenueEvent) -> None:
        self.tell(*self.game.on_event(event, later(self.seconds)))

    def tell(self, *told: GameNews) -> None:
        now = later(self.seconds)
        for news in told:
            self.desk.facts += self.desk.gate.on_game_news(news, now).facts
        self.desk.gate.on_game_news(changed(top(HOME_WINS, 49, 51, size=1000), at=now), now)

    @rule(seconds=st.integers(1, 60))
    def wait(self, seconds: int) -> None:
        self.seconds += seconds
        self.desk.now = later(self.seconds)

    @rule(tip=st.sampled_from((None, 30, 100, 300, 600)))
    def the_tip_is_told_again(self, tip: int | None) -> None:
        self.hear_tip(None if tip is None else later(tip))

    @rule(
        vendor=st.sampled_from(("a", "b", "c")),
        in_play=st.sampled_from((None, None, False, True)),
        age=st.integers(0, 30),
    )
    def odds_come(self, vendor: str, in_play: bool | None, age: int) -> None:  # noqa: FBT001
        seen = changed(row(self.seconds, in_play), vendor=vendor, at_venue=later(self.seconds - age))
        self.rows.append(seen)
        if in_play:
            self.begun.append(later(self.seconds - age))
        self.venue_says(seen)

    @rule(
        source=st.sampled_from(("bdl", "import", "kalshi")),
        phase=st.sampled_from((GamePhase.SCHEDULED, GamePhase.LIVE)),
    )
    def a_score_comes(self, source: str, phase: GamePhase) -> None:
        if phase is GamePhase.LIVE:
            self.begun.append(later(self.seconds))
        self.venue_says(changed(played(self.seconds, phase), source=source))
        told = self.game.score
        self.live = told is not None and told.phase is GamePhase.LIVE

    @rule(status=st.sampled_from((MarketStatus.INACTIVE, MarketStatus.CLOSED, MarketStatus.ACTIVE)))
    def the_venue_changes_the_market(self, status: MarketStatus) -> None:
        if status is MarketStatus.CLOSED:
            self.begun.append(later(self.seconds))
        self.venue_says(MarketStatusChanged(HOME_WINS, status, None, later(self.seconds)))

    @rule()
    def the_gate_is_restarted(self) -> None:
        self.desk.gate = self.desk.restarted()
        self.tell(*self.game.current(later(self.seconds)))

    @precondition(lambda self: self.tip is not None)
    @rule()
    def the_process_is_restarted(self) -> None:
        """Nothing is known but what is on record, the listing and the tip, until the sources speak again."""
        gate = type(self.desk.gate)(self.desk.limits)
        gate.restore(self.desk.facts)
        self.desk.gate, self.game = gate, Game(GAME)
        self.live = False
        # A word that nobody put on record was not heard by anybody who could have acted on it.
        self.venue_says(assumed_listing(HOME_WINS, later(self.seconds)))
        self.hear_tip(self.tip)

    @rule(fresh=st.booleans())
    def an_entry_is_sent(self, fresh: bool) -> None:  # noqa: FBT001
        if fresh:
            self.odds_come("d", None, 0)
        now = later(self.seconds)
        step = self.desk.gate.judge(self.desk.order(), now)
        self.desk.facts += step.facts
        if not step.approved:
            return
        begun = [at for at in (*self.begun, self.tip or now) if at <= now]
        if begun:
            # The live rules: a score says that it is played, and some row was said since.
            assert self.live
            assert any(seen.said_at >= min(begun) for seen in self.rows)
        else:
            assert self.tip is not None


@pytest.mark.promise("no-entry-on-odds-of-before")
def test_no_entry_rests_on_odds_of_before_once_anybody_has_said_that_the_game_may_have_begun() -> None:
    run_state_machine_as_test(
        Sources, settings=settings(max_examples=150, stateful_step_count=30, deadline=None)
    )
