"""Tests mirror the tree: whoever changes a module finds its test by its name, or by a line that names it.

Covers nothing of the product; `make quick` chooses by the same rules and is shown here too.
"""

from tests import changed
from tests.tidy import mirror
from tests.tidy.source import Source, fail_with, sources

MODULE = Source.of("engine/pricing/odds.py", "def f(): return 1\n")
OTHER = Source.of("engine/pricing/line.py", "from engine.pricing import odds\ndef f(): return odds.f()\n")
FIELDS = Source.of("engine/pricing/row.py", "class Row:\n  price: int\n  def f(self) -> int: ...\n")
NAMED = '"""Odds.\n\nCovers: engine.pricing.odds,\nengine.pricing.line\n"""\nimport engine.pricing.line\n'


def test_every_module_with_logic_has_a_test_of_its_name_or_one_that_names_it() -> None:
    fail_with(list(mirror.untested(sources())))


def test_what_a_test_says_to_cover_exists() -> None:
    fail_with(list(mirror.lost_names(sources())))


def test_what_a_test_says_to_cover_is_within_its_reach() -> None:
    fail_with(list(mirror.empty_claims(sources())))


def test_a_module_without_a_test_is_found() -> None:
    same_name = Source.of("tests/engine/pricing/test_odds.py", "")
    assert len(list(mirror.untested([MODULE]))) == 1
    assert not list(mirror.untested([FIELDS]))
    assert not list(mirror.untested([MODULE, same_name]))
    assert not list(mirror.untested([MODULE, OTHER, Source.of("tests/test_a.py", NAMED)]))
    assert len(list(mirror.untested([MODULE, Source.of("tests/engine/test_odds.py", "")]))) == 1


def test_a_name_that_nothing_has_is_found() -> None:
    assert len(list(mirror.lost_names([MODULE, Source.of("tests/test_a.py", NAMED)]))) == 1
    assert not list(mirror.lost_names([MODULE, OTHER, Source.of("tests/test_a.py", NAMED)]))


def test_a_claim_without_reach_is_found() -> None:
    claims = Source.of("tests/test_a.py", NAMED)
    assert not list(mirror.empty_claims([MODULE, OTHER, claims]))
    alone = Source.of("tests/test_a.py", NAMED.partition("import")[0])
    assert len(list(mirror.empty_claims([MODULE, OTHER, alone]))) == 2


def test_what_is_quick_is_chosen_by_what_changed() -> None:
    shared = Source.of("tests/engine/fakes.py", "x = 1\n")
    conftest = Source.of("tests/engine/conftest.py", "x = 1\n")
    user = Source.of("tests/engine/test_user.py", "from tests.engine.fakes import x\n")
    claims = Source.of("tests/test_a.py", NAMED)
    every = (MODULE, OTHER, shared, conftest, user, claims)
    assert changed.tests_of(["engine/pricing/odds.py", "README.md", "engine/gone.py"], every) == {
        "tests/test_a.py"
    }
    assert changed.tests_of(["tests/engine/test_user.py"], every) == {"tests/engine/test_user.py"}
    assert changed.tests_of(["tests/engine/fakes.py"], every) == {"tests/engine/test_user.py"}
    assert changed.tests_of(["tests/engine/conftest.py"], every) == {"tests/engine/test_user.py"}
