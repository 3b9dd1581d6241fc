"""The engine's own translators understand every text of the simulated evening."""

from collections import Counter

import pytest

from engine.events import FeedRefused, GamePhase, MarketListed, ScoreSeen
from tipoff.sources.registry import translator
from venues.recordings.segments import Line
from venues.simulator.world.settings import Output


@pytest.fixture(scope="module")
def events(outputs: list[Output]) -> list[object]:
    """All events of the small evening."""
    reads = translator()
    return [
        event
        for number, output in enumerate(outputs)
        for event in reads.translate(
            Line(
                at=output.at,
                seq=number,
                source=output.source,
                conn=output.conn,
                what=output.what,
                body=output.body,
            )
        )
    ]


def test_nothing_is_refused(events: list[object]) -> None:
    assert [event for event in events if isinstance(event, FeedRefused)] == []


def test_everything_a_strategy_needs_is_said(events: list[object]) -> None:
    kinds = Counter(type(event).__name__ for event in events)
    for kind in (
        "BookSnapshot",
        "BookDelta",
        "TradePrinted",
        "QuoteSeen",
        "MarketListed",
        "MarketStatusChanged",
        "CloseTimeChanged",
        "MarketDetermined",
        "MarketSettled",
        "FeedConnected",
        "GameSeen",
        "ScoreSeen",
        "OddsSeen",
        "ExchangeStatusSeen",
    ):
        assert kinds[kind] > 0, kind
    phases = {event.phase for event in events if isinstance(event, ScoreSeen)}
    assert {GamePhase.LIVE, GamePhase.HALFTIME, GamePhase.FINAL} <= phases
    listed = [event for event in events if isinstance(event, MarketListed)]
    assert {event.fee_type for event in listed} <= {None, "quadratic_with_maker_fees"}
    assert all(event.binary and event.expected_expiration_at for event in listed)
