"""`tipoff simulate`: where the venues are, with which keys and faults they begin; recorded evenings.

Covers: tipoff.commands.simulate, tipoff.commands.simulated_recording.
"""

from pathlib import Path

import pytest
import trio

from engine.calendar import eastern, parse_time
from engine.units import NANOS_PER_SECOND, Nanos
from tipoff.cli.app import main
from tipoff.commands.evenings import evenings_in
from tipoff.commands.options import EVENINGS_MAX, SimulateRequest
from tipoff.commands.simulate import beginning_now, begins_in_words, description, faults_of, write_keys
from tipoff.commands.simulated_recording import record_evenings
from tipoff.config.load import load
from tipoff.config.secret_files import file_problems
from tipoff.exit_codes import Exit
from tipoff.output import Failure
from tipoff.runs.from_config import schema
from tipoff.sources.bundled.balldontlie.source import BALLDONTLIE, Key
from tipoff.sources.bundled.kalshi.section import KalshiSection
from tipoff.sources.bundled.kalshi.source import KALSHI
from tipoff.sources.clients import Credentials
from venues.kalshi.auth import Signer
from venues.recordings.recorder import read_manifest
from venues.simulator.service import ServiceSettings, Simulator, serve
from venues.simulator.wire.faults import SWITCHES
from venues.simulator.world.settings import EveningSettings
from venues.simulator.world.world import World

SECOND = NANOS_PER_SECOND
MINUTE = 60 * SECOND


async def test_what_it_prints_is_enough_to_run_the_daemon_against_it(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    simulator: Simulator = await nursery.start(serve, ServiceSettings(held=True))
    config = load(write_keys(simulator, tmp_path / "keys"), schema())
    assert not list(file_problems(config))
    access = Credentials.named_in(config)
    signer, key = access.keys[KALSHI.name], access.keys[BALLDONTLIE.name]
    assert isinstance(signer, Signer)
    assert simulator.key is not None
    assert signer.key_id == simulator.key.key_id
    assert isinstance(key, Key)
    assert key.text == simulator.balldontlie_key
    assert config.engine.environment == "demo"
    assert config.section(KalshiSection).rest_url_demo == simulator.addresses.kalshi_rest
    assert any(strategy.enabled for strategy in config.strategies)
    told = description(simulator, SimulateRequest())
    assert told["admin"] == simulator.addresses.admin
    assert told["faults"] == list(SWITCHES)


def test_faults_are_switched_on_by_name_and_value() -> None:
    assert faults_of(("freeze=true", "http_500=3", "error_shape=flat")) == {
        "freeze": True,
        "http_500": 3,
        "error_shape": "flat",
    }


@pytest.mark.parametrize("text", ["typhoon=1", "http_500=many", "error_shape=round", "freeze=maybe"])
def test_a_fault_that_does_not_exist_is_refused_by_name(text: str) -> None:
    with pytest.raises(Failure, match=text.partition("=")[0]) as refused:
        faults_of((text,))
    assert (refused.value.code, refused.value.exit) == ("usage", Exit.USAGE)


@pytest.mark.parametrize(
    ("text", "example"),
    [("freeze", "freeze=true"), ("http_500", "http_500=3"), ("error_shape=x", "=wrapped")],
)
def test_a_fault_without_a_good_value_is_shown_how_it_is_written(text: str, example: str) -> None:
    with pytest.raises(Failure, match=example):
        faults_of((text,))


@pytest.mark.parametrize(
    "now",
    [
        "2026-11-22T20:31:07.5Z",
        "2026-11-22T20:55:00Z",
        "2026-11-23T02:59:59Z",
        "2026-11-23T04:30:00Z",
        "2026-11-22T09:00:01Z",
    ],
)
def test_an_evening_of_today_begins_at_once_and_its_first_game_a_minute_later_at_any_hour(now: str) -> None:
    at = parse_time(now)
    evening = beginning_now(EveningSettings(), at)
    assert 0 <= evening.starts_at - at < SECOND
    assert evening.tip_at(0) - evening.starts_at == MINUTE
    assert eastern(Nanos(evening.tip_at(0))).date().isoformat() == evening.date
    world = World(evening)
    first = world.games[0]
    # It begins when it is scheduled, not minutes later as in reality.
    assert first.moments[0].at - evening.tip_at(0) < MINUTE
    assert first.listing.date == evening.date


def test_it_is_said_when_the_first_game_begins_and_that_the_venue_pauses() -> None:
    at = parse_time("2026-11-22T20:31:07.5Z")
    assert (
        begins_in_words(beginning_now(EveningSettings(), at), at)
        == "the evening begins in 0 s, the first game in 60 s"
    )
    thursday = parse_time("2026-11-26T08:30:00Z")
    words = begins_in_words(beginning_now(EveningSettings(), thursday), thursday)
    assert words.endswith("but nothing trades until 05:00 in New York, for it is the venue's weekly pause")


@pytest.mark.limit("tipoff.commands.options:EVENINGS_MAX")
@pytest.mark.parametrize(("evenings", "code"), [(EVENINGS_MAX, Exit.FAILED), (EVENINGS_MAX + 1, Exit.USAGE)])
def test_so_many_evenings_are_recorded_at_once(tmp_path: Path, evenings: int, code: Exit) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(["simulate", "--record", str(tmp_path / "file"), "--evenings", str(evenings)]) == code


def test_recorded_evenings_are_a_day_and_a_seed_apart_and_can_be_replayed(
    tmp_path: Path,
) -> None:
    season = tmp_path / "season"
    told = record_evenings(SimulateRequest(seed=4, games=1, evenings=2), season).document
    assert isinstance(told, dict)
    rows = [(each["date"], each["seed"], each["recording"]) for each in told["evenings"]]
    days = ("2026-11-20", "2026-11-21")
    assert rows == [(day, 4 + place, str(season / f"evening-{day}")) for place, day in enumerate(days)]
    assert [path.name for path in evenings_in(season)] == [f"evening-{day}" for day in days]
    manifests = [read_manifest(path) for path in evenings_in(season)]
    assert all(manifest.first_at for manifest in manifests)
    with pytest.raises(Failure, match="evening-2026-11-20 is there already"):
        record_evenings(SimulateRequest(evenings=1), season)
