"""The venue's own demo has mock books, and whoever listens to it is told so for as long as that lasts."""

import pytest

from engine.leagues import LEAGUES
from tipoff.sources.bundled.kalshi.connection import MOCK_BOOKS, opened
from tipoff.sources.bundled.kalshi.section import KalshiSection
from tipoff.sources.source import Link


@pytest.mark.parametrize(
    ("environment", "section", "said"),
    [
        ("demo", KalshiSection(), [MOCK_BOOKS]),
        ("prod", KalshiSection(), []),
        ("demo", KalshiSection(rest_url_demo="http://127.0.0.1:9/trade-api/v2"), []),
    ],
    ids=["the venue's demo", "its market", "a simulated venue"],
)
async def test_only_the_venues_own_demo_is_said_to_have_mock_books(
    environment: str, section: KalshiSection, said: list[str]
) -> None:
    link = Link(prod=environment == "prod", leagues=LEAGUES, draw=lambda: 0.5, degrade=lambda _issue: None)
    async with opened(section, None, link) as connection:
        assert [issue.text for issue in connection.health_issues()] == said
