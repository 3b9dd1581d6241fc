"""Every byte of the exposition of a known engine: names, kinds, helps, labels, values and their order."""

import re
from pathlib import Path

from tests.tipoff.metrics.fixed_engine import actor, fill_in, fixed_engine, fixed_sources, watch
from tipoff.metrics.collector import EngineSnapshots, ProcessCounters
from tipoff.metrics.exposition import Exposition

EXPECTED = Path(__file__).with_name("exposition.txt")
OURS = re.compile(r"(?:# (?:HELP|TYPE) )?tipoff_|=====")
"""The interpreter's own numbers are another's."""

VARYING = (
    (re.compile(r"^tipoff_build_info\{.*\}", re.MULTILINE), "tipoff_build_info{...}"),
    (
        re.compile(r"^(tipoff_(?:exposition_seconds|disk_free_bytes|database_bytes)) \S+$", re.MULTILINE),
        r"\1 ...",
    ),
)


def fixed(text: str) -> str:
    """What is the same on every machine and in every version."""
    for pattern, words in VARYING:
        text = pattern.sub(words, text)
    return "".join(line for line in text.splitlines(keepends=True) if OURS.match(line))


async def test_the_exposition_of_a_known_engine_is_what_it_was_byte_for_byte(tmp_path: Path) -> None:
    async with fixed_engine(tmp_path) as engine:
        fill_in(engine)
        sources = fixed_sources(engine)
        counters = ProcessCounters(
            folder=tmp_path,
            database=tmp_path / "tipoff.db",
            watch=watch(),
            sources=sources.status,
            complaints=sources.complaints,
            log_lines=lambda: {"info": 30, "warning": 2},
            log_dropped=lambda: 3,
            log_unkept=lambda: 4,
            notices=lambda: (5, 6, 7),
            watchdog_at=lambda: 1_795_217_401.5,
            clients=sources.clients,
            reloads=8,
            reload_failures=1,
            reloaded_at=1_795_217_402.5,
        )
        snapshots = EngineSnapshots(engine, counters)
        exposition = Exposition(snapshots)
        before_anybody_was_asked = exposition.text().decode()
        await snapshots.look()
        engine.actors = (engine.actors[0], actor("games/2026-2", handled=3, restarts=1))
        exposition.text()
        found = f"{before_anybody_was_asked}=====\n{exposition.text().decode()}"
    assert fixed(found) == EXPECTED.read_text("utf-8")
