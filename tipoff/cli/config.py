"""The commands `init`, `new-strategy` and `config show`, `check`, `diff`: write, show and judge what is set.

Registered by `cli`. What a configuration is stands in `tipoff.config.load`.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from tipoff.commands.switches import ConfigFile, Flag
from tipoff.config.diff import Change, changes
from tipoff.config.load import FILE, Config, Schema, load_or_template, template
from tipoff.config.problems import ConfigError
from tipoff.config.render import flat, render, rows, tree
from tipoff.config.values import Plain
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, table
from tipoff.sources.registry import sources_of

OURS = "tipoff"
"""Where a kind comes from that no other package brings."""

app = App(name="config", help="Show and check the configuration; secrets are never shown.")


def init(
    *,
    out: Annotated[Path, Parameter(help="File to write.")] = FILE,
    force: Annotated[Flag, Parameter(help="Replace a file that is there.")] = False,
) -> Answer:
    """Write a configuration with every key, its meaning and its default; asks nothing.

    A file that says the same already is left alone, and that is fine.
    """
    text = render(template(_schema()))
    try:
        with out.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        if out.is_file() and out.read_bytes() == text.encode():
            there = f"{out} is there already and is what `tipoff init` writes: nothing to do"
            return Answer({"written": None, "lines": text.count("\n")}, there)
        message = f"{out} is there already, and differs: `tipoff config diff` shows it, --force replaces it"
        raise Failure("exists", message) from None
    advice = f"wrote {out}; change what you like, then `tipoff config check`"
    return Answer({"written": str(out), "lines": text.count("\n")}, advice)


def new_strategy(
    name: str,
    /,
    *,
    out: Annotated[Path | None, Parameter(help="Folder to write; without it the name, here.")] = None,
) -> Answer:
    """Write a small package with a documented and tested strategy, ready to be changed.

    Parameters
    ----------
    name
        The kind of strategy, as engine.toml will call it: small letters, digits and _.
    """
    from tipoff.commands.new_strategy import new_strategy as write

    return write(name, out)


@app.command
def show(
    *,
    config: ConfigFile = None,
    kinds: Annotated[Flag, Parameter(help="Show the kinds of strategies and what each can be told.")] = False,
) -> Answer:
    """Show every setting in force."""
    if kinds:
        return _kinds(_schema())
    read = load_or_template(config, _schema())
    return Answer(
        tree(read), table(("key", "value"), [(key, str(value)) for key, value in flat(tree(read)).items()])
    )


@app.command
def check(*, config: ConfigFile = None) -> Answer:
    """Name everything that is wrong with the configuration and the files that it names."""
    from tipoff.process.start_problems import start_problems

    read = load_or_template(config, _schema())
    wrong = start_problems(read)
    if wrong:
        raise ConfigError(str(config or FILE), wrong)
    degraded = [*_degraded(read), *_schema().broken.values(), *_schema().broken_sources.values()]
    lines = Group(
        Text("the configuration is fine"), *(Text(f"but {line}", style="yellow") for line in degraded)
    )
    return Answer({"ok": True, "degraded": degraded, "strategies": len(read.strategies)}, lines)


@app.command
def diff(other: Path | None = None, /, *, config: ConfigFile = None) -> Answer:
    """Show what differs from the defaults, or from another file.

    Parameters
    ----------
    other
        The file to compare with; without it the defaults.
    """
    schema = _schema()
    before = load_or_template(other, schema) if other else template(schema)
    found = list(changes(before, load_or_template(config, schema)))
    document = [
        {"path": change.path, "before": change.before, "after": change.after, "live": change.live}
        for change in found
    ]
    lines = list(_difference_lines(found))
    screen = table(("key", "there", "here", "needs"), lines) if found else "no difference"
    return Answer({"changes": document}, screen)


def _difference_lines(found: Sequence[Change]) -> Iterator[tuple[str, str, str, str]]:
    """A line a key; a strategy that only one side has is one line, for all of its keys differ."""
    told: set[str] = set()
    for change in found:
        whole = ".".join(change.path.split(".")[:2])
        of_whole = [each for each in found if each.path.startswith(f"{whole}.")]
        if change.path.startswith("strategy.") and f"{whole}.name" in {each.path for each in of_whole}:
            if whole not in told:
                told.add(whole)
                gone = change.after is None
                yield whole, "there" if gone else "-", "-" if gone else "there", "restart"
            continue
        needs = "reload" if change.live else "restart"
        yield change.path, _shown(change.before), _shown(change.after), needs


def _shown(value: Plain) -> str:
    """A value, or that there is none."""
    return "-" if value is None else str(value)


def _schema() -> Schema:
    from tipoff.runs.from_config import schema

    return schema()


def _kinds(schema: Schema) -> Answer:
    document: dict[str, Json] = {
        kind: {
            "from": schema.packages.get(kind, OURS),
            "parameters": {
                key: {"type": type_, "default": default, "meaning": meaning}
                for key, type_, default, meaning in rows(parameters)
            },
        }
        for kind, parameters in schema.strategies.items()
    }
    document |= {kind: {"broken": reason} for kind, reason in schema.broken.items()}
    # A list and no table: in five columns of 80 characters the names of the keys would be cut.
    lines: list[RenderableType] = []
    for kind, parameters in schema.strategies.items():
        package = schema.packages.get(kind, OURS)
        lines.append(Text(kind if package == OURS else f"{kind} (from {package})", style="bold"))
        for key, _, default, meaning in rows(parameters):
            lines += [Text(f"  {key} = {default}"), Padding(Text(meaning, style="dim"), (0, 0, 0, 6))]
    lines += [Text(f"{kind}: {reason}", style="yellow") for kind, reason in schema.broken.items()]
    return Answer(document, Group(*lines))


def _degraded(config: Config) -> list[str]:
    """What the engine will have to do without."""
    lines = []
    for name, source in sources_of(config).items():
        with suppress(ConfigError):
            if source.key is not None and source.read_key(config.sources[name]) is None:
                lines.append(f"{source.title} has no key: {source.key.without}")
    if not any(settings.enabled for settings in config.strategies):
        lines.append("no strategy is enabled: nothing is traded")
    return lines
