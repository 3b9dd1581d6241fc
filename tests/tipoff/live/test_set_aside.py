"""A live engine behind a journal with an entry that it cannot read: what it sets aside a replay sets aside.

Covers: tipoff.runs.settings.
"""

from pathlib import Path

import pytest
from trio.testing import MockClock

from actors.addresses import OBSERVER
from actors.observer import OVERVIEW
from actors.read_model.views import Overview, Query
from engine.facts import Fact, FactsSetAside, LevelTaken, TradingHalted
from persistence import codec
from persistence.errors import StorageCorrupt
from persistence.queries import Reader
from tests.tipoff.live_desk import Desk, evening, resumed
from tipoff.config.load import template
from tipoff.live.engine import LiveEngine
from tipoff.runs.from_config import schema, trading_settings


@pytest.mark.promise("no-journal-keeps-from-starting")
async def test_what_a_live_start_set_aside_is_set_aside_in_its_replay_too(
    tmp_path: Path, mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, lines = Desk(tmp_path, trading_settings(template(schema()), seed=1)), evening()
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


def of_kind(desk: Desk, kind: type[Fact]) -> list[Fact]:
    """The stored facts of a kind."""
    with Reader.open(desk.url, "run") as reader:
        return [recorded.fact for recorded in reader.facts((kind,))]
