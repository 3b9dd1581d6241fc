"""The file of trust: written, read again, and refused with the key of what is wrong."""

import math
from pathlib import Path

import attrs
import pytest

from engine.trust import STATED, Source, Trust
from engine.trust_fit import SHIPPED
from tipoff.config.load import parse, template
from tipoff.config.problems import ConfigError
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import settings_digest
from tipoff.runs.trust_file import BYTES_MAX, read_trust, trust_of, written

ORIGIN = 'ten "evenings" of ours, C:\\recordings'
FOUND = {
    Source.CONSENSUS_PREGAME: Trust(0.5, 0.25, 0.75, 30, 400, ORIGIN),
    Source.PRICE_MOVE: Trust(-0.01, -0.1, 0.1, 30, 900, ORIGIN),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "trust.toml"
    path.write_text(written(FOUND, ORIGIN), "utf-8")
    return path


def test_what_is_written_is_read(file: Path) -> None:
    assert read_trust(file) == FOUND


def test_the_configuration_names_it_beside_itself(file: Path) -> None:
    config = attrs.evolve(parse('[trust]\nof = "trust.toml"\n', schema()), source=file.parent / "engine.toml")
    trust = trading_settings(config).trust
    assert trust.of(Source.CONSENSUS_PREGAME).share == 0.5
    assert "ten" in trust.of(Source.CONSENSUS_PREGAME).origin
    assert trust.of(Source.PRICE_MOVE).share == 0.0
    # Not estimated there, so not believed: a file stands in for the shipped defaults as a whole.
    assert trust.of(Source.LADDER).share == 0.0


def test_two_words_stand_for_tables() -> None:
    assert trust_of("shipped", None) == SHIPPED
    assert trust_of("stated", None) == STATED
    assert trading_settings(template(schema())).trust == SHIPPED
    assert trading_settings(at_its_word(template(schema()))).trust == STATED


def test_trust_decides_a_run_so_it_is_in_its_digest() -> None:
    config = template(schema())
    digests = [settings_digest(trading_settings(each)) for each in (config, at_its_word(config))]
    assert digests[0] != digests[1]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("origin", "orgin", "origin"),
        ("[price_move]", "[price_moves]", "price_moves"),
        ("[price_move]", "[own]", "own"),
        ("games = 30", "games = 30.5", "consensus_pregame.games"),
        ("games = 30", "games = -1", "consensus_pregame.games"),
        ("games = 30", "game = 30", "consensus_pregame"),
        ("low = 0.250000", "low = 0.6", "consensus_pregame"),
        ("low = 0.250000", "low = nan", "consensus_pregame.low"),
        ("low = 0.250000", "low = true", "consensus_pregame.low"),
        ("origin = ", "origin ", ""),
    ],
)
def test_what_is_wrong_is_named_with_its_key(file: Path, old: str, new: str, key: str) -> None:
    file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_trust(file)
    assert [problem.path for problem in caught.value.problems] == [key]
    assert str(file) in str(caught.value)


def test_a_file_that_is_missing_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="tipoff calibrate"):
        trust_of("nowhere.toml", tmp_path / "engine.toml")


@pytest.mark.parametrize(("more", "fits"), [(0, True), (1, False)])
def test_a_file_as_large_as_may_be_is_read(file: Path, more: int, fits: bool) -> None:  # noqa: FBT001
    text = file.read_text("utf-8")
    file.write_text(text + "#" * (BYTES_MAX - len(text) + more), "utf-8")
    if fits:
        assert read_trust(file) == FOUND
    else:
        with pytest.raises(ConfigError, match="is larger than"):
            read_trust(file)


def test_an_interval_from_one_game_is_written_and_read_unbounded(tmp_path: Path) -> None:
    one = {Source.PRICE_MOVE: Trust(0.25, -math.inf, math.inf, 1, 7, "one game")}
    path = tmp_path / "trust.toml"
    path.write_text(written(one, "one game"), "utf-8")
    assert read_trust(path) == one
