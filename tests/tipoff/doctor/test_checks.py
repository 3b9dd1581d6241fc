"""The doctor finds what is wrong around the daemon and says what to do; nothing it says holds a secret.

Covers: tipoff.cli.doctor.
"""

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from email.utils import formatdate
from functools import partial
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from engine.facts import Fact
from engine.message import changed
from engine.run_facts import FactsSetAside, TradingResumed
from engine.units import Nanos
from persistence.lock import DirectoryLock
from persistence.maintenance import upgrade
from persistence.writer import JournalWriter
from tests.persistence.evenings import place
from tipoff.cli.app import COMMANDS, main
from tipoff.config.load import Config, load
from tipoff.doctor import checks
from tipoff.doctor.checks import exit_of, run_doctor
from tipoff.doctor.network import examine_network
from tipoff.exit_codes import Exit
from tipoff.runs.from_config import schema
from tipoff.sources.asking import Asking
from tipoff.sources.findings import Finding
from venues.transport.http import Http


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that is in order, without keys, on free ports; no proxy is named."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = tmp_path / "engine.toml"
    path.write_text(
        f'[engine]\nstate_directory = "{tmp_path / "state"}"\n[metrics]\nport = {port}\n'
        "[dashboard]\nenabled = false\n"
        "[recording]\ndisk_free_megabytes_min = 1\n",
        "utf-8",
    )
    return path


def add(path: Path, text: str) -> None:
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def found(path: Path, check: str) -> list[Finding]:
    return [finding for finding in checks.examine(path) if finding.check == check]


def test_a_machine_in_order_has_no_failure(file: Path) -> None:
    answer = run_doctor(file, network=False)
    assert answer.exit is Exit.OK
    assert isinstance(answer.document, dict)
    assert answer.document["ok"] is True
    assert answer.document["failures"] == 0
    assert answer.document["warnings"] == 2


def test_the_proxy_is_told_without_its_password(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(file, "proxy") == []
    monkeypatch.setenv("ALL_PROXY", "socks5://me:secret@proxy.example")
    (ignored,) = found(file, "proxy")
    assert (ignored.state, "HTTPS_PROXY=http://HOST:PORT" in ignored.fix) == ("warn", True)
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy.example:3128")
    (used,) = found(file, "proxy")
    assert (used.state, "through proxy.example:3128" in used.detail) == ("ok", True)
    assert "secret" not in str(list(checks.examine(file)))


def test_a_proxy_that_is_none_keeps_the_daemon_from_starting(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:secret@proxy.example")
    assert found(file, "proxy") == []
    (finding,) = found(file, "configuration")
    assert (finding.state, "socks5 is not supported" in finding.detail) == ("fail", True)
    assert "secret" not in finding.detail
    assert main(["run", "--config", str(file)]) == Exit.CONFIG


def test_every_problem_of_the_configuration_is_a_finding(file: Path) -> None:
    add(file, "[logging]\nlevel = 7\nstile = 1\n")
    findings = found(file, "configuration")
    assert [finding.state for finding in findings] == ["fail", "fail"]
    assert all(finding.fix for finding in findings)
    assert exit_of(findings) is Exit.CONFIG


def test_a_key_that_others_can_read_fails_and_is_not_shown(file: Path, tmp_path: Path) -> None:
    key = tmp_path / "nba.key"
    key.write_text("secret-4711", "utf-8")
    key.chmod(0o644)
    add(file, f'[balldontlie]\nkey_file = "{key}"\n')
    failed = [finding for finding in found(file, "keys") if finding.state == "fail"]
    assert "chmod 600" in failed[0].detail
    assert "4711" not in str(list(checks.examine(file)))
    key.chmod(0o600)
    assert [finding.state for finding in found(file, "keys")] == ["warn", "ok"]


def test_a_signing_key_is_tried(file: Path, tmp_path: Path) -> None:
    key = tmp_path / "kalshi.pem"
    key.write_text("no key at all", "utf-8")
    key.chmod(0o600)
    add(file, f'[kalshi]\nkey_id = "me"\nprivate_key_file = "{key}"\n')
    assert found(file, "keys")[0].state == "fail"
    made = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    key.write_bytes(
        made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    assert found(file, "keys")[0].state == "ok"


def test_what_a_missing_key_costs_is_told_with_who_sleeps_and_where_to_get_one(file: Path) -> None:
    names = {"sharp_line": "true", "momentum": "true", "correlation": "false"}
    for name, enabled in names.items():
        add(file, f'[[strategy]]\nname = "{name}"\nkind = "{name}"\nenabled = {enabled}\n')
    kalshi, balldontlie = found(file, "keys")
    assert kalshi.detail.endswith("books are polled, so immediate and post-only orders are refused")
    assert "https://kalshi.com/account/profile" in kalshi.fix
    assert balldontlie.detail.endswith("matched to a game; asleep: sharp_line, momentum")
    assert "https://www.balldontlie.io" in balldontlie.fix


def test_a_state_directory_that_others_can_write_is_a_warning(file: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    (finding,) = found(file, "state")
    assert (finding.state, finding.fix) == ("warn", f"chmod 700 {tmp_path / 'state'}")


def test_a_file_in_the_place_of_the_state_directory_fails(file: Path, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("", "utf-8")
    assert found(file, "state")[0].state == "fail"


def test_the_database_is_new_current_or_foreign(file: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    database = tmp_path / "state" / "tipoff.db"
    assert found(file, "database") == [Finding("database", "ok", "will be made")]
    upgrade(f"sqlite:///{database}")
    assert found(file, "database")[0].state == "ok"
    database.write_bytes(b"not a database" * 1_000)
    assert found(file, "database")[0].state == "fail"


def test_a_full_disk_fails_and_a_nearly_full_one_warns(file: Path) -> None:
    add(file, "")
    text = file.read_text("utf-8")
    file.write_text(
        text.replace("disk_free_megabytes_min = 1", "disk_free_megabytes_min = 1000000000"), "utf-8"
    )
    (finding,) = found(file, "disk")
    assert finding.state == "fail"
    assert "recording needs 1000000000" in finding.detail


@pytest.fixture
def taken(file: Path) -> Iterator[None]:
    """Somebody listens where the metrics are to be served."""
    config: Config = load(file, schema())
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", config.metrics.port))
        listener.listen()
        yield


@pytest.mark.usefixtures("taken")
def test_a_taken_port_fails_unless_our_own_daemon_has_it(file: Path, tmp_path: Path) -> None:
    assert found(file, "ports")[0].state == "fail"
    (tmp_path / "state").mkdir(mode=0o700)
    with DirectoryLock(tmp_path / "state"):
        assert found(file, "ports")[0].state == "ok"
        assert str(os.getpid()) in found(file, "tipoff")[0].detail


@pytest.mark.usefixtures("taken")
def test_a_section_is_named_on_the_screen_too(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--config", str(file)]) == Exit.FAILED
    assert "[metrics]" in capsys.readouterr().out


def test_a_copy_of_the_database_must_fit_too(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "tipoff.db").write_bytes(b"x" * (3 * checks.MEGABYTE - 1))

    def free(megabytes: int) -> list[str]:
        usage = shutil.disk_usage(tmp_path)._replace(free=megabytes * checks.MEGABYTE)
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
        return [f"{finding.state}: {finding.detail}" for finding in found(file, "disk")]

    assert free(4) == ["ok: 4 MB are free; recording needs 1, a copy of the database 3"]
    assert free(3) == ["warn: 3 MB are free; a copy of the database takes 3 more"]
    assert free(1) == ["warn: 1 MB are free; recording stops at 1"]
    assert free(0) == ["fail: 0 MB are free; recording needs 1"]


def test_a_socket_path_that_is_too_long_fails(file: Path) -> None:
    add(file, f'[control]\nsocket = "{"x" * 120}"\n')
    (finding,) = found(file, "configuration")
    assert (finding.state, "control.socket" in finding.detail) == ("fail", True)


def asking(transport: httpx.MockTransport) -> Asking:
    """Without sockets."""
    return Asking(connect=partial(Http, transport=transport), stream=False)


def asked(file: Path, status: int, *, late_s: float = 0.0) -> list[Finding]:
    """What the doctor finds when both services answer like that."""

    def answer(_request: httpx.Request) -> httpx.Response:
        headers = {"date": formatdate(time.time() - late_s, usegmt=True)}
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(b"{}"))

    return examine_network(load(file, schema()), asking(httpx.MockTransport(answer)))


def test_venues_that_answer_are_reachable_and_agree_on_the_time(file: Path) -> None:
    findings = asked(file, 200)
    assert {finding.state for finding in findings} == {"ok"}
    assert [finding.check for finding in findings].count("reachable") == 2


def test_a_wrong_clock_is_found_by_the_date_of_an_answer(file: Path) -> None:
    late = [finding for finding in asked(file, 200, late_s=60) if finding.check == "clock"]
    assert late[0].state == "fail"
    assert "timedatectl" in late[0].fix


def test_a_service_that_refuses_us_can_be_reached_and_one_in_trouble_is_a_warning(file: Path) -> None:
    assert {finding.state for finding in asked(file, 401) if finding.check == "reachable"} == {"ok"}
    assert {finding.state for finding in asked(file, 503) if finding.check == "reachable"} == {"warn"}


def test_a_venue_that_cannot_be_reached_fails_with_a_way_to_look(file: Path) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    network, *findings = examine_network(load(file, schema()), asking(httpx.MockTransport(refuse)))
    assert [finding.state for finding in findings] == ["fail", "fail"]
    assert "curl" in findings[0].fix
    assert network == Finding("network", "fail", "none of 2 hosts can be reached", network.fix)
    assert "--network" in network.fix


def test_no_configuration_means_no_questions() -> None:
    assert examine_network(None) == []


def test_the_doctor_is_a_command() -> None:
    assert "doctor" in [name for name, *_ in COMMANDS]


def test_what_a_start_could_not_apply_is_found_with_what_to_do_until_it_is_released(
    file: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'state' / 'tipoff.db'}"
    (tmp_path / "state").mkdir()
    upgrade(url)
    assert found(file, "quarantine") == []
    at = Nanos(1)
    aside = FactsSetAside("market:KXT", 7, 9, 3, "OrderFilled", "unknown kind", money=True, at=at)
    idle = changed(aside, scope="", kind="OperatorActed", count=1)
    facts: list[Fact] = [aside, idle, TradingResumed("market:KXT", "uid 0", "looked", at)]
    with closing(JournalWriter(url, "demo-2026-11-20")) as writer:
        writer.append(place(facts[:2]))
        first, second = found(file, "quarantine")
        assert (first.state, second.state) == ("fail", "warn")
        assert first.detail.startswith(
            "market:KXT stands still: 3 entries from 7 on of the journal cannot be"
        )
        assert "`tipoff resume market:KXT --reason ...` releases it" in first.fix
        assert second.fix.endswith("nothing rests on it")
        writer.append(place(facts[2:], first=3))
    assert [finding.state for finding in found(file, "quarantine")] == ["warn"]
