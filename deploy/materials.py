"""What Tipoff is made of besides its own code: a bill of materials (CycloneDX 1.6), and the licences.

Run by `make requirements`, with everything of requirements/runtime.txt installed. Both files are under
version control and go into the wheel. The same requirements give the same bytes: no dates, no random numbers,
no places where packages are fetched.
"""

import argparse
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "deploy" / "bill"
PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[.*?\])?==([^\s;\\]+)(?: ; ([^\\]+))?", re.MULTILINE)
CLASSIFIERS: Final = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
WORDS: Final = {"Apache 2.0": "Apache-2.0"}
ELSEWHERE: Final = {"backports-zstd": "PSF-2.0", "colorama": "BSD-3-Clause"}
"""Of what other systems or older Pythons need, and so cannot always be asked."""

SCHEMA: Final = "http://cyclonedx.org/schema/bom-1.6.schema.json"
PAGE_LICENSES: Final = {"uplot": "MIT"}


@attrs.frozen
class Part:
    """Something of somebody else's."""

    name: str
    version: str
    license: str
    """An SPDX expression."""
    kind: str
    """`pypi` is installed beside Tipoff, `npm` is inside the dashboard's page."""
    condition: str = ""

    @property
    def purl(self) -> str:
        """Its name as a package URL."""
        return f"pkg:{self.kind}/{self.name}@{self.version}"


class LicenseUnknown(ValueError):
    """A package does not say under which licence it stands in words that we know."""


def pinned(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, version and condition of each requirement."""
    for name, version, condition in PINNED.findall(text):
        yield re.sub(r"[-_.]+", "-", name).lower(), version, condition.strip()


def license_of(name: str) -> str:
    """The SPDX expression of an installed package. Raises LicenseUnknown."""
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    said = metadata.distribution(name).metadata.json
    if expression := said.get("license_expression"):
        return str(expression)
    stated = str(said.get("license", ""))
    if stated and "\n" not in stated and len(stated) <= 30:
        return WORDS.get(stated, stated)
    lines = said.get("classifier") or []
    found = {line.rpartition(" :: ")[2] for line in lines if line.startswith("License :: ")}
    known = sorted(CLASSIFIERS[each] for each in found if each in CLASSIFIERS)
    if not known:
        raise LicenseUnknown(f"{name}: {sorted(found)}; add it to CLASSIFIERS in deploy/materials.py")
    return " OR ".join(known)


def parts(requirements: str, page: Mapping[str, str]) -> list[Part]:
    """All of them, in order; `page` is name and version of what the page contains. Raises LicenseUnknown."""
    ours = [
        Part(name, version, license_of(name), "pypi", condition)
        for name, version, condition in pinned(requirements)
    ]
    inside = [Part(name, version, PAGE_LICENSES[name], "npm") for name, version in page.items()]
    return sorted([*ours, *inside], key=lambda part: part.purl)


def bill(version: str, materials: Sequence[Part]) -> str:
    """The bill of materials, as JSON."""
    own = f"pkg:pypi/tipoff@{version}"
    body = {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "tipoff",
                "version": version,
                "licenses": [{"license": {"id": "MIT"}}],
                "purl": own,
            }
        },
        "components": [_component(part) for part in materials],
        "dependencies": [{"ref": own, "dependsOn": [part.purl for part in materials]}],
    }
    return json.dumps(body, indent=2) + "\n"


def _component(part: Part) -> dict[str, object]:
    single = " " not in part.license
    said = {"license": {"id": part.license}} if single else {"expression": part.license}
    found: dict[str, object] = {
        "type": "library",
        "bom-ref": part.purl,
        "name": part.name,
        "version": part.version,
        "licenses": [said],
        "purl": part.purl,
    }
    if part.condition:
        found["properties"] = [{"name": "tipoff:installed-if", "value": part.condition}]
    return found


def words(materials: Sequence[Part], page_text: str) -> str:
    """Name, version and licence of each, and the text of what is inside the page."""
    lines = [
        "What Tipoff needs and others have written. Packages of Python are not inside the wheel: each is",
        "installed beside it and brings the text of its licence. What the dashboard's page contains is",
        "inside, and its text is below.",
        "",
    ]
    for part in materials:
        where = "in the page" if part.kind == "npm" else ""
        lines.append(f"{part.name:22}{part.version:18}{part.license:30}{where}".rstrip())
    return "\n".join(lines) + f"\n\n{page_text}"


def made() -> dict[Path, str]:
    """Both files as they should be."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    page = json.loads((ROOT / "web" / "package.json").read_text("utf-8"))["dependencies"]
    materials = parts((ROOT / "requirements" / "runtime.txt").read_text("utf-8"), page)
    text = (ROOT / "web" / "licenses.txt").read_text("utf-8")
    return {
        FOLDER / "tipoff.cdx.json": bill(project["version"], materials),
        FOLDER / "third_party.txt": words(materials, text),
    }


def main() -> None:
    """Write both."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    FOLDER.mkdir(exist_ok=True)
    for path, text in made().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
