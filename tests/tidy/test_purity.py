"""What decides is pure: no clock, chance or thread outside the places that are named with their reason."""

import pytest

from tests.tidy import purity_rules
from tests.tidy.source import Rule, Source, check, sources


def test_the_engine_imports_only_what_computes() -> None:
    check(purity_rules.impure_import, sources())


@pytest.mark.promise("engine-reads-clock")
def test_a_clock_is_read_only_where_inputs_are_stamped() -> None:
    check(purity_rules.clock_read, sources())


def test_randomness_is_drawn_only_in_known_places() -> None:
    check(purity_rules.randomness, sources())


def test_threads_live_only_in_known_places() -> None:
    check(purity_rules.thread, sources())


def test_nothing_that_decides_uses_the_hash_of_a_text() -> None:
    check(purity_rules.text_hash, sources())


def test_every_queue_has_a_limit() -> None:
    check(purity_rules.unbounded_queue, sources())


def test_the_engine_has_no_type_that_means_anything() -> None:
    check(purity_rules.any_type, sources())


def test_no_test_sleeps() -> None:
    check(purity_rules.sleeping_test, sources())


def test_no_test_uses_a_mock() -> None:
    check(purity_rules.mock, sources())


def test_nobody_imports_a_module_past_the_face_of_its_package() -> None:
    check(purity_rules.past_the_face, sources())


SAMPLES = [
    (
        purity_rules.past_the_face,
        "tipoff/a.py",
        "from actors.runtime.edge import Edge",
        "from actors.runtime import Edge",
    ),
    (purity_rules.past_the_face, "tests/a.py", "import engine.risk.halts", "from engine import risk"),
    (
        purity_rules.past_the_face,
        "actors/a.py",
        "from engine.exchange.paper import PaperExchange",
        "from engine.exchange import PaperExchange",
    ),
    (purity_rules.impure_import, "engine/a.py", "from os import path", "import math\nfrom engine.b import c"),
    (
        purity_rules.impure_import,
        "engine/a.py",
        "import trio.lowlevel",
        "from collections.abc import Iterable",
    ),
    (purity_rules.clock_read, "engine/a.py", "import time", "from datetime import timedelta"),
    (purity_rules.clock_read, "engine/a.py", "datetime.datetime.now(tz=UTC)", "self.now()"),
    (purity_rules.clock_read, "actors/game.py", "datetime.utcnow()", "now = 1"),
    (purity_rules.clock_read, "actors/game.py", "date.today()", "today()"),
    (purity_rules.clock_read, "actors/game.py", "trio.current_time()", "current_time"),
    (
        purity_rules.clock_read,
        "engine/a.py",
        "from datetime import datetime as moment\nmoment.now()",
        "from datetime import datetime as moment\nmoment.fromisoformat('2026-01-01')",
    ),
    (
        purity_rules.clock_read,
        "engine/a.py",
        "import datetime as dt\nKIND = dt.datetime\ndef f():\n    return KIND.now()",
        "import datetime as dt\nKIND = dt.datetime\ndef f(now):\n    return KIND(now)",
    ),
    (
        purity_rules.clock_read,
        "engine/a.py",
        "import datetime\nread = datetime.datetime.now",
        "read = self.now",
    ),
    (
        purity_rules.clock_read,
        "engine/a.py",
        "from datetime import date\ngetattr(date, 'today')()",
        "from datetime import date\ngetattr(context, 'today')",
    ),
    (purity_rules.clock_read, "actors/game.py", "from trio import current_time as t\nt()", "t()"),
    (purity_rules.randomness, "engine/a.py", "import random", "import math"),
    (purity_rules.randomness, "actors/game.py", "from uuid import uuid4", "from engine import uuid4"),
    (purity_rules.thread, "actors/game.py", "import threading", "import thread"),
    (
        purity_rules.thread,
        "engine/a.py",
        "from concurrent.futures import Future",
        "from concurrently import a",
    ),
    (purity_rules.text_hash, "actors/game.py", "hash('a')", "hashlib.sha256()"),
    (purity_rules.unbounded_queue, "venues/a.py", "queue.Queue()", "queue.Queue(maxsize=8)"),
    (purity_rules.unbounded_queue, "venues/a.py", "SimpleQueue()", "Queue(4)"),
    (
        purity_rules.unbounded_queue,
        "tipoff/a.py",
        "trio.open_memory_channel[int](math.inf)",
        "open_memory_channel(1)",
    ),
    (purity_rules.any_type, "engine/a.py", "def f(a: typing.Any): ...", "def f(a: any): ..."),
    (purity_rules.any_type, "engine/a.py", "from typing import Any", "from typing import AnyStr"),
    (purity_rules.sleeping_test, "tests/test_a.py", "time.sleep(1)", "clock.advance(1)"),
    (purity_rules.mock, "tests/test_a.py", "from unittest.mock import Mock", "from unittest import case"),
]


@pytest.mark.parametrize(("rule", "path", "bad", "good"), SAMPLES)
def test_a_purity_rule_finds_the_bad_sample_and_leaves_the_good_one(
    rule: Rule, path: str, bad: str, good: str
) -> None:
    assert len(list(rule(Source.of(path, bad)))) == 1
    assert not list(rule(Source.of(path, good)))


@pytest.mark.parametrize(
    "seams", [purity_rules.CLOCK_SEAMS, purity_rules.RANDOM_SEAMS, purity_rules.THREAD_SEAMS]
)
def test_neither_the_engine_nor_an_actor_is_a_seam(seams: dict[str, str]) -> None:
    assert not [path for path in seams if path.startswith("engine") or path == "actors/"]
    assert all(seams.values())
