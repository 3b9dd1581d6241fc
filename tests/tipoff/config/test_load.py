"""A configuration is read exactly or refused with everything that is wrong with it.

Covers: tipoff.config.diff, tipoff.config.fields, tipoff.config.problems, tipoff.config.reader,
tipoff.config.secret_files, tipoff.config.sections, tipoff.config.values,
tipoff.sources.bundled.balldontlie.section, tipoff.sources.bundled.kalshi.section.
"""

import contextlib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.risk import RiskLimits
from engine.units import MONEY_ONE
from tipoff.config.diff import changes
from tipoff.config.load import FILE_BYTES_MAX, STRATEGIES_MAX, Config, Schema, defaults, load, parse
from tipoff.config.problems import ConfigError
from tipoff.config.render import COVERED, render, tree
from tipoff.config.secret_files import SECRET_BYTES_MAX, file_problems
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.bundled.kalshi.section import KalshiSection

EVERYTHING = """\
[engine]
environment = "prod"
seed = 7

[kalshi]
key_id = "abc"
private_key_file = "kalshi.pem"
series = ["KXNBAGAME"]

[risk]
contracts_per_market = "2.50"
loss_per_day = "150.25"
ratio = 1

[[strategy]]
name = "sharp"
kind = "sharp"
bankroll = "500"

[strategy.parameters]
threshold_percent = 7
window_seconds = 60

[[strategy]]
name = "other"
kind = "plain"
enabled = false
parameters = { file = "a.json" }
"""


def problems(text: str, schema: Schema) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        parse(text, schema)
    return [problem.text("engine.toml") for problem in refused.value.problems]


def test_everything_that_can_be_said_is_read(schema: Schema) -> None:
    config = parse(EVERYTHING, schema)
    assert config.engine.environment == "prod"
    assert config.section(KalshiSection).series == ("KXNBAGAME",)
    assert tree(config)["risk"] == {
        "contracts_per_market": "2.50",
        "loss_per_day": "150.25",
        "collar": "0.0500",
        "ratio": 1.0,
    }
    first, second = config.strategies
    assert (first.bankroll, first.enabled) == (500 * MONEY_ONE, True)
    assert (second.name, second.enabled) == ("other", False)


def test_an_empty_file_means_the_defaults(schema: Schema) -> None:
    assert parse("", schema) == defaults(schema)


@pytest.mark.promise("broken-configuration-refused-all")
@pytest.mark.fault("F1")
def test_all_problems_are_told_at_once_in_order_of_the_file_with_the_key_that_was_meant(
    schema: Schema,
) -> None:
    text = """\
[engine]
environment = "production"
sede = 3
seed = "3"

[risk]
ratio = 1.5
loss_per_day = 200
contracts_per_markt = 5

[exchnge]
[[strategy]]
name = "a"
kind = "sharpe"

[[strategy]]
name = "a"
kind = "sharp"
bankroll = "-5"
[strategy.parameters]
threshold_percent = nan
market_types = "moneyline"
treshold_percent = 3
"""
    assert problems(text, schema) == [
        'engine.toml:2: engine.environment: expected one of demo, prod, found the text "production"',
        "engine.toml:3: engine.sede: unknown key; did you mean 'seed'?",
        'engine.toml:4: engine.seed: expected a whole number, found the text "3"',
        "engine.toml:7: risk.ratio: must be from 0 to 1, found 1.5",
        'engine.toml:8: risk.loss_per_day: expected dollars such as "200.00" in quotes, found 200',
        "engine.toml:9: risk.contracts_per_markt: unknown key; did you mean 'contracts_per_market'?",
        "engine.toml:11: exchnge: unknown key; did you mean 'exchange'?",
        "engine.toml:14: strategy[1].kind: unknown kind of strategy 'sharpe'; did you mean 'sharp'?"
        " (known: plain, sharp)",
        "engine.toml:17: strategy[2].name: 'a' is the name of an earlier strategy too",
        "engine.toml:19: strategy[2].bankroll: must be more than 0 dollars",
        "engine.toml:21: strategy[2].parameters.threshold_percent: expected a finite number, found nan",
        "engine.toml:22: strategy[2].parameters.market_types: expected a list in square brackets, found the"
        ' text "moneyline"',
        "engine.toml:23: strategy[2].parameters.treshold_percent: unknown key; did you mean"
        " 'threshold_percent'?",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[engine]\nseed = true", "engine.toml:2: engine.seed: expected a whole number, found true"),
        ("[engine]\nseed = 1.0", "engine.toml:2: engine.seed: expected a whole number, found 1.0"),
        ("[engine]\nseed = -1", "engine.toml:2: engine.seed: must be from 0 to 9.22337e+18, found -1"),
        ("[recording]\nenabled = 1", "engine.toml:2: recording.enabled: expected true or false, found 1"),
        ("[risk]\nratio = '1'", 'engine.toml:2: risk.ratio: expected a number, found the text "1"'),
        ("[risk]\nratio = inf", "engine.toml:2: risk.ratio: expected a finite number, found inf"),
        (
            "[risk]\ncollar = '0.00001'",
            "engine.toml:2: risk.collar: not a price: '0.00001' is finer than 4 decimals",
        ),
        (
            "[kalshi]\nseries = [1]",
            "engine.toml:2: kalshi.series: entry 1: expected a text in quotes, found 1",
        ),
        (
            "[kalshi]\nkey_id = 'a'",
            "engine.toml:1: kalshi.private_key_file: is empty, but a key is an identifier"
            " and a private key together",
        ),
        ("engine = 3", "engine.toml:1: engine: expected a table, found 3"),
        ("strategy = 3", "engine.toml:1: strategy: must be written [[strategy]], once for each strategy"),
        ("[[strategy]]\nname = 'a'\n", "engine.toml:1: strategy[1].kind: is missing and has no default"),
        ("port = 3", "engine.toml:1: port: unknown key; did you mean 'port' in [metrics]?"),
        ("[a", "engine.toml:1: is not TOML: expected ']' at the end of a table declaration"),
        ("a = ", "engine.toml:1: is not TOML: invalid value"),
        (
            "[database]\nurl = 'postgresql://me:secret@host/tipoff'",
            "engine.toml:2: database.url: must not contain a password; put it into a file and name that in"
            " password_file",
        ),
        (
            "[exchange]\nentry_ms = 500",
            "engine.toml:1: exchange.entry_ms_p95: is 180, less than the median 500",
        ),
        (
            "[metrics]\nport = 8464\n[dashboard]\nenabled = true",
            "engine.toml:3: dashboard.port: is 8464, where the metrics are served",
        ),
        (
            "[balldontlie]\nkey_file = 'key'\ntier = 'free'\ngames_poll_ms = 5000",
            "engine.toml:4: balldontlie.games_poll_ms: asks 12 times a minute; tier 'free' allows 5",
        ),
        (
            "[[strategy]]\nname = 'a'\nkind = 'sharp'\nparameters = { threshold_percent = 45, market_types ="
            " ['total'] }",
            "engine.toml:4: strategy[1].parameters: totals never have an edge of more than 40 percent",
        ),
    ],
)
def test_one_problem_is_one_line_that_says_where_and_what(text: str, expected: str, schema: Schema) -> None:
    assert problems(text, schema) == [expected]


@pytest.mark.limit("engine.toml:kalshi.live_data_poll_ms")
@pytest.mark.parametrize(
    ("table", "key", "low", "high"),
    [
        ("kalshi", "poll_ms", 250, 60_000),
        ("kalshi", "live_data_poll_ms", 1_000, 600_000),
        ("recording", "flush_ms_max", 10, 60_000),
    ],
)
def test_a_limit_itself_is_allowed_and_one_past_it_is_not(
    table: str, key: str, low: int, high: int, schema: Schema
) -> None:
    for value in (low, high):
        assert getattr(parse(f"[{table}]\n{key} = {value}", schema).sections()[table], key) == value
    for value in (low - 1, high + 1):
        (problem,) = problems(f"[{table}]\n{key} = {value}", schema)
        assert problem.startswith(f"engine.toml:2: {table}.{key}: must be from ")


@pytest.mark.fault("F4")
def test_a_secret_in_the_wrong_place_is_not_repeated(schema: Schema) -> None:
    text = "[database]\nurl = 'postgresql://me:hunter2@host/tipoff'\n[kalshi]\napi_secret = 'hunter2'"
    assert "hunter2" not in "\n".join(problems(text, schema))


def test_a_wrong_value_beside_a_wrong_type_is_told_too(schema: Schema) -> None:
    found = problems("[metrics]\nport = 0\nhost = 3", schema)
    assert [line.split(": ")[1] for line in found] == ["metrics.port", "metrics.host"]


@pytest.mark.limit("tipoff.config.load:STRATEGIES_MAX")
def test_strategies_are_limited(schema: Schema) -> None:
    entries = [f"[[strategy]]\nname = 's{number}'\nkind = 'sharp'\n" for number in range(STRATEGIES_MAX + 1)]
    assert len(parse("".join(entries[:-1]), schema).strategies) == STRATEGIES_MAX
    assert problems("".join(entries), schema) == ["engine.toml:1: strategy: 65 strategies; at most 64"]


@pytest.mark.limit("tipoff.config.load:FILE_BYTES_MAX")
def test_a_file_is_limited_and_what_cannot_be_read_is_said(schema: Schema, tmp_path: Path) -> None:
    file = tmp_path / "engine.toml"
    for content, message in [
        (b"#" * FILE_BYTES_MAX, ""),
        (b"#" * (FILE_BYTES_MAX + 1), f"{file}: is larger than {FILE_BYTES_MAX} bytes"),
        (b"[engine]\nname = '\xff'", f"{file}:2: is not UTF-8 text"),
        (b"\0", f"{file}:1: is not TOML: invalid statement"),
        (b"a = " + b"[" * 5_000, f"{file}: is nested too deeply"),
    ]:
        file.write_bytes(content)
        if not message:
            assert load(file, schema) == defaults(schema)
            continue
        with pytest.raises(ConfigError) as refused:
            load(file, schema)
        assert str(refused.value) == message


def test_a_file_that_is_missing_or_a_folder_is_one_problem(schema: Schema, tmp_path: Path) -> None:
    for path, reason in [(tmp_path / "none.toml", "No such file or directory"), (tmp_path, "Is a directory")]:
        with pytest.raises(ConfigError, match=reason):
            load(path, schema)


def test_what_is_written_reads_back_as_the_same(schema: Schema) -> None:
    config = parse(EVERYTHING, schema)
    assert parse(render(config), schema) == config


def test_the_written_file_comments_every_key(schema: Schema) -> None:
    lines = render(parse(EVERYTHING, schema)).splitlines()
    for above, line in pairwise(lines):
        if " = " in line and not line.startswith("#"):
            assert above.startswith("#"), line


@pytest.mark.fault("F4")
def test_what_is_shown_covers_the_key(schema: Schema) -> None:
    shown = tree(parse(EVERYTHING, schema))["kalshi"]
    assert isinstance(shown, dict)
    assert shown["key_id"] == COVERED


@pytest.mark.fault("F3")
def test_a_difference_names_the_key_and_whether_a_running_daemon_takes_it(schema: Schema) -> None:
    before = parse("[[strategy]]\nname = 'a'\nkind = 'sharp'", schema)
    after = parse(
        "[logging]\nlevel = 'debug'\n[metrics]\nport = 1\n[[strategy]]\nname = 'a'\nkind = 'sharp'\n"
        "enabled = false\nparameters.threshold_percent = 6",
        schema,
    )
    assert [(change.path, change.before, change.after, change.live) for change in changes(before, after)] == [
        ("logging.level", "info", "debug", True),
        ("metrics.port", 9464, 1, False),
        ("strategy.a.enabled", True, False, True),
        ("strategy.a.parameters.threshold_percent", 5.0, 6.0, True),
    ]
    assert list(changes(before, before)) == []


def test_a_strategy_that_is_gone_differs_in_all_its_keys(schema: Schema) -> None:
    before = parse("[[strategy]]\nname = 'a'\nkind = 'sharp'", schema)
    found = {change.path: change.after for change in changes(before, defaults(schema))}
    assert found["strategy.a.kind"] is None
    assert set(found.values()) == {None}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(text=st.text(max_size=200))
def test_no_text_brings_the_reader_down(text: str, schema: Schema) -> None:
    with contextlib.suppress(ConfigError):
        parse(text, schema)


@pytest.mark.promise("configuration-brings-reader-down")
@given(section=st.sampled_from(["engine", "kalshi", "risk", "exchange", "strategy"]), value=VALUES)
def test_no_value_brings_the_reader_down(section: str, value: object, schema: Schema) -> None:
    written = _toml(value)
    for text in (f"{section} = {written}", f"[[{section}]]\nname = {written}\nkind = {written}"):
        with contextlib.suppress(ConfigError):
            parse(text, schema)


def _toml(value: object) -> str:
    match value:
        case None:
            return "1979-05-27"
        case bool():
            return str(value).lower()
        case str():
            return '"' + "".join(letter for letter in value if letter.isalnum()) + '"'
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
        case _:
            return str(value)


def test_a_credential_of_the_service_manager_may_show_another_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "key"
    secret.write_text("secret")
    secret.chmod(0o440)
    config = Config(risk=RiskLimits(), sources={"balldontlie": BalldontlieSection(key_file=str(secret))})
    assert len(list(file_problems(config))) == 1
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert list(file_problems(config)) == []


@pytest.mark.limit("tipoff.config.secret_files:SECRET_BYTES_MAX")
def test_a_secret_at_the_limit_is_taken_and_one_byte_more_is_not(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    config = Config(risk=RiskLimits(), sources={"balldontlie": BalldontlieSection(key_file=str(secret))})
    secret.touch(0o600)
    secret.write_bytes(b"x" * SECRET_BYTES_MAX)
    assert list(file_problems(config)) == []
    secret.write_bytes(b"x" * (SECRET_BYTES_MAX + 1))
    (problem,) = file_problems(config)
    assert problem.message == f"{secret} is larger than {SECRET_BYTES_MAX} bytes"


@pytest.mark.parametrize("leagues", ["[]", '["nba", "nfl"]'])
def test_only_leagues_that_are_known_can_be_traded(schema: Schema, leagues: str) -> None:
    (problem,) = problems(f"[engine]\nleagues = {leagues}\n", schema)
    assert problem.startswith("engine.toml:2: engine.leagues: must name at least one of nba")


def test_nothing_configured_means_the_nba_and_its_series(schema: Schema) -> None:
    config = parse("", schema)
    assert config.engine.leagues == ("nba",)
    assert config.section(KalshiSection).series == ()
