"""Where the runtime touches the world: clocks, threads and trio only where meant (checklist 20, 34)."""

import ast
import inspect
from pathlib import Path

import pytest

import actors.runtime
from actors.runtime import LiveSystem, VirtualSystem
from actors.runtime.edge import TaskEdge

RUNTIME = Path(actors.runtime.__file__).parent
SEAMS = {
    "time": {"live", "timing", "loop_monitor"},
    "threading": {"live", "loop_actor", "threads"},
    "trio": {"edge", "live", "threads", "loop_monitor"},
    "pykka": {"loop_actor", "threads"},
    "random": set(),
    "uuid": set(),
    "secrets": set(),
    "datetime": set(),
    "queue": set(),
    "asyncio": set(),
}


def imports(module: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("module", sorted(RUNTIME.glob("*.py")), ids=lambda path: path.stem)
def test_only_seams_touch_clocks_threads_and_frameworks(module: Path) -> None:
    for name, allowed in SEAMS.items():
        assert name not in imports(module) or module.stem in allowed


@pytest.mark.parametrize("ask", [VirtualSystem.ask, VirtualSystem.post, LiveSystem.ask, TaskEdge.ask])
def test_no_ask_accepts_to_wait_for_ever(ask: object) -> None:
    """Checklist 20."""
    timeout = inspect.signature(ask).parameters["timeout_ns"]  # type: ignore[arg-type]
    assert timeout.annotation in (int, "int")
    assert isinstance(timeout.default, int)
