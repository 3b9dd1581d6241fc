"""Another league is one more record: nothing of the NBA is spelled beside it."""

import pytest

from tests.tidy.league_rules import PLACES, league_spelled
from tests.tidy.source import Source, check, sources


def test_what_is_the_nbas_is_spelled_in_its_record_only() -> None:
    check(league_spelled, sources())


def test_its_record_is_where_it_is_spelled() -> None:
    assert {source.path for source in sources()} >= set(PLACES)


@pytest.mark.parametrize(
    "path, bad, good",
    [
        ("tipoff/a.py", "S = 'KXNBAGAME'", "S = NBA.games_series"),
        ("venues/balldontlie/a.py", "get(f'/nba/v1/games/{number}')", "get(f'{league.path}/v1/games')"),
        ("venues/simulator/a.py", "S = f'KXNBA{kind}'", '"""A series such as KXNBAGAME."""'),
        ("engine/a.py", "share = minutes / 48.0", "share = minutes / NBA.minutes"),
        ("venues/importers/a.py", "left = period * 720_000", "hours = 36"),
    ],
)
def test_the_rule_finds_the_bad_sample_and_leaves_the_good_one(path: str, bad: str, good: str) -> None:
    assert len(list(league_spelled(Source.of(path, bad)))) == 1
    assert not list(league_spelled(Source.of(path, good)))
