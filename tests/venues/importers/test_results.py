"""What markets came to: as the venue said it, else by the final score of their game, and then it says so."""

import json
from pathlib import Path

import attrs
import pytest

from engine.accounts import Accounts
from engine.events import MarketDetermined, MarketSettled
from engine.facts import OrderFilled, PositionPaid, PositionSettled
from engine.units import NANOS_PER_SECOND, PRICE_ONE, Nanos
from tests.stories.plays import play
from tipoff.config.load import template
from tipoff.runs.from_config import schema, scripted_plan, trading_settings
from venues.errors import ImportFailed
from venues.importers.evening import ImportReport, ImportSpec, import_files
from venues.importers.results import SETTLES_AFTER
from venues.importers.rows import translate_row
from venues.recordings.recorder import read, read_manifest

GAME = "24OCT23PHXLAC"
WINNER, LOSER = f"KXNBAGAME-{GAME}-LAC", f"KXNBAGAME-{GAME}-PHX"
START = 1_729_736_400
"""2024-10-24 02:20:00 UTC."""

HEAD = "timestamp,game_id,home_team,away_team,quarter,time_remaining_quarter_seconds,score_home,score_away\n"
STATES = HEAD + "2024-10-24T02:20:00Z,0022400071,LAC,PHX,1,720.0,0,0\n"
OVER = STATES + "2024-10-24T04:30:00Z,0022400071,LAC,PHX,4,0.0,116,111\n"
OVERTIME = (
    STATES
    + "2024-10-24T04:30:00Z,0022400071,LAC,PHX,4,0.0,105,105\n"
    + "2024-10-24T04:50:00Z,0022400071,LAC,PHX,5,0.0,113,116\n"
)
CUT_OFF = STATES + "2024-10-24T03:00:00Z,0022400071,LAC,PHX,2,0.0,60,50\n"


def candles(*tickers: str) -> str:
    rows = [f"0022400071,{ticker},{START + 60},50,9" for ticker in tickers]
    return "\n".join(["game,ticker,timestamp,close,volume", *rows, ""])


class Folder:
    """Files of an import, and what it makes of them."""

    def __init__(self, path: Path) -> None:
        """`path` is empty."""
        self.path = path
        self.report: ImportReport | None = None

    def imported(self, **files: str) -> list[tuple[str, str, int, int]]:
        """Ticker, words of the result, what YES pays (1/100 dollar) and when (seconds from the start)."""
        specs = []
        for kind, text in files.items():
            (self.path / kind).write_text(text)
            specs.append(ImportSpec(kind.replace("_", "-"), self.path / kind))
        self.report = import_files(specs, self.path / "out")
        events = [
            event
            for line in read(self.path / "out")
            for event in translate_row(line.what, line.body, Nanos(line.at))
        ]
        found = [event for event in events if isinstance(event, MarketDetermined)]
        # Whoever is determined is paid, too.
        paid = [event.ticker for event in events if isinstance(event, MarketSettled)]
        assert paid == [event.ticker for event in found]
        return [
            (event.ticker, event.result, event.value // 100, (event.at // NANOS_PER_SECOND) - START)
            for event in found
        ]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_venues_results_are_read(folder: Folder) -> None:
    head = "ticker,result,settled_at,value\n"
    rows = (
        f"{WINNER},yes,2024-10-24T05:00:00Z,\n"
        f"{LOSER},no,2024-10-24T05:00:00Z,\n"
        f"KXNBATOTAL-{GAME}-220,scalar,2024-10-24T05:00:01Z,0.5000\n"
    )
    assert folder.imported(kalshi_results=head + rows) == [
        (WINNER, "yes", 100, 9600),
        (LOSER, "no", 0, 9600),
        (f"KXNBATOTAL-{GAME}-220", "scalar", 50, 9601),
    ]
    assert read_manifest(folder.path / "out").known == {"kalshi-results": "real"}


def test_a_result_that_is_none_is_left_out_and_counted(folder: Folder) -> None:
    head = "ticker,result,settled_at\n"
    rows = f"{WINNER},yes,2024-10-24T05:00:00Z\n{LOSER},maybe,2024-10-24T05:00:00Z\n"
    rows += f"{LOSER},scalar,2024-10-24T05:00:00Z\n"
    assert [found[0] for found in folder.imported(kalshi_results=head + rows)] == [WINNER]
    assert folder.report is not None
    assert folder.report.files[0].refused == 2


def test_a_moment_that_is_none_is_told_with_its_line(folder: Folder) -> None:
    head = "ticker,result,settled_at\n"
    with pytest.raises(ImportFailed, match="line 2"):
        folder.imported(kalshi_results=head + f"{WINNER},yes,yesterday\n")


SETTLED = 7800 + SETTLES_AFTER // NANOS_PER_SECOND
WORDS = "by the final score 111-116"


@pytest.mark.promise("results-by-the-final-score")
@pytest.mark.parametrize(
    ("ticker", "pays"),
    [
        (WINNER, True),
        (LOSER, False),
        # The home team wins by five: by more than 4.5, and not by more than 5.5.
        (f"KXNBASPREAD-{GAME}-LAC5", True),
        (f"KXNBASPREAD-{GAME}-LAC6", False),
        (f"KXNBASPREAD-{GAME}-PHX1", False),
        # 227 points in all.
        (f"KXNBATOTAL-{GAME}-227", True),
        (f"KXNBATOTAL-{GAME}-228", False),
    ],
)
def test_winners_spreads_and_totals_settle_by_the_final_score(
    folder: Folder, ticker: str, *, pays: bool
) -> None:
    word = "yes" if pays else "no"
    found = folder.imported(kalshi_candles=candles(ticker), nba_states=OVER)
    assert found == [(ticker, f"{word}, {WORDS}", 100 * pays, SETTLED)]
    assert read_manifest(folder.path / "out").known["kalshi-results"] == "derived from the final score"


def test_overtime_counts(folder: Folder) -> None:
    found = folder.imported(kalshi_candles=candles(WINNER, LOSER), nba_states=OVERTIME)
    assert [(ticker, value) for ticker, _, value, _ in found] == [(WINNER, 0), (LOSER, 100)]


@pytest.mark.parametrize("states", [CUT_OFF, STATES], ids=["cut off", "no end"])
def test_a_game_without_an_end_settles_nothing(folder: Folder, states: str) -> None:
    assert folder.imported(kalshi_candles=candles(WINNER), nba_states=states) == []


def test_a_score_of_another_game_settles_nothing_and_neither_does_a_player(folder: Folder) -> None:
    other = "KXNBAGAME-24OCT25PHXLAC-LAC", f"KXNBAPTS-{GAME}-LACJHARDEN1-25"
    assert folder.imported(kalshi_candles=candles(*other), nba_states=OVER) == []


def test_the_venues_own_result_stands_against_the_score(folder: Folder) -> None:
    given = f"ticker,result,settled_at\n{WINNER},no,2024-10-24T05:00:00Z\n"
    found = folder.imported(kalshi_candles=candles(WINNER, LOSER), nba_states=OVER, kalshi_results=given)
    assert [(ticker, words) for ticker, words, _, _ in found] == [(LOSER, f"no, {WORDS}"), (WINNER, "no")]
    assert read_manifest(folder.path / "out").known["kalshi-results"] == (
        "real and derived from the final score"
    )


@pytest.mark.promise("results-by-the-final-score")
def test_what_is_held_at_the_end_is_settled_and_not_marked(folder: Folder) -> None:
    quotes = [f"0022400071,{WINNER},{START + 60 * minute},{50 + minute % 2},9" for minute in range(1, 20)]
    folder.imported(
        kalshi_candles="\n".join(["game,ticker,timestamp,close,volume", *quotes, ""]), nba_states=OVER
    )
    order = {"at": "+90", "do": "place", "id": "a", "ticker": WINNER, "side": "bid", "price": "0.6000"}
    wishes = folder.path / "orders"
    wishes.write_text(json.dumps(order | {"count": "10.00", "tif": "ioc"}) + "\n")
    base = trading_settings(template(schema()))
    plan = scripted_plan(wishes, base.seed, Accounts.ISOLATED)
    played = play(read(folder.path / "out"), attrs.evolve(base, strategies=(plan,)))
    facts = [numbered.fact for numbered in played.facts]
    (fill,) = (fact for fact in facts if isinstance(fact, OrderFilled))
    (settled,) = (fact for fact in facts if isinstance(fact, PositionSettled))
    assert (settled.position, settled.result, settled.payout) == (
        fill.count,
        f"yes, {WORDS}",
        fill.count * PRICE_ONE,
    )
    assert any(isinstance(fact, PositionPaid) and fact.amount == settled.payout for fact in facts)
