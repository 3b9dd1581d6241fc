"""How the manual is built: Sphinx, Furo and Markdown; its tables are made from the code at every build."""

import sys
from pathlib import Path

from docutils.parsers.rst import roles

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from docs.markers import KINDS, role  # noqa: E402
from docs.tables import write_tables  # noqa: E402
from tipoff import __version__  # noqa: E402 - the path comes first

project = "Tipoff"
author = "The Tipoff authors"
copyright = "2026, The Tipoff authors"  # noqa: A001 - the name that Sphinx gives it
version = release = __version__
extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
# The tables are included into the pages that explain them.
exclude_patterns = ["_build", "generated", "*_tables.md"]
nitpicky = True
html_theme = "furo"
html_title = f"Tipoff {release}"

for kind in KINDS:
    roles.register_local_role(kind, role)
write_tables(HERE / "generated")
