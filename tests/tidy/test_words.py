"""Names are nouns of the field, everything public is explained, and nothing is left for later."""

from collections.abc import Callable, Iterable

import pytest

from tests.tidy import word_rules
from tests.tidy.source import Rule, Source, check, fail_with, sources, texts


def test_no_module_has_a_name_that_says_nothing() -> None:
    check(word_rules.shapeless_name, sources())


def test_every_module_opens_with_a_paragraph_on_what_it_is() -> None:
    check(word_rules.no_opening_paragraph, sources())


def test_everything_public_is_documented() -> None:
    check(word_rules.undocumented, sources())


def test_nothing_is_marked_as_unfinished() -> None:
    fail_with([problem for text in texts() for problem in word_rules.unfinished(text)])


PARAGRAPH = '"""What a book is and how it changes; called by the feed, and imports nothing of it."""\n'
SAMPLES = [
    (word_rules.shapeless_name, "venues/kalshi/http_utils.py", "", "venues/transport/http.py", ""),
    (word_rules.shapeless_name, "engine/common/book.py", "", "engine/commons.py", ""),
    (word_rules.no_opening_paragraph, "engine/book.py", "x = 1\n", "engine/book.py", PARAGRAPH),
    (word_rules.no_opening_paragraph, "engine/book.py", '"""A book."""', "tests/t.py", '"""A book."""'),
    (word_rules.undocumented, "engine/a.py", "class A:\n  x = 1\n", "engine/a.py", "class _A:\n  x = 1\n"),
    (word_rules.undocumented, "engine/a.py", "async def f(): ...\n", "tests/a.py", "def f(): ...\n"),
    (
        word_rules.undocumented,
        "engine/a.py",
        'class A:\n  """A."""\n  def f(self): ...\n',
        "engine/a.py",
        'class A:\n  """A."""\n  @override\n  def f(self): ...\n',
    ),
]


@pytest.mark.parametrize(("rule", "bad_path", "bad", "good_path", "good"), SAMPLES)
def test_a_word_rule_finds_the_bad_sample_and_leaves_the_good_one(
    rule: Rule, bad_path: str, bad: str, good_path: str, good: str
) -> None:
    assert len(list(rule(Source.of(bad_path, bad)))) == 1
    assert not list(rule(Source.of(good_path, good)))


@pytest.mark.parametrize("mark", ["# TO" + "DO later", "FIX" + "ME: now", "// X" + "XX", "a HA" + "CK"])
def test_a_mark_of_unfinished_work_is_found(mark: str) -> None:
    rule: Callable[[tuple[str, str]], Iterable[str]] = word_rules.unfinished
    assert list(rule(("docs/a.md", f"first\n{mark}\n"))) == [f"docs/a.md:2: unfinished: {mark}"]
    assert not list(rule(("docs/a.md", "to do and todos are words, and so is a hackathon")))
