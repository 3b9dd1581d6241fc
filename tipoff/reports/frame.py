"""What every page of ours is put into: policy, style, sections, tables; no script, no request to anybody.

A policy in the page forbids everything but its own style, so that whatever words of others stand in it can do
nothing even if an escape were forgotten. It follows the reader's choice of dark or light, and prints.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from tipoff.json_types import Json
from tipoff.output import harmless_line

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

STYLE: Final = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2024; --dim: #5c6670; --rule: #d5dae0;
  --line: #1f5fa8; --band: #1f5fa833; --gain: #2e7d4f; --loss: #b3402e; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e6e9ec; --dim: #9aa5b0;
  --rule: #333a42; --line: #7db4f0; --band: #7db4f033; --gain: #6cc08f; --loss: #ec8a78; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .5rem; padding-top: .6rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p { margin: .3rem 0; }
.dim, .none { color: var(--dim); }
.verdict { margin: .6rem 0; padding-left: .8rem; border-left: 4px solid var(--rule); }
.verdict.beats_the_price, .verdict.real { border-color: var(--gain); }
.verdict.loses, .verdict.fiction { border-color: var(--loss); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .4rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .18rem .7rem .18rem 0; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--rule); }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 9.5rem;
  overflow-wrap: break-word; }
th { font-weight: 600; color: var(--dim); }
svg { display: block; width: 100%; height: auto; margin: .3rem 0; min-width: 32rem; }
.few { display: flex; flex-wrap: wrap; gap: 1rem; }
.few figure { margin: 0; width: 18rem; }
.few svg { min-width: 0; }
svg text { fill: var(--dim); font-size: 12px; }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
.grid { stroke: var(--rule); }
.zero { stroke: var(--dim); }
.line { fill: none; stroke: var(--line); stroke-width: 1.8; }
.band { fill: var(--band); }
.gain { fill: var(--gain); }
.loss { fill: var(--loss); }
.whisker { stroke: var(--ink); stroke-width: 1.4; }
.diagonal { stroke: var(--dim); stroke-dasharray: 4 4; }
.dot { fill: var(--line); fill-opacity: .75; }
.grey { fill: none; stroke: var(--dim); stroke-width: 1.4; stroke-opacity: .55; }
.legend { margin: 0; font-size: 12px; }
.line-name { color: var(--line); font-weight: 600; }
.grey-name { color: var(--dim); margin-left: 1rem; }
.chance { fill: var(--dim); fill-opacity: .35; }
.outline { fill: none; stroke: var(--dim); stroke-dasharray: 3 3; }
.observed { stroke: var(--line); stroke-width: 2.4; }
svg .strong, svg .cell { fill: var(--ink); }
.empty { fill: var(--rule); fill-opacity: .35; }
.searched td, .searched th { color: var(--dim); }
.searched td:nth-child(-n + 2) { color: var(--ink); }
.worded th:last-child, .worded td:last-child { text-align: left; padding-left: .7rem; }
.searched .gain { fill: var(--dim); }
.told td { text-align: left; white-space: normal; vertical-align: top; }
.told td:nth-child(2) { white-space: nowrap; font-weight: 600; }
@media (max-width: 40rem) {
  svg { min-width: 0; }
  svg text { font-size: 18px; }
  .few svg text, .keep svg text { font-size: 12px; }
  .keep svg { min-width: 32rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2, h3 { break-after: avoid; }
  svg, tr, .verdict { break-inside: avoid; }
  .wide { overflow: visible; }
  svg, .keep svg { min-width: 0; max-height: 22cm; }
  .worded td:last-child { white-space: normal; }
  table { font-size: 7.5pt; }
  th { white-space: normal; overflow-wrap: normal; }
  th:first-child, td:first-child { min-width: 5rem; }
}
"""


def whole_page(title: str, intro: str, sections: Sequence[str]) -> str:
    """The page: `title` is anybody's words, `intro` and `sections` are markup."""
    shown = text(title)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{shown}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{shown}</h1>\n<p class="dim">{intro}</p>\n{"".join(sections)}</body>\n</html>\n'
    )


def section(title: str, body: str) -> str:
    """A part of the page; both are markup."""
    return f"<section>\n<h2>{title}</h2>\n{body}</section>\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are anybody's words; the first column is of names."""
    head = "".join(f'<th scope="col">{text(each)}</th>' for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>\n" for row in rows)
    whole = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>"
    return f'<div class="wide"><table>\n{whole}\n</table></div>\n'


def none(words: str) -> str:
    """What stands where there is nothing to show."""
    return f'<p class="none">{words}</p>\n'


def counted(count: Json, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def chart_box(svg: str) -> str:
    """A chart that may be wider than the screen."""
    return f'<div class="wide">{svg}</div>\n'


def text(words: str) -> str:
    """Words of anybody as text of the page, on one line, without what commands a terminal or a reader."""
    return escape(harmless_line(words))
