"""What is not Python is held to rules too: pinned requirements, a commented configuration, no addresses."""

from pathlib import Path

import pytest
import yaml

from tests.tidy import file_rules
from tests.tidy.source import ROOT, fail_with, texts


def test_no_file_names_a_package_index() -> None:
    fail_with([problem for text in texts() for problem in file_rules.package_index(text)])


@pytest.mark.parametrize("name", ["runtime.txt", "analysis.txt", "dev.txt"])
def test_every_requirement_is_pinned_with_a_hash(name: str) -> None:
    path = f"requirements/{name}"
    fail_with(list(file_rules.unpinned((path, (ROOT / path).read_text("utf-8")))))


def test_every_key_of_the_configuration_is_commented() -> None:
    fail_with(list(file_rules.uncommented_key(("engine.toml", (ROOT / "engine.toml").read_text("utf-8")))))


def test_the_hooks_and_the_integration_script_can_be_run() -> None:
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_every_hook_before_a_commit_is_a_program_of_ours() -> None:
    """A hook from elsewhere would be fetched over the network, and differ from what `make check` runs."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]
    for hook in hooks[0]["hooks"]:
        assert (hook["language"], hook["entry"].split("/")[:2]) == ("system", [".venv", "bin"])


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("--extra-index" + "-url https://x", "an index"),
        ("see https://" + "py" + "pi.org/project/x", "see the project"),
        ("--find" + "-links /opt", "--find"),
        ("https://host/sim" + "ple/", "a simple thing / another"),
    ],
)
def test_an_address_of_an_index_is_found(bad: str, good: str) -> None:
    assert len(list(file_rules.package_index(("a.txt", f"first\n{bad}\n")))) == 1
    assert not list(file_rules.package_index(("a.txt", good)))


def test_a_requirement_without_version_or_hash_is_found() -> None:
    bad = "attrs>=1 \\\n    --hash=sha256:00\ntrio==1 ; python_version < '4'\n"
    assert len(list(file_rules.unpinned(("a.txt", bad)))) == 2
    assert not list(file_rules.unpinned(("a.txt", "attrs==1 \\\n    --hash=sha256:00\n# via x\n")))


def test_a_key_without_a_comment_is_found() -> None:
    assert len(list(file_rules.uncommented_key(("a.toml", "# why\na = 1\nb = 2\n")))) == 1


def test_a_key_that_a_page_does_not_mention_is_found() -> None:
    names = list(file_rules.keys("[a]\nb = 1\nc.d = 2\n[[strategy]]\nkind = 'k'\n"))
    assert names == ["strategy.k.kind", "a.b", "a.c.d"]
    assert list(file_rules.unmentioned(names, ("a.md", "`a.b` and a.c.d `strategy.k.kind`"))) == [
        "a.md:1: does not mention `a.c.d`"
    ]


def test_the_paths_of_this_folder_are_relative_to_the_project() -> None:
    assert (ROOT / "pyproject.toml").is_file()
    assert Path(__file__).is_relative_to(ROOT)
