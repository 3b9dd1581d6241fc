"""A report's screen as one self-contained HTML file: no script, no address of another host.

Called by a replay of several evenings, whose sums are a screen.
"""

import io
from html import escape
from pathlib import Path

from rich.console import RenderableType

from tipoff.output import Failure, Screen, harmless_line

WIDTH = 180
TITLE = "THE TITLE"
# A format of the library's: it alone fills in its four names, and the title takes its place before.
PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<title>{TITLE}</title>
<style>
body {{{{ margin: 2rem; color: {{foreground}}; background: {{background}}; }}}}
pre {{{{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 13px; line-height: 1.35; }}}}
{{stylesheet}}
</style>
</head>
<body><pre><code>{{code}}</code></pre></body>
</html>
"""


def write_screen(path: Path, screen: RenderableType, title: str) -> None:
    """Write `screen` to `path`. Raises Failure where that cannot be done."""
    console = Screen(record=True, width=WIDTH, file=io.StringIO())
    console.print(screen)
    shown = escape(harmless_line(title)).replace("{", "{{").replace("}", "}}")
    page = console.export_html(code_format=PAGE.replace(TITLE, shown))
    try:
        path.write_text(page, "utf-8")
    except OSError as error:
        raise Failure("report", f"{path}: cannot be written: {error.strerror}") from error
