"""What a live engine sets aside a replay sets aside: an entry that it cannot read, a decision that fails.

Covers: tipoff.runs.settings.
"""

from pathlib import Path
from pkgutil import resolve_name

import pytest
from trio.testing import MockClock

from actors.addresses import OBSERVER
from actors.observer import OVERVIEW
from actors.read_model.views import Overview, Query
from engine.facts import Fact, FactsSetAside, LevelTaken, OrderFilled, TradingHalted
from persistence import codec
from persistence.errors import StorageCorrupt
from persistence.queries import Reader
from tests.stories.plays import scripted
from tests.tipoff.live_desk import Desk, evening, resumed
from tipoff.config.load import template
from tipoff.live.engine import LiveEngine
from tipoff.runs.from_config import at_its_word, schema, trading_settings

ORDERS = 80
MARKET, NEIGHBOUR = "KXNBAGAME-26NOV20MEMPOR-MEM", "KXNBAGAME-26NOV20MEMPOR-POR"
"""Where the orders go."""


@pytest.mark.promise("no-journal-keeps-from-starting")
async def test_what_a_live_start_set_aside_is_set_aside_in_its_replay_too(
    tmp_path: Path, mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, lines = Desk(tmp_path, trading_settings(at_its_word(template(schema())), seed=1)), evening()
    cut = len(lines) // 2
    await desk.process(mock_clock, lines[:cut])
    taken = of_kind(desk, LevelTaken)[-1]
    text = codec.encode(taken).decode()
    decode = codec.decode

    def of_an_older_build(kind: str, body: bytes | str) -> Fact:
        if body == text:
            raise StorageCorrupt("a LevelTaken of a later build", "journal", "use that")
        return decode(kind, body)

    seen: list[Overview] = []

    async def look(engine: LiveEngine) -> None:
        overview = await engine.ask(OBSERVER, Query(OVERVIEW))
        assert isinstance(overview, Overview)
        seen.append(overview)

    with monkeypatch.context() as patched:
        patched.setattr(codec, "decode", of_an_older_build)
        seal = await desk.process(mock_clock, resumed(lines, cut), look)
    assert isinstance(taken, LevelTaken)
    scope = f"market:{taken.ticker}"
    (line,) = seen[0].set_aside
    assert (line.scope, line.count, line.why, line.money) == (
        scope,
        1,
        "a LevelTaken of a later build",
        False,
    )
    (said,), (halted,) = of_kind(desk, FactsSetAside), of_kind(desk, TradingHalted)
    assert isinstance(said, FactsSetAside)
    assert isinstance(halted, TradingHalted)
    assert (said.scope, halted.scope, halted.why) == (scope, scope, said.words)
    assert seal is not None
    assert desk.replayed() == seal.digest


@pytest.mark.promise("a-decision-that-raises-costs-its-market")
async def test_a_decision_that_fails_in_a_live_process_fails_alike_in_its_replay(
    tmp_path: Path, mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = evening()
    settings = scripted(trading_settings(at_its_word(template(schema())), seed=1), lines, ORDERS)
    desk, cut = Desk(tmp_path, settings), len(lines) * 2 // 3
    emit = resolve_name("engine.exchange.step_context:StepContext.emit")

    def fails(context: object, fact: Fact) -> None:
        emit(context, fact)
        if isinstance(fact, OrderFilled) and fact.ticker == MARKET and fact.at >= lines[len(lines) // 2].at:
            raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr("engine.exchange.step_context.StepContext.emit", fails)
    restarts: list[int] = []

    async def look(engine: LiveEngine) -> None:
        restarts.append(engine.system.lives.restarts)

    await desk.process(mock_clock, lines[:cut], look, die=True)
    seal = await desk.process(mock_clock, resumed(lines, cut), look)
    (said,), (halted,) = of_kind(desk, FactsSetAside), of_kind(desk, TradingHalted)
    assert isinstance(said, FactsSetAside)
    assert isinstance(halted, TradingHalted)
    assert (said.scope, halted.scope) == (f"market:{MARKET}", f"market:{MARKET}")
    # What fills the order first is the evening's own affair.
    assert said.kind in {"a timer", "BookDelta", "TradePrinted"}
    assert restarts == [0, 0]
    later = [fact for fact in of_kind(desk, OrderFilled) if fact.at > said.at]
    assert {fact.ticker for fact in later if isinstance(fact, OrderFilled)} == {NEIGHBOUR}
    assert seal is not None
    assert desk.replayed() == seal.digest


def of_kind(desk: Desk, kind: type[Fact]) -> list[Fact]:
    """The stored facts of a kind."""
    with Reader.open(desk.url, "run") as reader:
        return [recorded.fact for recorded in reader.facts((kind,))]
