"""Every switch of every command that asks a daemon is used once on a daemon that is there.

The list is that of `tests/tipoff/cli/test_every_switch.py`, which reads it from the command line.
Covers: tipoff.cli.generated, tipoff.cli.dialogues.
"""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.tipoff.cli.test_every_switch import ALONE, EVERY, SERVERS, Used
from tests.tipoff.control import command_line
from tests.tipoff.control.command_line import NAME, Run, Running
from tests.tipoff.control.conftest import GAME, TICKER
from tests.tipoff.control.test_telling import FIRST_SECONDS
from tipoff.exit_codes import Exit

run = command_line.run

GOES_ON: Final = [used for used in EVERY if used[0] == ("watch",) or used[:2] == (("journal",), "--follow")]
"""These tell what happens until the daemon or somebody ends them."""

LIVE: Final = [
    used
    for used in EVERY
    if used[0][0] not in ALONE | SERVERS | {"doctor", "download", "notify", "top"} and used not in GOES_ON
]
"""`doctor`, `download` and `notify` ask no daemon, and `top` wants a terminal; its own tests drive it."""

MINUTE_S: Final = 61.0
"""So many orders as there are switches are too many for a minute."""

PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "actors restart": ("risk_gate",),
    "actors revive": (NAME,),
    "book": (TICKER,),
    "games load": (GAME,),
    "games unload": (GAME,),
    "orders cancel": ("--all",),
    "orders place": (TICKER, "bid", "1", "0.45", "--strategy", NAME, "--fair", "0.6"),
    "positions close": (NAME, TICKER),
    "resume": ("--reason", "tried"),
    "risk reset": ("contracts_total",),
    "risk set": ("contracts_total", "400"),
    "strategies disable": (NAME,),
    "strategies enable": (NAME,),
    "strategies set": (NAME, "position_size=5"),
    "why": ("operator:held",),
}
VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "--strategy": (NAME,),
    "--ticker": (TICKER,),
    "--game": (GAME,),
    "--fair": ("0.6",),
    "--limit": ("5",),
    "--timeout": ("5",),
    "--within": ("5",),
}
FIRST: Final = (("resume", "--reason", "tried"), ("strategies", "enable", NAME))
"""What undoes the command before, so that each finds the same daemon."""

WITH: Final[Mapping[tuple[str, ...], tuple[str, ...]]] = {("drain", "--wait"): ("--within", "1")}
"""What a switch needs beside it: time stands still here, so what rests would rest for ever."""

STORED: Final = ("orders", "fills", "signals", "positions", "markets")
"""The tables that a database can answer, too."""

REFUSED: Final[Mapping[tuple[str, ...], Exit]] = {
    ("drain", "--wait"): Exit.TIMEOUT,
    ("games", "unload"): Exit.FAILED,
    **{(name, "--db"): Exit.FAILED for name in ("why", *STORED)},
    **{(name, switch): Exit.USAGE for name in STORED for switch in ("--run", "--since", "--until")},
}
"""What cannot be done to this daemon: something rests in its game, it keeps no database, and what looks into
one needs its name.
"""


def values_for(daemon: Running, tmp_path: Path, folder: Path) -> dict[str, tuple[str, ...]]:
    """What the switches are given, those among them that say where the daemon is."""
    config = tmp_path / "engine.toml"
    config.write_text(f'[engine]\nstate_directory = "{folder}"\n[control]\nsocket = "s"\n', "utf-8")
    return {**VALUES, "--config": (str(config),), "--socket": (str(daemon.path),)}


@pytest.mark.slow
def test_every_switch_of_every_command_works_on_a_daemon(run: Run, tmp_path: Path, folder: Path) -> None:
    daemon = run()
    places = values_for(daemon, tmp_path, folder)
    wrong = []
    for number, (path, switch, value, _) in enumerate(LIVE):
        needed = PLACES.get(" ".join(path), ())
        if switch in needed:
            given = [*path, *needed]
        elif switch == "--request-id":
            given = [*path, *needed, switch, f"tried-{number}"]
        else:
            given = [*path, *needed, *([switch, *places.get(switch, value)] if switch else ())]
            given += WITH.get((*path, switch), ())
        code, out, err = daemon(*given)
        wanted = REFUSED.get((*path, switch), REFUSED.get(path, Exit.OK))
        if code != wanted or "a fault of tipoff" in out + err or "Traceback" in out + err:
            wrong.append((given, code, out[:200], err[:300]))
        if path == ("orders", "place"):
            daemon.bench.later(MINUTE_S)
        if path[0] in {"halt", "drain", "strategies", "resume"}:
            for words in FIRST:
                daemon(*words)
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.slow
@pytest.mark.parametrize("used", GOES_ON, ids=lambda used: " ".join((*used[0], used[1])))
def test_every_switch_of_what_goes_on_works_until_the_daemon_ends(
    run: Run, tmp_path: Path, folder: Path, used: Used
) -> None:
    daemon = run()
    path, switch, value, _ = used
    places = {**values_for(daemon, tmp_path, folder), "--topics": ("games",)}
    given = [*path, *([switch, *places.get(switch, value)] if switch else ())]
    if switch == "--since":
        given += ["--topics", "journal"]

    def stop() -> None:
        daemon.phase = "stopping"

    threading.Timer(FIRST_SECONDS, stop).start()
    code, out, err = daemon(*given)
    assert (code, "the daemon is stopping" in out + err) == (Exit.FAILED, True), (out, err)


def test_what_needs_a_place_is_given_one() -> None:
    commands = {" ".join(path) for path, *_ in LIVE}
    assert set(PLACES) <= commands
    assert len(commands) > 30
