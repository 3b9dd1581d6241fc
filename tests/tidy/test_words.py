"""Names are nouns of the field, everything public is explained, and nothing is left for later."""

from collections.abc import Callable, Iterable

import pytest

from tests.tidy import word_rules
from tests.tidy.source import Rule, Source, check, fail_with, sources, texts


def test_no_module_has_a_name_that_says_nothing() -> None:
    check(word_rules.shapeless_name, sources())


def test_every_module_opens_with_a_sentence_on_what_it_is() -> None:
    check(word_rules.no_opening_sentence, sources())


def test_what_others_call_says_what_it_means() -> None:
    check(word_rules.undocumented, sources())


def test_no_comment_cites_a_file_that_is_not_in_the_repository() -> None:
    paths = [path for path, _ in texts()]
    tails = {"/".join(path.split("/")[start:]) for path in paths for start in range(path.count("/") + 1)}
    check(lambda source: word_rules.lost_citation(source, tails.__contains__), sources())


def test_nothing_is_marked_as_unfinished() -> None:
    fail_with([problem for text in texts() for problem in word_rules.unfinished(text)])


SENTENCE = '"""What a book is.\n\nCalled by the feed."""\n'
WRAPPED = '"""What a book is\nand how it changes."""\n'
TWO = "def f():\n  g()\n  h()\n"
SAMPLES = [
    (word_rules.shapeless_name, "venues/kalshi/http_utils.py", "", "venues/transport/http.py", ""),
    (word_rules.shapeless_name, "engine/common/book.py", "", "engine/commons.py", ""),
    (word_rules.no_opening_sentence, "engine/book.py", "x = 1\n", "engine/book.py", SENTENCE),
    (word_rules.no_opening_sentence, "engine/book.py", WRAPPED, "tests/t.py", '"""A book."""'),
    (word_rules.no_opening_sentence, "tests/t.py", '"""A book"""', "tests/t.py", '"""A book."""'),
    (word_rules.undocumented, "engine/a.py", "class A:\n  x = 1\n", "engine/a.py", "class _A:\n  x = 1\n"),
    (word_rules.undocumented, "engine/a.py", f"async {TWO}", "tests/a.py", TWO),
    (word_rules.undocumented, "engine/a.py", TWO, "engine/a.py", "def f(self): return self.x\n"),
    (word_rules.undocumented, "engine/a.py", TWO, "engine/_a.py", TWO),
    (
        word_rules.undocumented,
        "engine/a.py",
        'class A:\n  """A."""\n  def f(self):\n    g()\n    h()\n',
        "engine/a.py",
        'class A:\n  """A."""\n  @override\n  def f(self):\n    g()\n    h()\n',
    ),
]


@pytest.mark.parametrize(("rule", "bad_path", "bad", "good_path", "good"), SAMPLES)
def test_a_word_rule_finds_the_bad_sample_and_leaves_the_good_one(
    rule: Rule, bad_path: str, bad: str, good_path: str, good: str
) -> None:
    assert len(list(rule(Source.of(bad_path, bad)))) == 1
    assert not list(rule(Source.of(good_path, good)))


def test_a_citation_of_a_file_that_nobody_has_is_found() -> None:
    comment = "\x23 from engine/b.py, not /etc/c.toml or *.md"
    text = f'"""See docs/a.md and plan.md §3."""\nx = 1  {comment}\ny = "d.md"\n'
    source = Source.of("engine/a.py", text)
    known = {"docs/a.md"}
    assert list(word_rules.lost_citation(source, known.__contains__)) == [
        "engine/a.py:2: cites engine/b.py, which is not in the repository",
        "engine/a.py:1: cites plan.md, which is not in the repository",
    ]


@pytest.mark.parametrize("mark", ["# TO" + "DO later", "FIX" + "ME: now", "// X" + "XX", "a HA" + "CK"])
def test_a_mark_of_unfinished_work_is_found(mark: str) -> None:
    rule: Callable[[tuple[str, str]], Iterable[str]] = word_rules.unfinished
    assert list(rule(("docs/a.md", f"first\n{mark}\n"))) == [f"docs/a.md:2: unfinished: {mark}"]
    assert not list(rule(("docs/a.md", "to do and todos are words, and so is a hackathon")))
