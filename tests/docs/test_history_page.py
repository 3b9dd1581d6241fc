"""The commands of `docs/how_to/history.md`, typed one after the other; the venues are the simulated ones."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.tipoff.cli.test_servers_switches import started
from tipoff.cli.app import app, main
from tipoff.exit_codes import Exit
from venues.importers.past_day import LeftOut

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how_to" / "history.md"
TEXT = PAGE.read_text("utf-8")
BLOCKS = [
    [shlex.split(line) for line in re.findall(r"^    tipoff (.*)$", block, re.MULTILINE)]
    for block in re.findall(r"(?:^    tipoff [^\n]*\n)+", TEXT, re.MULTILINE)
]


def test_every_line_to_type_is_understood() -> None:
    assert [len(block) for block in BLOCKS] == [4, 2]
    for block in BLOCKS:
        for words in block:
            command, bound, _ignored = app.parse_args(words, exit_on_error=False, print_error=False)
            assert command is not None
            assert bound.signature.parameters.keys() >= bound.arguments.keys()


def test_every_reason_stands_on_the_page() -> None:
    told = re.findall(r"^\| `([a-z_]+)` \|", TEXT, re.MULTILINE)
    assert sorted(told) == sorted(reason.name.lower() for reason in LeftOut)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_from_nothing_to_a_report_and_without_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    from_nothing, (simulate, offline) = BLOCKS
    told = {}
    with started(tmp_path, *simulate) as venues:
        venues.until("config")
        for words in (*from_nothing, offline):
            capsys.readouterr()
            code = main([*words, "--json"])
            told[words[0]] = json.loads(capsys.readouterr().out)
            assert code == Exit.OK, told
            if words[0] == "init":
                # The real venue is not asked by a test.
                shutil.copy(tmp_path / "sim" / "engine.toml", tmp_path / "engine.toml")
    assert all(day["games"] for day in told["download"]["days"])
    assert len(told["report"]["runs"]) == 2
    folders = [sorted(tmp_path.glob(f"{name}/*/segment-*")) for name in ("history", "simulated")]
    assert [path.read_bytes() for path in folders[0]] == [path.read_bytes() for path in folders[1]]
