"""Commands are made from the registry: its rows become arguments, options, help and tables."""

import io
from collections.abc import Mapping
from typing import Any, Self

import pytest
from cyclopts import CycloptsError
from rich.console import Console

from tipoff.cli import generated
from tipoff.cli.app import COMMANDS
from tipoff.cli.dialogues import DIALOGUES
from tipoff.cli.screens import SCREENS
from tipoff.cli.where import Where
from tipoff.control.method import Method
from tipoff.control.parameters import Param
from tipoff.control.permissions import Level
from tipoff.control.registry import METHODS
from tipoff.exit_codes import Exit
from tipoff.output import Answer, Failure

WEATHER = Method(
    name="weather",
    line="How it will be.",
    params=(
        Param(name="days", kind="whole", default=3, high=9, help="So many at most."),
        Param(name="city", required=True, place=True, upper=True, help="Where."),
        Param(name="state", choices=("wet", "dry"), default="wet", switch="dry", help="Without rain."),
        Param(name="p_rain", kind="number", typed="rain", help="How likely."),
        Param(name="windy", kind="flag", help="Only storms."),
    ),
)
STOP = Method(
    name="weather.stop",
    line="Let it rain no more.",
    level=Level.OPERATE,
    params=(
        Param(name="cloud_id", place=True, typed="CLOUD", help="One cloud."),
        Param(name="all", kind="flag", help="All clouds."),
    ),
    one_of=("cloud_id", "all"),
)


class Daemon:
    """Keeps what it is asked and gives one answer."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str | None, Mapping[str, object]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ended: object) -> None:
        pass

    def query(self, method: str, **params: object) -> object:
        self.asked.append((method, None, params))
        return self.answer

    def operate(self, method: str, request_id: str | None = None, **params: object) -> object:
        self.asked.append((method, request_id, params))
        return self.answer


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Daemon:
    """What every command asks."""
    made = Daemon([{"city": "OSLO", "rain_at": "2026-11-20T23:30:00.000000Z"}])
    monkeypatch.setattr(Where, "connected", lambda _: made)
    monkeypatch.setattr(generated, "METHODS", {each.name: each for each in (WEATHER, STOP)})
    return made


def typed(*words: str) -> Answer:
    """What a command of the registry answers."""
    app = getattr(generated, "weather")  # noqa: B009 - as the command line finds it: by name, when it is called
    answer: Any = app(words, exit_on_error=False, print_error=False, result_action="return_value")
    assert isinstance(answer, Answer)
    return answer


def shown(answer: Answer) -> list[str]:
    console = Console(width=80, file=io.StringIO(), force_terminal=False)
    with console.capture() as captured:
        console.print(answer.screen)
    return [" ".join(line.split()) for line in captured.get().splitlines()]


def test_a_row_of_the_registry_is_a_command_and_its_answer_a_table(daemon: Daemon) -> None:
    answer = typed("oslo", "--days", "2", "--dry", "--rain", "0.5", "--windy")
    assert daemon.asked == [
        ("weather", None, {"city": "OSLO", "days": 2, "state": "dry", "p_rain": 0.5, "windy": True})
    ]
    assert answer.document == daemon.answer
    assert shown(answer) == ["city rain at UTC", "OSLO 11-20 23:30"]


def test_what_is_not_typed_is_said_as_the_registry_has_it_or_not_at_all(daemon: Daemon) -> None:
    typed("oslo")
    assert daemon.asked == [("weather", None, {"city": "OSLO", "days": 3, "state": "wet"})]


@pytest.mark.parametrize(
    "words", [(), ("oslo", "--days", "10"), ("oslo", "--windy", "no"), ("oslo", "bergen")]
)
def test_what_the_registry_does_not_know_is_not_understood(daemon: Daemon, words: tuple[str, ...]) -> None:
    with pytest.raises(CycloptsError):
        typed(*words)
    assert daemon.asked == []


def test_a_method_that_changes_something_is_a_sub_command_with_a_request_id(daemon: Daemon) -> None:
    daemon.answer = {"outcome": "the sun is out", "repeated": True}
    answer = typed("stop", "cumulus", "--request-id", "r-1")
    assert daemon.asked == [("weather.stop", "r-1", {"cloud_id": "cumulus"})]
    assert shown(answer) == ["the sun is out (done before by the same request)"]


@pytest.mark.parametrize("words", [("stop",), ("stop", "cumulus", "--all")])
def test_of_parameters_that_exclude_one_another_exactly_one_is_typed(
    daemon: Daemon, words: tuple[str, ...]
) -> None:
    with pytest.raises(Failure, match="`tipoff weather stop` needs exactly one of CLOUD, --all") as caught:
        typed(*words)
    assert caught.value.exit is Exit.USAGE
    assert daemon.asked == []


def test_an_answer_that_is_one_thing_is_shown_part_by_part(daemon: Daemon) -> None:
    daemon.answer = {"at_most": 3, "windy": False, "city": None}
    assert shown(typed("oslo")) == ["part value", "at most 3", "windy no", "city -"]


def test_nothing_is_a_word_too(daemon: Daemon) -> None:
    daemon.answer = []
    assert shown(typed("oslo")) == ["no weather"]


def test_a_name_that_no_method_has_is_no_command() -> None:
    with pytest.raises(AttributeError):
        getattr(generated, "nothing")  # noqa: B009


def test_every_screen_and_dialogue_is_of_a_method_and_every_method_with_a_command_is_listed() -> None:
    assert {*SCREENS, *DIALOGUES} <= set(METHODS)
    listed = {name for name, *_ in COMMANDS}
    assert {each.words[0] for each in METHODS.values() if each.command} <= listed
