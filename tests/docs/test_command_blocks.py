"""Every block of commands in README and manual is run, page by page, and shows what the page says.

What takes a stand-in is in one table with its reason; what cannot be run here says so above the block.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import attrs
import pytest

from tests.docs.command_blocks import ROOT, Block, UnknownFence, blocks, pages
from tests.stories.venues import venues
from tests.tipoff.commands.stored_evenings import recordings
from tests.tipoff.managed import free_port
from tipoff.exit_codes import Exit

COMMAND_S_MAX = 200
LOOK_S = 0.05
READY = re.compile(r"ready: run|http://127\.0\.0\.1:\d+/#")
INTERRUPTED: Final = 130
"""As a shell says it: ended by Ctrl-C."""
CUT: Final = "…"
NUMBER: Final = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b|[+-]?\d[\d.,:]*")
FRAMES: Final = "ws_orderbook_prod_mlb_wnba_20260807.jsonl.gz"
MADE_FOR: Final = {
    "README.md": (),
    "docs/dashboard.md": ("season.db",),
    "docs/disk.md": ("state/tipoff.db", "recordings/prod-2026-01-14"),
    "docs/first_look.md": ("evenings",),
    "docs/judging.md": ("state/tipoff.db",),
    "docs/keys.md": ("Downloads/tipoff.key",),
    "docs/scaling.md": ("evenings", "plan.toml"),
    "docs/searching.md": ("evenings", "edges.db", "luck.db"),
}
"""What a page takes for granted, in the order in which it is made."""

NOT_RUN: Final = {
    "docs/control.md": 1,
    "docs/how_to/containers.md": 5,
    "docs/how_to/history.md": 2,
    "docs/how_to/notices.md": 1,
    "docs/how_to/server.md": 5,
    "docs/real_evening.md": 2,
    "docs/scaling.md": 2,
}
"""How many blocks of a page no test runs; each says why above itself."""


@attrs.frozen
class StandIn:
    """What is run for something that is typed."""

    typed: str
    run: str
    why: str


STAND_INS: Final = (
    StandIn(r"^make (\w+)", rf"make --directory {ROOT} --dry-run \1", "others run what a target runs"),
    StandIn(
        r"^\.venv/bin/pip install --no-deps --editable ",
        ".venv/bin/python -m pip install --quiet --no-index --no-deps --no-build-isolation --target site ",
        "the environment is everybody's, and there may be no package index",
    ),
    StandIn(r"^\.venv/bin/pip install pytest", '.venv/bin/python -c "import pytest"', "it is there already"),
    StandIn(r"-m tipoff\.control\.schema", "-c 'import tipoff.control.schema'", "it would write here"),
    StandIn(
        r"^\S+ simulate --record (\w+) .*",
        r'mkdir \1 && cp -r "$RECORDED" \1/evening-2026-11-20',
        "a whole evening takes three times as long to replay; test_simulate.py makes them",
    ),
    StandIn(r"=0\.5\.\.4:0\.5 ", "=0.5..1:0.5 ", "time"),
    StandIn(r"--workers 8", "--workers 2", "two processors are enough"),
    StandIn(r"--store luck\.db", "--store again.db", "what is shown above it needs it before"),
    StandIn(r"demo --live", "demo --live --keep played", "its folder has a name"),
    StandIn(r"/tmp/tipoff-demo-…", "played", "so it has here"),
    StandIn(r" top ", " top --json ", "there is no terminal"),
    StandIn(
        r"^(\S+ watch .*)",
        rf"timeout --preserve-status --signal=INT 3 \1 || test $? = {INTERRUPTED}",
        "it goes on until somebody ends it",
    ),
    StandIn(
        r"^(\S+ db restore .*sqlite:///(\w+)/tipoff.db)",
        r"mkdir former && mv \2/tipoff.db* former && \1",
        "as the sentence above it says",
    ),
    StandIn(r" --run replay-[0-9a-f]{12}", "", "a digest of somebody's evening; the latest run is shown"),
)
GOES_ON: Final = re.compile(r"tipoff (run|demo --live|dashboard --db)\b")
"""What runs until it is ended, beside what is typed next."""
LOOKS: Final = re.compile(r"--socket|tipoff (status|games|signals)\b")
"""What is typed in another terminal while it runs."""
CONFIGURED: Final = re.compile(r"tipoff (run|doctor)\b")
"""What goes by the addresses and ports of engine.toml, which are nobody else's here."""


@attrs.define
class Home:
    """The folder of somebody who types what a page says."""

    folder: Path
    recorded: Sequence[Path]
    stack: ExitStack
    used: set[str] = attrs.field(factory=set)
    beside: subprocess.Popen[str] | None = None
    config: Path | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of ours but the program and what is installed meanwhile."""
        return {
            "HOME": str(self.folder),
            "PATH": f"{self.folder / '.venv/bin'}:{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT}:{self.folder / 'site'}",
            "COLUMNS": "80",
            "RECORDED": str(self.recorded[0]),
        }

    def settle(self) -> None:
        """A program `tipoff` and a Python, where a page expects them."""
        programs = self.folder / ".venv/bin"
        programs.mkdir(parents=True)
        for name, module in (("tipoff", "-m tipoff"), ("python", "")):
            (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {module} "$@"\n', "utf-8")
            (programs / name).chmod(0o755)

    def run(self, typed: str) -> str:
        """What a command prints, which must not fail."""
        command = self.stood_in(typed)
        if CONFIGURED.search(command):
            self.point_at_venues()
        if GOES_ON.search(command):
            return self.goes_on(command)
        done = subprocess.run(
            ("bash", "-c", command),
            cwd=self.folder,
            env=self.environment,
            input="what-is-pasted\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_S_MAX,
        )
        assert done.returncode == Exit.OK, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def stood_in(self, typed: str) -> str:
        """What is run for what is typed."""
        command = typed
        for each in STAND_INS:
            command, times = re.subn(each.typed, each.run, command)
            self.used |= {each.typed} if times else set()
        if "DIGEST" in command:
            for digest in self.digests():
                command = command.replace("DIGEST", digest, 1)
        return command

    def digests(self) -> list[str]:
        """The beginnings of the digests of the configurations that were run."""
        runs = json.loads(self.run(".venv/bin/tipoff runs --db sqlite:///season.db --json"))["runs"]
        return list(dict.fromkeys(run["config_digest"][:8] for run in runs))

    def goes_on(self, command: str) -> str:
        """Begin it, and wait until it can be looked at."""
        self.end()
        said = self.folder / "beside.txt"
        with said.open("w", encoding="utf-8") as out:
            self.beside = subprocess.Popen(
                ("bash", "-c", f"exec {command}"),
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
            )
        deadline = time.monotonic() + COMMAND_S_MAX
        while not READY.search(said.read_text("utf-8")):
            assert time.monotonic() < deadline, f"{command}: never ready"
            with suppress(subprocess.TimeoutExpired):
                code = self.beside.wait(LOOK_S)
                raise AssertionError(f"{command}: ended with {code}\n{said.read_text('utf-8')}")
        return said.read_text("utf-8")

    def end(self) -> None:
        """What still runs is ended, and ends in good order."""
        if self.beside is not None:
            self.beside.send_signal(signal.SIGINT)
            assert self.beside.wait(60) in (Exit.OK, INTERRUPTED), (self.folder / "beside.txt").read_text(
                "utf-8"
            )
            self.beside = None

    def point_at_venues(self) -> None:
        """The configuration that is there names the simulated venues from now on."""
        if self.config is None:
            self.config, _switch = self.stack.enter_context(venues(self.folder / "venues"))
        text = self.config.read_text("utf-8")
        for port in ("9464", "8464"):
            text = text.replace(f"port = {port}", f"port = {free_port()}", 1)
        text = re.sub(r'^state_directory = ".*"$', 'state_directory = "state"', text, flags=re.MULTILINE)
        (self.folder / "engine.toml").write_text(text, "utf-8")

    def make(self, name: str) -> None:
        """What a page takes for granted."""
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        sweep = ".venv/bin/tipoff sweep --set {}=5,10 --recordings evenings --store {}"
        match name:
            case "evenings":
                place.mkdir()
                for evening in self.recorded:
                    (place / evening.name).symlink_to(evening)
            case "season.db" | "state/tipoff.db":
                self.run(f".venv/bin/tipoff replay {self.recorded[0]} --only momentum --db sqlite:///{name}")
            case "edges.db":
                self.run(sweep.format("sharp_line.position_size", name))
            case "luck.db":
                self.run(sweep.format("random_taker.position_size", "again.db"))
                (place.parent / "again.db").rename(place)
            case "plan.toml":
                place.write_text('strategy = "sharp_line"\n[parameters]\nposition_size = "5,10"\n', "utf-8")
            case "Downloads/tipoff.key":
                place.write_text("a key\n", "utf-8")
            case _:
                place.mkdir()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """An evening that ends in the middle of its game."""
    return recordings(tmp_path_factory.mktemp("recorded"))[:1]


@pytest.fixture
def home(tmp_path: Path, recorded: list[Path]) -> Iterator[Home]:
    with ExitStack() as stack:
        home = Home(tmp_path, recorded, stack)
        home.settle()
        yield home
        if home.beside is not None:
            home.beside.kill()
            home.beside.wait()


def of_page(page: Path) -> list[Block]:
    return list(blocks(page.relative_to(ROOT).as_posix(), page.read_text("utf-8")))


ALL: Final = {page.relative_to(ROOT).as_posix(): of_page(page) for page in pages()}
RUN: Final = {page: found for page, found in ALL.items() if any(not block.not_run for block in found)}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", RUN)
def test_the_commands_of_a_page_do_what_it_says(
    page: str, home: Home, request: pytest.FixtureRequest
) -> None:
    for name in MADE_FOR.get(page, ()):
        home.make(name)
    for block in RUN[page]:
        if block.not_run:
            continue
        if not LOOKS.search(block.text):
            home.end()
        if FRAMES in block.text:
            shared: Path = request.getfixturevalue("shared")
            shutil.copy(shared / "data" / "kalshi" / FRAMES, home.folder / FRAMES)
        printed = "".join(home.run(command) for command in block.commands())
        assert missing(block.sample, printed) is None, f"{page}:{block.line}\n{printed}"
    home.end()


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


def test_the_first_page_has_samples_of_every_kind() -> None:
    named = {block.text.split()[1] for block in ALL["docs/start.md"] if block.sample}
    assert named == {"demo", "why", "db", "replay", "import", "init", "fees"}


def test_what_no_test_runs_is_counted_and_says_why() -> None:
    left = {page: sum(bool(block.not_run) for block in found) for page, found in ALL.items()}
    assert {page: number for page, number in left.items() if number} == NOT_RUN
    assert sum(map(len, ALL.values())) >= 45


def test_every_stand_in_stands_for_something_that_is_typed() -> None:
    typed = [line for found in RUN.values() for block in found for line in block.commands()]
    assert [each.typed for each in STAND_INS if not any(re.search(each.typed, line) for line in typed)] == []
    assert set(MADE_FOR) <= set(RUN)


PAGE = """Type

    tipoff one \\
        --more
    tipoff two    # why

```text
said …
```

1. In a list

       tipoff three

<!-- not run: it needs the moon -->

```sh
tipoff four
```

```toml
tipoff = 5
```
"""


def test_blocks_are_found_with_their_samples_and_reasons() -> None:
    first, second, third = blocks("page.md", PAGE)
    assert first.commands() == ["tipoff one  --more", "tipoff two    # why"]
    assert (first.line, first.sample, first.not_run) == (3, "said …", None)
    assert (second.text, second.line, second.sample) == ("tipoff three", 13, "")
    assert (third.text, third.not_run) == ("tipoff four", "it needs the moon")


@pytest.mark.parametrize("kind", ["", "console", "bash", "text"])
def test_commands_in_a_fence_that_does_not_say_so_are_refused(kind: str) -> None:
    with pytest.raises(UnknownFence, match=r"page\.md:3"):
        list(blocks("page.md", f"Type\n\n```{kind}\ntipoff one\n```\n"))
