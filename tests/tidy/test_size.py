"""Nothing is larger than a reader can hold in the head: files, functions, parameter lists, nesting."""

import sys

import pytest

from tests.tidy import size_rules
from tests.tidy.source import Rule, Source, check, sources


def test_no_file_has_more_than_600_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        for warning in (found for source in sources() for found in size_rules.longish_file(source)):
            sys.stderr.write(f"\n{warning}")
    check(size_rules.long_file, sources())


def test_no_function_has_more_than_50_lines() -> None:
    check(size_rules.long_function, sources())


def test_no_function_has_more_than_five_parameters() -> None:
    check(size_rules.many_parameters, sources())


def test_nothing_is_nested_deeper_than_three_blocks() -> None:
    check(size_rules.deep_nesting, sources())


ELIF = "def f():\n if a:\n  pass\n elif b:\n  pass\n elif c:\n  pass\n elif d:\n  pass\n"
SAMPLES = [
    (size_rules.long_file, "x = 1\n" * 601, "x = 1\n" * 600),
    (size_rules.longish_file, "x = 1\n" * 401, "x = 1\n" * 400),
    (size_rules.longish_file, "x = 1\n" * 600, "x = 1\n" * 601),
    (size_rules.long_function, "def f():\n" + "    g()\n" * 50, "def f():\n" + "    g()\n" * 49),
    (
        size_rules.long_function,
        'def f():\n    """One.\n\n    Two."""\n' + "    g()\n" * 50,
        'def f():\n    """One.\n\n    Two."""\n' + "    g()\n" * 49,
    ),
    (
        size_rules.many_parameters,
        "def f(self, a, b, /, c, d, e, *f): ...",
        "def f(self, a, b, /, c, d, e, *, f, g, **h): ...",
    ),
    (
        size_rules.deep_nesting,
        "def f():\n for a in b:\n  if c:\n   while d:\n    if e:\n     pass\n",
        "def f():\n for a in b:\n  if c:\n   with d:\n    e()\n",
    ),
    (
        size_rules.deep_nesting,
        "def f():\n try:\n  match a:\n   case 1:\n    while b:\n     if c:\n      d()\n finally:\n  pass\n",
        ELIF,
    ),
    (
        size_rules.deep_nesting,
        "def f():\n if a:\n  pass\n else:\n  if b:\n   pass\n  else:\n   if c:\n    for d in e:\n     pass\n",
        "def f():\n for a in b:\n  while c:\n   if d:\n    def g():\n     if e:\n      pass\n",
    ),
]


@pytest.mark.parametrize(("rule", "bad", "good"), SAMPLES)
def test_a_size_rule_finds_the_bad_sample_and_leaves_the_good_one(rule: Rule, bad: str, good: str) -> None:
    assert len(list(rule(Source.of("engine/sample.py", bad)))) == 1
    assert not list(rule(Source.of("engine/sample.py", good)))
