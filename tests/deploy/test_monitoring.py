"""Alert rules, their cases, the runbook and the dashboard say the same and name what the daemon exposes."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from tipoff.metrics.families import series_names

PROMETHEUS = "deploy/prometheus"
SERIES = re.compile(r"(?<![\w:])((?:tipoff|process|python)_\w+)")


@pytest.fixture(scope="module")
def rules(root: Path) -> dict[str, object]:
    """The rules file."""
    loaded: dict[str, object] = yaml.safe_load((root / PROMETHEUS / "tipoff.rules.yml").read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def promtool() -> str:
    """The checker that comes with Prometheus."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed")
    return found


def every_rule(rules: dict[str, object]) -> Iterator[dict[str, str]]:
    groups = rules["groups"]
    assert isinstance(groups, list)
    for group in groups:
        yield from group["rules"]


def alerts(rules: dict[str, object]) -> list[str]:
    return [rule["alert"] for rule in every_rule(rules) if "alert" in rule]


def exposed() -> set[str]:
    """Every name that a scrape has, the interpreter's own among them."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return set(series_names()) | {sample.name for family in registry.collect() for sample in family.samples}


def checked(command: list[str], folder: Path) -> None:
    """Run a checker; what it prints explains the failure."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_valid(promtool: str, root: Path) -> None:
    checked([promtool, "check", "rules", "tipoff.rules.yml"], root / PROMETHEUS)


@pytest.mark.slow
def test_every_rule_does_what_its_cases_say(promtool: str, root: Path) -> None:
    checked([promtool, "test", "rules", "tipoff.rules.test.yml"], root / PROMETHEUS)


def test_the_scrape_configuration_is_valid(promtool: str, root: Path) -> None:
    checked([promtool, "check", "config", "prometheus.yml"], root / PROMETHEUS)


@pytest.mark.promise("alert-section-runbook-case")
def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_quiet(
    root: Path, rules: dict[str, object]
) -> None:
    cases = yaml.safe_load((root / PROMETHEUS / "tipoff.rules.test.yml").read_text("utf-8"))["tests"]
    fired: set[str] = set()
    quiet: set[str] = set()
    for case in cases:
        for expected in case.get("alert_rule_test", ()):
            (fired if expected["exp_alerts"] else quiet).add(expected["alertname"])
    assert fired == quiet == set(alerts(rules))


@pytest.mark.promise("alert-section-runbook-case")
def test_every_alert_has_a_section_in_the_runbook_and_no_section_is_left_over(
    root: Path, rules: dict[str, object]
) -> None:
    sections = re.findall(r"^## (\w+)$", (root / "docs/runbook.md").read_text("utf-8"), re.MULTILINE)
    assert sections == alerts(rules)
    for rule in every_rule(rules):
        if "alert" in rule:
            assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"  # type: ignore[index]
            assert rule["labels"]["severity"] in ("critical", "warning")  # type: ignore[index]


def test_every_rule_names_only_what_the_daemon_exposes(rules: dict[str, object]) -> None:
    known = exposed()
    for rule in every_rule(rules):
        assert set(SERIES.findall(rule["expr"])) <= known, rule


def expressions(root: Path) -> list[str]:
    board = json.loads((root / "deploy/grafana/dashboards/tipoff.json").read_text("utf-8"))
    found = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    return found + [
        variable["query"]["query"]
        for variable in board["templating"]["list"]
        if isinstance(variable["query"], dict)
    ]


def test_every_expression_of_the_dashboard_names_a_series_or_a_record(
    root: Path, rules: dict[str, object]
) -> None:
    known = exposed()
    records = {rule["record"] for rule in every_rule(rules) if "record" in rule}
    found = expressions(root)
    assert len(found) > 30
    for expression in found:
        recorded = set(re.findall(r"\w+:\w+(?::\w+)?", expression))
        named = set(SERIES.findall(expression))
        assert recorded <= records, expression
        assert named <= known, expression
        assert named | recorded, expression


def test_every_expression_of_the_dashboard_can_be_parsed(promtool: str, root: Path, tmp_path: Path) -> None:
    ready = [
        expression.replace("$job", "tipoff").replace("$instance", ".*")
        for expression in expressions(root)
        if not expression.startswith("label_values")
    ]
    group = {"name": "panels", "rules": [{"record": f"a:b:c{n}", "expr": e} for n, e in enumerate(ready)]}
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [group]}), "utf-8")
    checked([promtool, "check", "rules", "panels.yml"], tmp_path)


def test_the_dashboard_can_be_provisioned_again_and_again(root: Path) -> None:
    board = json.loads((root / "deploy/grafana/dashboards/tipoff.json").read_text("utf-8"))
    assert board["uid"] == "tipoff-engine"
    assert "id" not in board
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(numbers) == len(set(numbers))
    sources = {panel["datasource"]["uid"] for panel in board["panels"] if "datasource" in panel}
    assert sources == {"${datasource}"}
    for file in (root / "deploy/grafana/provisioning").rglob("*.yml"):
        assert yaml.safe_load(file.read_text("utf-8"))["apiVersion"] == 1
