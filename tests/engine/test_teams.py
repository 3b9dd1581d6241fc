"""Each source's name for a team finds the team; anything else finds none."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.teams import (
    TEAMS,
    Team,
    team_of_code,
    team_of_name,
)


def test_there_are_thirty_teams_and_no_two_share_anything_that_identifies_them() -> None:
    assert len(TEAMS) == 30
    for field in ("code", "name"):
        assert len({getattr(team, field) for team in TEAMS}) == 30


def test_the_facts_are_those_of_the_reference_table(shared: Path) -> None:
    with (shared / "data/nba/reference/teams.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 30
    for row in rows:
        team = team_of_code(row["kalshi_code"])
        assert team is not None
        assert team == team_of_code(row["bdl_abbreviation"]) == team_of_code(row["nba_tricode"])
        assert team == team_of_name(row["odds_api_name"]) == team_of_name(row["nba_full_name"])
        assert (team.city, team.nickname) == (row["city"], row["nickname"])


@pytest.mark.parametrize("code", ["BRK", "CHO", "PHO", "GS", "WSH"])
def test_codes_of_other_sources_are_never_matched(code: str) -> None:
    assert team_of_code(code) is None


@pytest.mark.parametrize("name", ["LA Clippers", "Los Angeles Clippers", " los  angeles clippers "])
def test_the_clippers_have_two_names(name: str) -> None:
    assert team_of_name(name) == team_of_code("LAC")


@pytest.mark.parametrize("title", ["Los Angeles L", "Los Angeles", "LA", "New York", "New York K", ""])
def test_titles_of_the_venue_are_never_matched(title: str) -> None:
    assert team_of_name(title) is None


def test_what_is_no_team_is_none() -> None:
    assert team_of_code("GUA") is team_of_code("") is None


@given(st.sampled_from(TEAMS), st.booleans())
def test_letter_case_does_not_matter(team: Team, lower: bool) -> None:  # noqa: FBT001
    code = team.code.lower() if lower else team.code
    assert team_of_code(code) == team
    assert team_of_name(team.name.upper()) == team
