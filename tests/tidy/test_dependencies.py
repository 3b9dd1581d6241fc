"""What pyproject.toml declares is what is imported: nothing by luck, nothing for nothing."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.tidy import dependency_rules
from tests.tidy.dependency_rules import LOADED_BY_OTHERS, TOOLS, declared, imported, undeclared, unused
from tests.tidy.source import PRODUCT, ROOT, Source, fail_with, sources

# The extras that add something to the product, and the only folder that may import what they bring.
EXTRAS = {
    "top": "tipoff/top/",
    "postgres": "persistence/",
    "analysis": "tipoff/export/",
    "sweep": "tipoff/sweep/",
}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The table `project` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def _all(project: dict[str, Any]) -> set[str]:
    return declared(
        [*project["dependencies"], *(line for e in project["optional-dependencies"].values() for line in e)]
    )


def _product() -> Iterator[Source]:
    return (source for source in sources() if source.package in PRODUCT)


def test_what_the_product_imports_is_declared(project: dict[str, Any]) -> None:
    always = declared(project["dependencies"])
    for source in _product():
        extras = [name for name, folder in EXTRAS.items() if source.path.startswith(folder)]
        names = always.union(*(declared(project["optional-dependencies"][name]) for name in extras))
        fail_with(list(undeclared(imported([source]), names)))


def test_what_is_declared_for_the_product_is_imported(project: dict[str, Any]) -> None:
    names = declared(project["dependencies"])
    for extra in EXTRAS:
        names |= declared(project["optional-dependencies"][extra])
    fail_with(list(unused(imported(_product()), names, LOADED_BY_OTHERS)))


def test_every_extra_has_code_or_is_for_whoever_builds_and_tests(project: dict[str, Any]) -> None:
    assert set(project["optional-dependencies"]) == {*EXTRAS, "build", "dev"}


def test_what_tests_and_the_manual_import_is_declared(project: dict[str, Any]) -> None:
    fail_with(list(undeclared(imported(sources()), _all(project))))


def test_what_is_declared_for_development_is_imported_or_a_tool(project: dict[str, Any]) -> None:
    names = _all(project)
    fail_with(list(unused(imported(sources()), names, {*LOADED_BY_OTHERS, *TOOLS})))
    assert (TOOLS | set(LOADED_BY_OTHERS)) - names == set()


def test_what_is_excused_is_still_needed() -> None:
    text = "\n".join(source.text for source in _product())
    assert "postgresql+psycopg" in text
    assert "zoneinfo" in text


def test_the_package_whose_private_modules_are_used_has_an_upper_bound(project: dict[str, Any]) -> None:
    private = {
        module.split(".")[0]
        for source in _product()
        for _, module in source.imports
        if module.split(".")[0] not in PRODUCT and "._" in module.replace(".__", ".")
    }
    bounded = {
        name for line in project["dependencies"] for name in declared([line]) if "<" in line.split(";")[0]
    }
    assert private == {"pykka"}
    assert private <= bounded


def test_an_import_that_is_not_declared_is_found() -> None:
    source = Source.of(
        "engine/a.py", "import os\nimport engine.b\nimport h11\nfrom wsproto import frame_protocol\n"
    )
    found = imported([source])
    assert list(undeclared(found, {"h11"})) == [
        "engine/a.py:4: wsproto.frame_protocol: wsproto is not declared"
    ]
    assert not list(undeclared(found, {"h11", "wsproto"}))


def test_a_requirement_that_nothing_imports_is_found() -> None:
    names = declared(["h11>=1", "Backports.Zstd>=1; python_version < '3'", "tzdata>=1", "stamina"])
    found = imported([Source.of("engine/a.py", "import h11, backports.zstd")])
    assert list(unused(found, names, dependency_rules.LOADED_BY_OTHERS)) == [
        "pyproject.toml:1: nothing imports stamina"
    ]
