"""The samples of `docs/start.md` are what its commands print: the same lines in order, numbers aside."""

import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tipoff.cli.app import main
from tipoff.exit_codes import Exit

PAGE = Path(__file__).resolve().parents[2] / "docs" / "start.md"
BLOCK = re.compile(r"((?:^    \.venv/bin/tipoff [^\n]*\n)+)\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^    \.venv/bin/tipoff (.*)$", re.MULTILINE)
CUT = "…"
NUMBER = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b|[+-]?\d[\d.,:]*")
OUTSIDE = "kalshi-frames="


def samples() -> Iterator[tuple[list[list[str]], str]]:
    """The commands before each sample, and the sample."""
    for commands, sample in BLOCK.findall(PAGE.read_text("utf-8")):
        yield [shlex.split(command) for command in COMMAND.findall(commands)], sample


def shape(line: str) -> str:
    """A line with every number and every digest alike, however wide its columns are."""
    return " ".join(NUMBER.sub("#", line).split())


def missing(sample: str, printed: str) -> str | None:
    """The first line of a sample that is not printed, or not where it stands; None if there is none."""
    rest: Sequence[str] = [shape(line) for line in printed.splitlines()]
    for line in sample.splitlines():
        if line.strip() in ("", CUT):
            continue
        wanted = re.compile(".*".join(re.escape(shape(part)) for part in line.split(CUT)))
        place = next((place for place, found in enumerate(rest) if wanted.fullmatch(found)), None)
        if place is None:
            return line
        rest = rest[place + 1 :]
    return None


def test_a_sample_is_held_against_its_command_line_by_line() -> None:
    printed = "name      fees\nann       1.20\nDigest 0123456789abcdef0123\n"
    assert missing(f"name  fees\n{CUT}\nDigest 76543210{CUT}\n", printed) is None
    assert missing("name  fee\n", printed) == "name  fee"
    assert missing("ann 7.00\nname fees\n", printed) == "name fees"
    assert missing("ann 7.00 8.00\n", printed) == "ann 7.00 8.00"


def test_the_page_has_samples_of_every_kind() -> None:
    named = {commands[0][0] for commands, _sample in samples()}
    assert named == {"demo", "why", "db", "replay", "import", "init", "fees"}


@pytest.mark.timeout(300)
def test_the_samples_are_what_their_commands_print(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for commands, sample in samples():
        if OUTSIDE in " ".join(commands[0]):
            shared: Path = request.getfixturevalue("shared")
            name = commands[0][1].removeprefix(OUTSIDE)
            shutil.copy(shared / "data" / "kalshi" / name, tmp_path / name)
        capsys.readouterr()
        for command in commands:
            assert main(command) == Exit.OK, command
        printed = capsys.readouterr()
        assert missing(sample, printed.out + printed.err) is None, commands
