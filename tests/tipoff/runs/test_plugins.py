"""Strategies of other packages: they are found, configured and told apart, and a bad one hurts nobody.

Covers: tipoff.entry_points.
"""

import json
from importlib import metadata
from pathlib import Path

import pytest

from tests.tipoff.installs import Install
from tipoff.cli.app import main
from tipoff.config.load import parse, template
from tipoff.config.problems import ConfigError
from tipoff.entry_points import require_own
from tipoff.exit_codes import Exit
from tipoff.output import Failure
from tipoff.runs import plugins
from tipoff.runs.from_config import schema, trading_settings
from tipoff.sources import registry

GOOD = """
    import attrs
    from engine.strategies.join_the_bid import JoinTheBid
    from engine.strategies.parameters import Parameters, whole
    from engine.strategies.controls import ControlParameters

    @attrs.frozen
    class PatientParameters(ControlParameters):
        '''How patient it is.'''

        patience: int = whole(3, 1, 9, "orders", "how many orders it waits for")

    class Patient(JoinTheBid):
        '''Joins the bid, patiently.'''

        kind = "patient"
        parameters_class = PatientParameters

    class Unnamed(JoinTheBid):
        kind = "something_else"

    class Bare:
        kind = "bare"

    class Vague(JoinTheBid):
        kind = "vague"
        rests_on_odds = "no"

    class Untold(JoinTheBid):
        kind = "untold"
        parameters_class = dict
"""


def test_a_strategy_of_another_package_is_configured_like_ours(install: Install) -> None:
    install("patience", "foreign_good", GOOD, patient="foreign_good:Patient")
    config = parse(
        '[[strategy]]\nname = "slow"\nkind = "patient"\n[strategy.parameters]\npatience = 5\n', schema()
    )
    (plan,) = trading_settings(config).strategies
    assert (plan.name, plan.kind, json.loads(plan.parameters)["patience"]) == ("slow", "patient", 5)
    assert type(plan.make()).__module__ == "foreign_good"


def test_its_parameters_are_judged_by_its_own_class(install: Install) -> None:
    install("patience", "foreign_good", GOOD, patient="foreign_good:Patient")
    with pytest.raises(ConfigError, match="patience"):
        parse('[[strategy]]\nname = "a"\nkind = "patient"\n[strategy.parameters]\npatience = 10\n', schema())


def test_the_list_of_kinds_says_where_each_comes_from(
    install: Install, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install("patience", "foreign_good", GOOD, patient="foreign_good:Patient", bare="foreign_good:Bare")
    assert main(("config", "show", "--kinds", "--json")) == Exit.OK
    document = json.loads(capfd.readouterr().out)
    assert document["patient"]["from"] == "patience 1.2"
    assert document["patient"]["parameters"]["patience"]["meaning"].startswith("how many orders")
    assert document["momentum"]["from"] == "tipoff"
    assert "patience 1.2" in document["bare"]["broken"]
    monkeypatch.setenv("COLUMNS", "40")
    assert main(("config", "show", "--kinds")) == Exit.OK
    shown = capfd.readouterr().out
    assert "patient (from patience 1.2)" in shown
    # However narrow the screen is, no key is cut in half.
    assert "  complementary_min_sum = 95.0\n" in shown


def test_what_is_installed_does_not_trade_before_it_is_switched_on(install: Install) -> None:
    install("patience", "foreign_good", GOOD, patient="foreign_good:Patient")
    (written,) = [settings for settings in template(schema()).strategies if settings.kind == "patient"]
    assert not written.enabled


BROKEN = {
    "does_not_exist": ("foreign_good:Nobody", "cannot be imported: AttributeError"),
    "no_module": ("foreign_absent:Patient", "cannot be imported: ModuleNotFoundError"),
    "bare": ("foreign_good:Bare", "no class derived from"),
    "momentum": ("foreign_good:Patient", "there is a kind 'momentum' already"),
    "unnamed": ("foreign_good:Unnamed", "calls itself 'something_else'"),
    "vague": ("foreign_good:Vague", "its rests_on_odds is neither True nor False"),
    "untold": ("foreign_good:Untold", "parameters_class is not derived"),
    "Loud": ("foreign_good:Patient", "no name for a kind"),
    "abstract": ("engine.strategies.strategy:Strategy", "does not say what it does: on_fact, on_news"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_strategy_is_named_with_its_package(install: Install, kind: str) -> None:
    place, reason = BROKEN[kind]
    install("patience", "foreign_good", GOOD, **{kind: place, "patient": "foreign_good:Patient"})
    known = schema()
    assert "patient" in known.strategies
    assert known.broken[kind].startswith(f"patience 1.2 brings {place}, but ")
    assert reason in known.broken[kind]


@pytest.mark.promise("package-somebody-else-broken")
@pytest.mark.parametrize("text", ["raise ZeroDivisionError('no luck')", "import sys; sys.exit(3)", "def ("])
def test_a_package_that_fails_while_it_is_imported_ends_no_command(
    install: Install, capfd: pytest.CaptureFixture[str], text: str
) -> None:
    install("unlucky", "foreign_bad", text, luck="foreign_bad:Luck")
    assert main(("config", "check", "--json")) == Exit.OK
    (broken,) = [
        line for line in json.loads(capfd.readouterr().out)["degraded"] if line.startswith("unlucky 1.2")
    ]
    assert "cannot be imported" in broken


def test_a_configuration_that_needs_a_broken_package_says_which(install: Install) -> None:
    install("unlucky", "foreign_bad", "raise ZeroDivisionError('no luck')", luck="foreign_bad:Luck")
    with pytest.raises(
        ConfigError, match=r"'luck' cannot be used: unlucky 1\.2 .*ZeroDivisionError: no luck"
    ):
        parse('[[strategy]]\nname = "a"\nkind = "luck"\n', schema())


def ours(folder: Path, **rows: str) -> metadata.EntryPoints:
    """Entry points as the metadata of a Tipoff that was installed in a folder lists them."""
    info = folder / "tipoff-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tipoff\nVersion: 0.1\n", "utf-8")
    lines = "\n".join(f"{kind} = {place}" for kind, place in rows.items())
    (info / "entry_points.txt").write_text(f"[{plugins.GROUP}]\n{lines}\n", "utf-8")
    (installed,) = metadata.distributions(path=[str(folder)])
    return installed.entry_points


def test_ours_come_first_in_the_order_that_they_ask_for_and_then_the_others(install: Install) -> None:
    install("patience", "foreign_good", GOOD, patient="foreign_good:Patient")
    *own, last = schema().strategies
    assert own[:5] == ["sharp_line", "momentum", "ev_multi", "mean_reversion", "correlation"]
    assert own[-4:] == ["scripted", "random_taker", "join_the_bid", "buy_and_cross_back"]
    assert last == "patient"


@pytest.mark.parametrize("rows", [{}, {"sharp_line": "engine.strategies.sharp_line:SharpLine"}])
def test_metadata_that_does_not_know_our_own_strategies_is_named_with_what_to_do(
    root: Path, tmp_path: Path, rows: dict[str, str]
) -> None:
    known = ours(tmp_path, **rows)
    with pytest.raises(Failure, match=r"does not know .* \(buy_and.*momentum.*run `make setup`") as refused:
        require_own(known, root / "pyproject.toml", plugins.GROUP, "strategies")
    assert refused.value.exit == Exit.CONFIG


def test_without_a_checkout_a_package_without_its_own_is_to_be_installed_anew(
    tmp_path: Path,
) -> None:
    with pytest.raises(Failure, match=r"none of its own.*install the package anew"):
        require_own([], tmp_path / "pyproject.toml", plugins.GROUP, "strategies")
    known = ours(tmp_path, momentum="engine.strategies.momentum:Momentum")
    require_own(known, tmp_path / "pyproject.toml", plugins.GROUP, "strategies")


@pytest.mark.parametrize("group", [plugins.GROUP, registry.GROUP])
def test_what_is_installed_is_what_the_checkout_says(root: Path, group: str) -> None:
    require_own(metadata.entry_points(group=group), root / "pyproject.toml", group, "plug-ins")
