"""Each source's name for a team finds the team; anything else finds none."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.teams import (
    TEAMS,
    Team,
    team_of_balldontlie,
    team_of_basketball_reference,
    team_of_closing_lines,
    team_of_code,
    team_of_espn,
    team_of_name,
    team_of_nba,
)


def test_there_are_thirty_teams_and_no_two_share_anything_that_identifies_them() -> None:
    assert len(TEAMS) == 30
    for field in ("code", "balldontlie_id", "nba_id", "espn_id", "espn", "basketball_reference", "name"):
        assert len({getattr(team, field) for team in TEAMS}) == 30
    assert [team.balldontlie_id for team in TEAMS] == list(range(1, 31))


def test_the_facts_are_those_of_the_reference_table(shared: Path) -> None:
    with (shared / "data/nba/reference/teams.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 30
    for row in rows:
        team = team_of_code(row["kalshi_code"])
        assert team is not None
        assert team == team_of_code(row["bdl_abbreviation"]) == team_of_code(row["nba_tricode"])
        assert team == team_of_balldontlie(int(row["bdl_id"]))
        assert team == team_of_nba(int(row["nba_team_id"]))
        assert team == team_of_espn(row["espn_abbreviation"])
        assert team == team_of_basketball_reference(row["basketball_reference"])
        assert team == team_of_closing_lines(row["closing_lines_code"])
        assert team == team_of_name(row["odds_api_name"]) == team_of_name(row["nba_full_name"])
        assert team.espn_id == int(row["espn_id"])
        assert (team.city, team.nickname) == (row["city"], row["nickname"])


@pytest.mark.parametrize(
    ("espn", "code"),
    [
        ("GS", "GSW"),
        ("NO", "NOP"),
        ("NY", "NYK"),
        ("SA", "SAS"),
        ("UTAH", "UTA"),
        ("WSH", "WAS"),
        ("bos", "BOS"),
    ],
)
def test_espn_has_its_own_codes(espn: str, code: str) -> None:
    assert team_of_espn(espn) == team_of_code(code) == team_of_closing_lines(espn)


@pytest.mark.parametrize(("reference", "code"), [("BRK", "BKN"), ("CHO", "CHA"), ("PHO", "PHX")])
def test_basketball_reference_has_its_own_codes(reference: str, code: str) -> None:
    assert team_of_basketball_reference(reference) == team_of_code(code)
    assert team_of_code(reference) is None


@pytest.mark.parametrize("name", ["LA Clippers", "Los Angeles Clippers", " los  angeles clippers "])
def test_the_clippers_have_two_names(name: str) -> None:
    assert team_of_name(name) == team_of_code("LAC")


@pytest.mark.parametrize("title", ["Los Angeles L", "Los Angeles", "LA", "New York", "New York K", ""])
def test_titles_of_the_venue_are_never_matched(title: str) -> None:
    assert team_of_name(title) is None


def test_what_is_no_team_is_none() -> None:
    assert team_of_code("GUA") is team_of_code("") is team_of_espn("XYZ") is None
    assert team_of_balldontlie(37) is team_of_nba(0) is team_of_closing_lines("utah!") is None


@given(st.sampled_from(TEAMS), st.booleans())
def test_letter_case_does_not_matter(team: Team, lower: bool) -> None:  # noqa: FBT001
    code = team.code.lower() if lower else team.code
    assert team_of_code(code) == team
    assert team_of_name(team.name.upper()) == team
