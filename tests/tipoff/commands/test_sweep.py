"""`tipoff sweep` from beginning to the change of the configuration, as people type it.

Covers: tipoff.cli.sweep.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tipoff.sweep.conftest import recorded
from tipoff import __version__
from tipoff.cli.app import main
from tipoff.config.load import load, template
from tipoff.config.render import render
from tipoff.runs.from_config import at_its_word, schema

SPACE = ("--set", "sharp_line.position_size=2,4", "--set", "sharp_line.net_edge_min_cents=1,90")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an evening, a configuration and a sweep that was played."""
    folder = tmp_path_factory.mktemp("swept")
    recorded(folder / "evenings" / "one", 3)
    (folder / "engine.toml").write_text(render(at_its_word(template(schema()))), "utf-8")
    assert main(["sweep", *SPACE, *given(folder), "--store", str(folder / "sweep.db"), "--json"]) == 0
    return folder


def given(folder: Path) -> tuple[str, ...]:
    """What every sweep of these tests is told."""
    where = ("--recordings", str(folder / "evenings"), "--config", str(folder / "engine.toml"))
    return (*where, "--workers", "1")


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
    """What a command prints as JSON."""
    capsys.readouterr()
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_sweep_shows_its_trials_the_best_first(swept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = told(capsys, "sweep", "show", str(swept / "sweep.db"))
    assert (shown["tried"], shown["failed"], shown["missing"]) == (4, 0, 0)
    values = [each["value"] for each in shown["trials"]]
    assert values == sorted(values, reverse=True)
    idle = next(each for each in shown["trials"] if each["parameters"]["net_edge_min_cents"] == 90)
    assert (idle["value"], idle["orders"]) == (0.0, 0)
    assert main(["sweep", "show", str(swept / "sweep.db")]) == 0
    assert "the best first" in capsys.readouterr().out
    closing = told(capsys, "sweep", "show", str(swept / "sweep.db"), "--objective", "closing")
    assert closing["unit"] == "dollars"
    assert closing["digest"] == shown["digest"]


def test_the_best_is_written_as_a_change_of_the_configuration(
    swept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "best.toml"
    found = told(capsys, "sweep", "best", str(swept / "sweep.db"), "--trial", "2", "--out", str(out))
    assert found["trial"] == 2
    assert {each["path"] for each in found["changes"]} == {
        "strategy.sharp_line.parameters.position_size",
        "strategy.sharp_line.parameters.net_edge_min_cents",
    }
    assert found["live"].startswith("tipoff strategies set sharp_line ")
    (chosen,) = (each for each in load(out, schema()).strategies if each.name == "sharp_line")
    assert getattr(chosen.parameters, "position_size") == found["parameters"]["position_size"]  # noqa: B009
    again = told(capsys, "sweep", "best", str(swept / "sweep.db"), "--out", str(out), code=1)
    assert again["error"]["code"] == "exists"
    none = told(capsys, "sweep", "best", str(swept / "sweep.db"), "--trial", "9", code=1)
    assert none["error"]["code"] == "trial"


def test_a_sweep_that_is_there_is_not_begun_again_but_gone_on_with(
    swept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = told(capsys, "sweep", "show", str(swept / "sweep.db"))
    words = ("sweep", *SPACE, *given(swept), "--store", str(swept / "sweep.db"))
    assert told(capsys, *words, code=1)["error"]["code"] == "sweep_exists"
    after = told(capsys, "sweep", "resume", str(swept / "sweep.db"), "--workers", "1")
    assert after == before


def test_a_sweep_of_another_version_is_shown_and_not_gone_on_with(
    swept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = (swept / "sweep.db").read_bytes()
    other = tmp_path / "other.db"
    word = f'"version":"{__version__}"'.encode()
    assert word in body
    other.write_bytes(body.replace(word, f'"version":"{"9" * len(__version__)}"'.encode()))
    assert told(capsys, "sweep", "resume", str(other), code=1)["error"]["code"] == "sweep_version"
    told(capsys, "sweep", "show", str(other))


REFUSED = (
    (("--set", "sharp_line.position_size=2,4"), "--recordings"),
    (("--set", "nobody.position_size=2,4", "--recordings", "E"), "nobody"),
    (("--set", "sharp_line.position=2,4", "--recordings", "E"), "position"),
    (("--set", "sharp_line.position_size=0,4", "--recordings", "E"), "position_size"),
    (("--set", "sharp_line.position_size=2,4", "--recordings", "E", "--recordings", "E"), "twice"),
    (("--set", "sharp_line.position_size=2,4", "--recordings", "nowhere"), "nowhere"),
    (("--recordings", "E"), "strategy"),
)


@pytest.mark.parametrize("words, named", REFUSED)
def test_what_cannot_be_swept_is_refused_by_name(
    words: tuple[str, ...], named: str, swept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = [str(swept / "evenings") if word == "E" else word for word in words]
    store = tmp_path / "sweep.db"
    capsys.readouterr()
    assert main(["sweep", *typed, "--store", str(store)]) in (1, 2)
    assert named in capsys.readouterr().err
    assert not store.exists()


def test_tls_needs_all_of_its_files_and_a_cluster(swept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ("--tls-ca", "ca.pem"),
        ("--cluster", "tls://127.0.0.1:1"),
        ("--cluster", "tcp://127.0.0.1:1", "--tls-ca", "ca.pem"),
        ("--cluster", "tcp://127.0.0.1:1", "--workers", "1"),
    ):
        found = told(capsys, "sweep", "resume", str(swept / "sweep.db"), *words, code=2)
        assert found["error"]["code"] == "usage"
