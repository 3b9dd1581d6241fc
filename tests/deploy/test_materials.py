"""The bill of materials and the licences are those of what is pinned, and go into the wheel."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from deploy.materials import LicenseUnknown, Part, bill, license_of, made, pinned, words

REQUIREMENTS = """build==1.6.1 \\
    --hash=sha256:00
Typing_Extensions==4.16.0 ; python_version < '3.99' \\
    --hash=sha256:11 \\
    --hash=sha256:22
psycopg[binary]==3.3.9
"""
PARTS = [Part("a", "1", "MIT OR Apache-2.0", "pypi", "os_name == 'nt'"), Part("b", "2.1", "MIT", "npm")]


def test_both_files_are_what_the_requirements_come_to() -> None:
    """Where they are not: `.venv/bin/python deploy/materials.py`, which `make requirements` calls too."""
    for path, text in made().items():
        assert path.read_text("utf-8") == text, path


def test_every_requirement_is_a_component_with_a_licence(root: Path) -> None:
    body = json.loads((root / "deploy/bill/tipoff.cdx.json").read_text("utf-8"))
    components = {each["name"]: each["licenses"] for each in body["components"]}
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {re.split(r"[<>=;]", line)[0].replace(".", "-") for line in project["dependencies"]}
    assert needed | {"uplot"} <= components.keys()
    assert all(components.values())
    refs = [each["bom-ref"] for each in body["components"]]
    assert refs == sorted(set(refs))
    assert body["dependencies"] == [{"ref": f"pkg:pypi/tipoff@{project['version']}", "dependsOn": refs}]


def test_no_file_names_a_place_where_packages_are_fetched() -> None:
    schema = "http://cyclonedx.org/schema/bom-1.6.schema.json"
    for text in made().values():
        assert "://" not in text.replace(schema, "")
        assert "sha256" not in text


def test_requirements_are_read_with_their_conditions() -> None:
    assert list(pinned(REQUIREMENTS)) == [
        ("build", "1.6.1", ""),
        ("typing-extensions", "4.16.0", "python_version < '3.99'"),
        ("psycopg", "3.3.9", ""),
    ]


@pytest.mark.parametrize(
    ("name", "license_"),
    [
        ("attrs", "MIT"),
        ("mdurl", "MIT"),
        ("sortedcontainers", "Apache-2.0"),
        ("outcome", "MIT OR Apache-2.0"),
        ("colorama", "BSD-3-Clause"),
    ],
)
def test_a_licence_is_an_expression_wherever_a_package_says_it(name: str, license_: str) -> None:
    assert license_of(name) == license_


def test_a_package_without_a_licence_that_we_know_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "odd_one-1.dist-info"
    info.mkdir()
    line = "Classifier: License :: OSI Approved :: Odd License"
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: odd-one\nVersion: 1\n{line}\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(LicenseUnknown, match="odd-one: \\['Odd License'\\]"):
        license_of("odd-one")


def test_the_bill_has_each_part_with_its_condition_and_is_the_same_each_time() -> None:
    body = json.loads(bill("0.1", PARTS))
    first, second = body["components"]
    assert (first["purl"], first["licenses"]) == ("pkg:pypi/a@1", [{"expression": "MIT OR Apache-2.0"}])
    assert first["properties"] == [{"name": "tipoff:installed-if", "value": "os_name == 'nt'"}]
    assert (second["purl"], second["licenses"]) == ("pkg:npm/b@2.1", [{"license": {"id": "MIT"}}])
    assert bill("0.1", PARTS) == bill("0.1", PARTS)


def test_the_words_end_with_the_texts_of_what_the_page_contains() -> None:
    lines = words(PARTS, "the text").splitlines()
    assert "b                     2.1               MIT                           in the page" in lines
    assert lines[-1] == "the text"
