"""`tipoff download`: which days it takes, with which keys it asks, and that none is ever shown."""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from tests.tipoff.download.conftest import EVENING, EVENINGS
from tipoff.cli.app import main
from tipoff.commands.download import run_download
from tipoff.commands.options import DownloadRequest
from tipoff.commands.simulate import write_keys
from tipoff.download.plan import DAYS_MAX
from tipoff.download.stage import UNFINISHED
from tipoff.exit_codes import Exit
from tipoff.output import Failure
from venues.simulator.service import ServiceSettings, Simulator, serve

FIRST, LAST = "2025-11-18", "2025-11-19"
SETTINGS = ServiceSettings(EVENING, wall_clock=True, limited=False, history=EVENINGS, live_days=2.3)


@asynccontextmanager
async def simulated(
    folder: Path, settings: ServiceSettings = SETTINGS
) -> AsyncGenerator[tuple[Simulator, Path]]:
    """The venues on loopback, and a configuration with keys to them."""
    async with trio.open_nursery() as nursery:
        simulator: Simulator = await nursery.start(partial(serve, settings))
        config = write_keys(simulator, folder / "keys")
        text = config.read_text("utf-8")
        text = re.sub(r"(?m)^reads_per_second = .*$", "reads_per_second = 400.0", text)
        config.write_text(
            re.sub(r"(?m)^reads_per_second_keyless = .*$", "reads_per_second_keyless = 20.0", text)
        )
        yield simulator, config
        nursery.cancel_scope.cancel()


async def said(*words: str | Path) -> dict[str, Any]:
    """The document of a download, made in a thread as by a process of its own."""
    request = {"first_day": str(words[0]), "last_day": str(words[1]), "out": Path(words[2])}
    answer = await trio.to_thread.run_sync(
        lambda: run_download(DownloadRequest(**request, config=Path(words[3])))  # type: ignore[arg-type]
    )
    document: dict[str, Any] = json.loads(json.dumps(answer.document))
    return document


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and message of a download that must not begin."""
    code = main(["download", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)["error"]["message"]


def test_days_that_make_no_sense_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--from", "2026-01-14", "--to", "2026-01-13") == (
        Exit.USAGE,
        "--to 2026-01-13 is before --from 2026-01-14",
    )
    assert refused(capsys, "--from", "yesterday")[0] == Exit.USAGE


def test_a_day_that_is_not_over_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, message = refused(capsys, "--from", "2099-12-31", "--to", "2100-01-01")
    assert code == Exit.FAILED
    assert "2100-01-01 is not over" in message
    code, message = refused(capsys, "--from", "2100-01-01")
    assert code == Exit.FAILED
    assert "2100-01-01 is not over" in message


@pytest.mark.limit("tipoff.download.plan:DAYS_MAX")
def test_more_days_than_a_year_are_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from tipoff.commands.download import _days

    first = date(2024, 1, 1)
    last = date.fromordinal(first.toordinal() + DAYS_MAX - 1)
    request = DownloadRequest(first_day=f"{first}", last_day=f"{last}", out=tmp_path)
    now_ns = 1_800_000_000_000_000_000
    assert len(_days(request, now_ns)) == DAYS_MAX
    beyond = attrs.evolve(request, last_day=f"{date.fromordinal(last.toordinal() + 1)}")
    with pytest.raises(Failure, match=f"up to {DAYS_MAX}"):
        _days(beyond, now_ns)
    capsys.readouterr()


async def test_with_keys_everything_is_downloaded_and_no_key_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with simulated(tmp_path) as (simulator, config):
        document = await said(FIRST, LAST, tmp_path / "out", config)
    assert [day["games"] for day in document["days"]] == [1, 1]
    assert document["left_out"] == {}
    assert document["environment"] == "demo"
    for day in document["days"]:
        assert {"kalshi-trades", "nba-states", "/nba/v2/odds/opening"} <= set(day["lines"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [FIRST, LAST]
    shown = json.dumps(document) + capsys.readouterr().err
    kept = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert simulator.key is not None
    for secret in (simulator.balldontlie_key, simulator.key.key_id):
        assert secret not in shown
        assert secret.encode() not in kept


async def test_without_any_key_the_markets_are_downloaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with simulated(tmp_path) as (_simulator, config):
        text = config.read_text("utf-8")
        config.write_text(re.sub(r'(?m)^(key_id|private_key_file|key_file) = ".*"$', r'\1 = ""', text))
        document = await said(FIRST, FIRST, tmp_path / "out", config)
    (day,) = document["days"]
    assert day["lines"]["kalshi-trades"]
    assert not any("nba" in kind or "balldontlie" in kind for kind in day["lines"])
    assert "balldontlie has no key" in capsys.readouterr().err


async def test_a_key_that_is_refused_costs_the_scores_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with simulated(tmp_path) as (_simulator, config):
        (tmp_path / "keys" / "balldontlie.key").write_text("not-a-key-of-anybody")
        document = await said(FIRST, FIRST, tmp_path / "out", config)
    assert document["days"][0]["lines"]["kalshi-trades"]
    shown = capsys.readouterr().err
    assert "refuses the key" in shown
    assert "not-a-key" not in shown


async def test_two_at_once_in_one_folder_are_not_let_in(tmp_path: Path) -> None:
    from persistence.lock import DirectoryLock

    unfinished = tmp_path / "out" / UNFINISHED
    unfinished.mkdir(parents=True)
    async with simulated(tmp_path) as (_simulator, config):
        with DirectoryLock(unfinished), pytest.raises(Failure, match="works in this directory"):
            await said(FIRST, FIRST, tmp_path / "out", config)


async def test_a_venue_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    async with simulated(tmp_path) as (_simulator, config):
        pass
    with pytest.raises(Failure, match="goes on where it was"):
        await said(FIRST, FIRST, tmp_path / "out", config)
