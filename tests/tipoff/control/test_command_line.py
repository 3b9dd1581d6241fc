"""The commands against a daemon that runs: one document or a screen, and exit codes that scripts rely on.

Covers: tipoff.control.method.
"""

import json
import os
import socket
import threading
import time
from pathlib import Path

import jsonschema
import pytest

from tipoff.cli.app import main
from tipoff.control.client import ControlClient, new_request_id
from tipoff.control.permissions import Level
from tipoff.control.registry import METHODS
from tipoff.control.schema import document
from tipoff.exit_codes import Exit
from tipoff.output import Failure

from . import command_line
from .command_line import NAME, Run
from .conftest import TICKER

run = command_line.run


FAIR = ("--strategy", NAME, "--fair", "0.6")
LOOKS: list[tuple[str, tuple[str, ...]]] = [
    ("status", ("status",)),
    ("health", ("health",)),
    ("actors", ("actors",)),
    ("games", ("games",)),
    ("markets", ("markets",)),
    ("book", ("book", TICKER.lower())),
    ("strategies", ("strategies", "--parameters")),
    ("signals", ("signals",)),
    ("orders", ("orders", "--open", "--limit", "5")),
    ("fills", ("fills", "--strategy", NAME)),
    ("positions", ("positions",)),
    ("pnl", ("pnl",)),
    ("risk", ("risk",)),
    ("risk", ("risk", "show")),
    ("journal", ("journal", "--limit", "3")),
    ("dead_letters", ("dead-letters",)),
    ("why", ("why", "operator:held")),
    ("metrics", ("metrics",)),
    ("loglevel.show", ("loglevel",)),
]
ACTS: list[tuple[str, tuple[str, ...]]] = [
    ("halt", ("halt", "--reason", "lunch")),
    ("halt", ("halt", "strategy:momentum", "--reducing")),
    ("resume", ("resume", "--reason", "lunch is over")),
    ("drain", ("drain",)),
    ("orders.place", ("orders", "place", TICKER, "bid", "1", "0.45", *FAIR, "--tif", "gtc", "--post-only")),
    ("orders.cancel", ("orders", "cancel", "operator:resting")),
    ("orders.cancel", ("orders", "cancel", "--all")),
    ("positions.close", ("positions", "close", NAME, TICKER)),
    ("strategies.enable", ("strategies", "enable", NAME)),
    ("strategies.disable", ("strategies", "disable", NAME)),
    ("strategies.set", ("strategies", "set", NAME, "position_size=5", "entry=rest", "price=false")),
    ("risk.set", ("risk", "set", "contracts_total", "400")),
    ("risk.reset", ("risk", "reset", "contracts_total")),
    ("actors.restart", ("actors", "restart", "risk_gate")),
    ("actors.revive", ("actors", "revive", NAME)),
    ("games.load", ("games", "load", "X")),
    ("games.unload", ("games", "unload", "X")),
    ("reload", ("reload",)),
    ("loglevel", ("loglevel", "debug")),
]


def test_every_method_has_a_command() -> None:
    shown = {method for method, _ in (*LOOKS, *ACTS)}
    # What goes on and on has tests of its own, in test_telling; charts are for programs.
    assert set(METHODS) - shown == {"version", "schema", "watch", "history"}


def test_every_command_that_looks_prints_a_document_of_its_schema_or_a_screen(run: Run) -> None:
    tipoff = run()
    described = document()["methods"]
    assert isinstance(described, dict)
    for method, arguments in LOOKS:
        jsonschema.validate(tipoff.document(*arguments), described[method]["result"])
        code, out, err = tipoff(*arguments)
        assert (code, err) == (0, ""), arguments
        assert out.strip()


def test_every_command_that_acts_prints_what_was_done_and_does_it_once(run: Run) -> None:
    tipoff = run()
    described = document()["methods"]
    assert isinstance(described, dict)
    for number, (method, arguments) in enumerate(ACTS):
        given = (*arguments, "--request-id", f"r{number}")
        code, out, err = tipoff(*given, "--json")
        assert (code, err) == (0, ""), (arguments, out)
        first = json.loads(out)
        jsonschema.validate(first, described[method]["result"])
        assert tipoff.document(*given) == {**first, "repeated": True}
        code, out, err = tipoff(*given)
        assert (code, err) == (0, "")
        assert "done before by the same request" in out
        if method in ("halt", "drain"):
            for scope in ("all", "strategy:momentum"):
                tipoff("resume", scope, "--reason", "go on")


def test_without_a_request_id_each_command_is_a_request_of_its_own(run: Run) -> None:
    tipoff = run()
    ids = {str(tipoff.document("halt")["request_id"]) for _ in range(3)}  # type: ignore[index]
    assert len(ids) == 3
    assert len({new_request_id() for _ in range(100)}) == 100


def test_status_shows_everything_on_one_screen(run: Run) -> None:
    tipoff = run()
    _, out, _ = tipoff("status")
    for word in ("TRADING", "At risk", "P&L", "pessimistic", "Feed", "Actors", "Degraded", "Failed", NAME):
        assert word in out
    assert len(out.splitlines()) <= 24
    tipoff("halt", "--reason", "lunch")
    _, out, _ = tipoff("status")
    assert "NOT TRADING" in out
    assert f"because halted by uid {os.geteuid()}: lunch" in out


def test_why_tells_the_chain_from_the_decision_to_the_ledger(run: Run) -> None:
    _, out, _ = run()("why", "operator:held")
    places = [
        out.index(words)
        for words in (
            "filled 10.00 of 10.00",
            "the risk gate let through",
            "it meets the book",
            "were displayed at 0.5200 (connection 1, subscription 1, frame 1",
            "ledger entry",
            "cash:mean_reversion -5.3",
        )
    ]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("orders", "cancel", "nothing"), Exit.FAILED, "refused"),
        (("book", "NONE"), Exit.FAILED, "not_found"),
        (("why", "nothing-of-that-name"), Exit.FAILED, "not_found"),
        (("strategies", "set", NAME, "position_size=x"), Exit.FAILED, "refused"),
        (("orders", "cancel"), Exit.USAGE, "usage"),
        (("orders", "place", TICKER, "bid", "1"), Exit.USAGE, "usage"),
        (("orders", "place", TICKER, "bid", "1", "0.5x", *FAIR), Exit.USAGE, "invalid_params"),
        (("strategies", "set", NAME, "position_size"), Exit.USAGE, "usage"),
        (("resume",), Exit.USAGE, "usage"),
        (("orders", "--limit", "0"), Exit.USAGE, "usage"),
        (("loglevel", "loud"), Exit.USAGE, "usage"),
    ],
)
def test_what_fails_says_so_by_its_exit_code(
    run: Run, arguments: tuple[str, ...], code: int, word: str
) -> None:
    tipoff = run()
    assert tipoff.error(*arguments) == (code, word)
    found, out, err = tipoff(*arguments)
    assert (found, out) == (code, "")
    assert err.startswith("tipoff: ")
    assert "Traceback" not in err


def test_all_problems_of_new_parameters_are_named(run: Run) -> None:
    code, _, err = run()("strategies", "set", NAME, "position_size=0", "entry=maybe", "nothing=1")
    assert code == Exit.FAILED
    assert all(name in err for name in ("position_size", "entry", "nothing"))


def test_who_may_only_read_is_not_permitted_to_act(run: Run) -> None:
    tipoff = run(Level.READ)
    assert tipoff("status")[0] == Exit.OK
    assert tipoff.error("halt") == (Exit.NOT_PERMITTED, "not_permitted")


@pytest.mark.fault("F12")
@pytest.mark.parametrize("phase", ["starting", "stopping"])
def test_a_daemon_that_starts_or_stops_is_not_ready(run: Run, phase: str) -> None:
    tipoff = run()
    tipoff.phase = phase
    assert tipoff.error("status") == (Exit.NOT_READY, "not_ready")
    assert tipoff.error("halt") == (Exit.NOT_READY, "not_ready")
    assert tipoff("actors")[0] == Exit.OK
    code, out, _ = tipoff("health")
    assert code == Exit.NOT_READY
    assert phase in out


@pytest.mark.fault("F15")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        *((arguments, Exit.NOT_RUNNING) for _, arguments in (*LOOKS[1:], *ACTS)),
        (("status",), Exit.NOT_RUNNING_STATUS),
    ],
)
def test_without_a_daemon_every_command_says_so(
    path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
) -> None:
    monkeypatch.setenv("TIPOFF_SOCKET", str(path))
    began = time.monotonic()
    assert main([*arguments, "--json"]) == code
    assert time.monotonic() - began < 1
    assert json.loads(capfd.readouterr().out)["error"]["code"] == "not_running"


def test_a_daemon_that_says_nothing_is_a_timeout(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        assert main(["status", "--socket", str(path), "--timeout", "0.1", "--json"]) == Exit.TIMEOUT
    assert json.loads(capfd.readouterr().out)["error"]["code"] == "timeout"


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (b"SSH-2.0-OpenSSH\n", "protocol"),
        (b"[]\n", "protocol"),
        (b'{"method":"hello"}\n', "protocol"),
        (b'{"method":"hello","params":{"protocol":2}}\n', "version"),
        (b"", "not_running"),
    ],
)
def test_what_is_no_tipoff_daemon_is_recognized(path: Path, said: bytes, word: str) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()

        def answer() -> None:
            peer, _ = other.accept()
            with peer:
                peer.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(Failure) as caught:
            ControlClient(path)
        thread.join()
    assert caught.value.code == word


def test_a_path_that_is_too_long_is_a_mistake_of_the_command_line(folder: Path) -> None:
    with pytest.raises(Failure, match="at most 107") as caught:
        ControlClient(folder / ("s" * 120))
    assert caught.value.exit is Exit.USAGE


def test_the_socket_is_found_by_the_configuration(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TIPOFF_SOCKET", raising=False)
    monkeypatch.chdir(folder)
    assert main(["pnl"]) == Exit.NOT_RUNNING
    assert "state/control.sock" in capfd.readouterr().err
    Path("engine.toml").write_text("[engine]\nstate_directory = 'here'\n[control]\nsocket = 'c.sock'\n")
    assert main(["pnl"]) == Exit.NOT_RUNNING
    assert "here/c.sock" in capfd.readouterr().err
    Path("engine.toml").write_text("[engine")
    assert main(["pnl"]) == Exit.CONFIG
    assert main(["pnl", "--config", "none.toml"]) == Exit.CONFIG
    assert main(["pnl", "--socket", "x.sock"]) == Exit.NOT_RUNNING


def test_a_long_answer_arrives_whole(run: Run) -> None:
    tipoff = run()
    with ControlClient(tipoff.path) as client:
        for _ in range(20):
            client.operate("halt", reason="x" * 4_000)
    found = tipoff.document("journal", "--limit", "1000")
    assert isinstance(found, list)
    assert len(found) == len(tipoff.bench.facts)


def test_other_requests_on_the_same_connection_go_on_after_an_error(run: Run) -> None:
    with ControlClient(run().path) as client:
        with pytest.raises(Failure):
            client.query("nothing")
        assert client.query("version")
        assert client.hello["level"] == "admin"
