"""The doctor asks simulated venues over real sockets: hosts, signature, tier, clock, each with what to do."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import pytest
import trio

from tipoff.cli.app import main
from tipoff.commands.simulate import write_keys
from tipoff.config.load import Config, load
from tipoff.doctor.network import examine_venues
from tipoff.exit_codes import Exit
from tipoff.runs.from_config import schema
from tipoff.sources.asking import Asking
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.bundled.kalshi.section import KalshiSection
from tipoff.sources.findings import Finding
from venues.simulator.service import ServiceSettings, Simulator, serve

NOBODY = "http://127.0.0.1:1"


@attrs.frozen
class Asked:
    """Simulated venues, and the configuration that uses them."""

    simulator: Simulator
    config: Config
    folder: Path

    async def findings(self, config: Config | None = None) -> dict[str, list[Finding]]:
        """What the doctor finds, by check. Nothing of it may hold a secret."""
        found = await examine_venues(config or self.config, Asking())
        assert self.simulator.key is not None
        for finding in found:
            assert bool(finding.fix) == (finding.state != "ok"), finding
            for secret in (self.simulator.balldontlie_key, self.simulator.key.key_id, "BEGIN"):
                assert secret not in f"{finding.detail} {finding.fix}"
        return {check: [each for each in found if each.check == check] for check in {f.check for f in found}}


@pytest.fixture
async def start(tmp_path: Path, nursery: trio.Nursery) -> Callable[[], Awaitable[Asked]]:
    """Start venues whose clock is the machine's."""

    async def begin() -> Asked:
        settings = ServiceSettings(held=True, wall_clock=True)
        simulator: Simulator = await nursery.start(serve, settings)
        return Asked(simulator, load(write_keys(simulator, tmp_path), schema()), tmp_path)

    return begin


def states(findings: list[Finding]) -> list[str]:
    return [finding.state for finding in findings]


async def test_venues_in_order_are_found_so(start: Callable[[], Awaitable[Asked]]) -> None:
    found = await (await start()).findings()
    assert states(found["reachable"]) == ["ok", "ok", "ok"]
    assert states(found["signature"]) == ["ok"]
    assert states(found["tier"]) == ["ok"]
    assert "goat (found out)" in found["tier"][0].detail
    assert states(found["budget"]) == ["ok"]
    assert states(found["clock"]) == ["ok", "ok"]
    assert "network" not in found


async def test_a_wrong_signature_fails_and_says_what_to_look_at(
    start: Callable[[], Awaitable[Asked]],
) -> None:
    asked = await start()
    kalshi = attrs.evolve(asked.config.section(KalshiSection), key_id="somebody-else")
    found = await asked.findings(asked.config.with_sources(kalshi))
    assert "fail" in states(found["signature"])
    assert "engine.environment" in found["signature"][0].fix
    assert states(found["reachable"]) == ["ok", "ok", "ok"]


async def test_a_clock_that_is_off_is_told_before_the_signature_that_it_spoils(
    start: Callable[[], Awaitable[Asked]],
) -> None:
    asked = await start()
    asked.simulator.faults.change({"skew_ms": 60_000})
    found = await asked.findings()
    assert states(found["clock"]) == ["fail", "fail"]
    assert "timedatectl" in found["clock"][0].fix
    assert "fail" in states(found["signature"])


@pytest.mark.parametrize(("key", "tier"), [("simulated-free", "free"), ("simulated-all-star", "all-star")])
async def test_a_lesser_tier_is_found_out_with_what_it_loses(
    start: Callable[[], Awaitable[Asked]], key: str, tier: str
) -> None:
    asked = await start()
    (asked.folder / "balldontlie.key").write_text(key, "utf-8")
    found = await asked.findings()
    assert states(found["tier"]) == ["warn"]
    assert f"tier {tier} (found out): no live box scores" in found["tier"][0].detail


async def test_another_tier_than_the_configured_one_fails(start: Callable[[], Awaitable[Asked]]) -> None:
    asked = await start()
    (asked.folder / "balldontlie.key").write_text("simulated-all-star", "utf-8")
    section = attrs.evolve(asked.config.section(BalldontlieSection), tier="goat")
    found = await asked.findings(asked.config.with_sources(section))
    assert states(found["tier"]) == ["fail", "warn"]
    assert "balldontlie.tier is goat, the key's is all-star" in found["tier"][0].detail


async def test_a_key_that_is_none_is_refused(start: Callable[[], Awaitable[Asked]]) -> None:
    asked = await start()
    (asked.folder / "balldontlie.key").write_text("made-up", "utf-8")
    found = await asked.findings()
    assert states(found["keys"]) == ["fail"]
    assert "made-up" not in str(found)


async def test_each_host_is_tried_and_named_by_itself(start: Callable[[], Awaitable[Asked]]) -> None:
    asked = await start()
    webhook = asked.folder / "webhook"
    webhook.write_text("http://127.0.0.1:1/secret-path", "utf-8")
    webhook.chmod(0o600)
    kalshi = attrs.evolve(
        asked.config.section(KalshiSection), stream_url_demo="ws://127.0.0.1:1/trade-api/ws/v2"
    )
    notify = attrs.evolve(asked.config.notify, webhook_file=str(webhook))
    found = await asked.findings(attrs.evolve(asked.config, notify=notify).with_sources(kalshi))
    assert states(found["reachable"]) == ["ok", "ok", "fail", "fail"]
    assert found["reachable"][2].detail.startswith("stream: ")
    assert "curl -I http://127.0.0.1:1" in found["reachable"][2].fix
    assert found["reachable"][3].detail.startswith("notices: 127.0.0.1:1: the connection was refused")
    assert "secret-path" not in str(found)
    assert "network" not in found


async def test_without_a_key_the_stream_is_only_connected_to(start: Callable[[], Awaitable[Asked]]) -> None:
    asked = await start()
    kalshi = attrs.evolve(asked.config.section(KalshiSection), key_id="", private_key_file="")
    found = await asked.findings(asked.config.with_sources(kalshi))
    assert states(found["reachable"]) == ["ok", "ok", "ok"]
    assert "signature" not in found


def test_without_any_network_one_sentence_says_so_and_the_exit_code_is_1(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "engine.toml"
    config.write_text(
        f'[engine]\nstate_directory = "{tmp_path / "state"}"\n[recording]\ndisk_free_megabytes_min = 1\n'
        f'[kalshi]\nrest_url_prod = "{NOBODY}"\nstream_url_prod = "ws://127.0.0.1:1"\n'
        f'[balldontlie]\nurl = "{NOBODY}"\n[metrics]\nenabled = false\n[dashboard]\nenabled = false\n',
        "utf-8",
    )
    assert main(["doctor", "--network", "--config", str(config), "--json"]) == Exit.FAILED
    document = json.loads(capfd.readouterr().out)
    (network,) = [each for each in document["findings"] if each["check"] == "network"]
    assert (network["state"], network["detail"]) == ("fail", "none of 3 hosts can be reached")
    assert main(["doctor", "--config", str(config), "--json"]) == Exit.OK
    document = json.loads(capfd.readouterr().out)
    (network,) = [each for each in document["findings"] if each["check"] == "network"]
    assert network["detail"] == "not asked; --network asks the venues too"
    assert all(each["fix"] for each in document["findings"] if each["state"] != "ok")
