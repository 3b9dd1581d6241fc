"""The configuration: `engine.toml` read into values, with all its problems at once.

Called by every command that runs the engine, by `config check` and by `reload`. What a kind of strategy can
be told, what a source can be told, and which limits the risk gate knows, are classes that the caller hands in
(`Schema`), so that strategies and sources of other packages are configured like ours.
"""

import codecs
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self, TypeVar

import attrs
from attrs import AttrsInstance

from engine.strategies.controls import ControlParameters
from engine.units import MONEY_ONE, Money
from tipoff.config.fields import Secrecy, SelfChecking, default_of, key_of, secrecy_of, setting, settings_of
from tipoff.config.problems import ConfigError, Problem, unknown_key, unknown_name
from tipoff.config.reader import Reader, Table
from tipoff.config.sections import (
    ControlSection,
    DashboardSection,
    DatabaseSection,
    EngineSection,
    ExchangeSection,
    LoggingSection,
    MetricsSection,
    NotifySection,
    RecordingSection,
    TrustSection,
    name,
)
from tipoff.config.toml_lines import Path as KeyPath
from tipoff.config.toml_lines import entry, key_lines

S = TypeVar("S", bound=AttrsInstance)
FILE = Path("engine.toml")
FILE_BYTES_MAX = 1_048_576
STRATEGIES_MAX = 64
BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""What some editors put in front of a text."""

RISK = "risk"
FIRST: Mapping[str, type[AttrsInstance]] = {"engine": EngineSection}
"""Our own sections in the order of the file: these stand before those of the sources, and OTHERS behind."""

OTHERS: Mapping[str, type[AttrsInstance]] = {
    "database": DatabaseSection,
    "recording": RecordingSection,
    "exchange": ExchangeSection,
    "trust": TrustSection,
    "control": ControlSection,
    "metrics": MetricsSection,
    "dashboard": DashboardSection,
    "logging": LoggingSection,
    "notify": NotifySection,
}


@attrs.frozen
class NoParameters:
    """The parameters of a kind that has none."""


@attrs.frozen
class Schema:
    """The classes that a configuration is read into beside our own sections: who knows them hands them in."""

    risk: type[AttrsInstance]
    """The limits of the risk gate: an attrs class of which every field has a default."""
    strategies: Mapping[str, type[AttrsInstance]]
    """Kind of strategy to the class of its parameters."""
    sources: Mapping[str, type[AttrsInstance]] = attrs.field(factory=dict)
    """Section of a source to its class, of which every field has a default."""
    packages: Mapping[str, str] = attrs.field(factory=dict)
    """Kind to the package that brings it, for those that are not ours."""
    broken: Mapping[str, str] = attrs.field(factory=dict)
    """Kind to what is wrong with the package that should bring it."""
    broken_sources: Mapping[str, str] = attrs.field(factory=dict)
    """Section of a source to what is wrong with the package that should bring it."""

    def sections(self) -> Mapping[str, type[AttrsInstance]]:
        """Every section but the strategies', in the order of the file."""
        return {**FIRST, **self.sources, **OTHERS, RISK: self.risk}


def _positive(_: object, __: object, value: Money) -> None:
    if value <= 0:
        raise ValueError("must be more than 0 dollars")


@attrs.frozen(kw_only=True)
class StrategySettings:
    """One strategy of the engine: an actor with its own money. Several may be of one kind."""

    name: str = attrs.field(
        validator=name, metadata={"help": "name in orders, reports and commands; each its own"}
    )
    kind: str = attrs.field(metadata={"help": "what it does; `tipoff config show --kinds` lists the kinds"})
    enabled: bool = setting(True, "whether it trades", live=True)
    bankroll: Money = setting(
        Money(1_000 * MONEY_ONE), "paper dollars that it starts with", unit="dollars", check=_positive
    )
    parameters: AttrsInstance = attrs.field(
        factory=NoParameters, metadata={"help": "what its kind can be told; the rest keeps its defaults"}
    )


@attrs.frozen(kw_only=True)
class Config:
    """Everything that can be set; without a file, all defaults and no strategies."""

    risk: AttrsInstance
    engine: EngineSection = EngineSection()
    sources: Mapping[str, AttrsInstance] = attrs.field(factory=dict)
    """The sections of the sources of what is heard, by name."""
    database: DatabaseSection = DatabaseSection()
    recording: RecordingSection = RecordingSection()
    exchange: ExchangeSection = ExchangeSection()
    trust: TrustSection = TrustSection()
    control: ControlSection = ControlSection()
    metrics: MetricsSection = MetricsSection()
    dashboard: DashboardSection = DashboardSection()
    logging: LoggingSection = LoggingSection()
    notify: NotifySection = NotifySection()
    strategies: tuple[StrategySettings, ...] = ()
    source: Path | None = attrs.field(default=None, eq=False)
    """The file that it was read from, if there is one."""

    def sections(self) -> Mapping[str, AttrsInstance]:
        """Every section but the strategies', in the order of the file."""
        first: dict[str, AttrsInstance] = {name: getattr(self, name) for name in FIRST}
        return {**first, **self.sources, **{name: getattr(self, name) for name in OTHERS}, RISK: self.risk}

    def section(self, kind: type[S]) -> S:
        """The section of a source. Raises LookupError where that source is not known."""
        for section in self.sources.values():
            if isinstance(section, kind):
                return section
        raise LookupError(f"no source has a {kind.__name__}")

    def with_sources(self, *changed: AttrsInstance) -> Self:
        """The same with other sections of some sources."""
        fresh = {type(section): section for section in changed}
        sources = {name: fresh.get(type(section), section) for name, section in self.sources.items()}
        return attrs.evolve(self, sources=sources)

    def without_keys(self) -> Self:
        """The same with nothing in it about keys of the sources: for a replay, which needs none."""
        return attrs.evolve(self, sources={name: _keyless(each) for name, each in self.sources.items()})


def load(path: Path, schema: Schema) -> Config:
    """Read a file. Raises ConfigError with every problem, one of them if the file cannot be read at all."""
    try:
        with path.open("rb") as file:
            # One byte past the limit tells that there is more, however much it is.
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(str(path), [Problem("", 0, f"cannot be read: {reason}")]) from None
    if len(content) > FILE_BYTES_MAX:
        raise ConfigError(str(path), [Problem("", 0, f"is larger than {FILE_BYTES_MAX} bytes")])
    # The parser would complain of a statement in which nobody can see anything wrong.
    if content.startswith(BOMS):
        raise ConfigError(
            str(path), [Problem("", 1, "begins with a byte-order mark; save it as plain UTF-8")]
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(str(path), [Problem("", line, "is not UTF-8 text")]) from None
    return attrs.evolve(parse(text, schema, source=str(path)), source=path.absolute())


def parse(text: str, schema: Schema, source: str = "engine.toml") -> Config:
    """Read a text; `source` is what problems call it. Raises ConfigError with every problem."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(source, [_syntax_problem(error, text)]) from None
    except RecursionError:
        raise ConfigError(source, [Problem("", 0, "is nested too deeply")]) from None
    reader = Reader(key_lines(text))
    config = _read(document, schema, reader)
    if config is not None:
        # Before anything is raised: who mends a file wants to hear of all of it at once.
        for path, message in contradictions(config):
            reader.complain(path, message)
    if reader.problems or config is None:
        raise ConfigError(source, reader.problems)
    return config


def defaults(schema: Schema) -> Config:
    """What is in force without a file."""
    return Config(risk=schema.risk(), sources={name: kind() for name, kind in schema.sources.items()})


def template(schema: Schema) -> Config:
    """All defaults, and a strategy of each kind that need not be told anything: what `tipoff init` writes.

    Control strategies are written too, switched off: they trade to show what trading without an edge costs.
    So are those of other packages: that they are installed does not say that they shall trade.
    """
    ready = {kind: made for kind, made in schema.strategies.items() if not _must_be_told(made)}
    strategies = (
        StrategySettings(
            name=kind,
            kind=kind,
            enabled=kind not in schema.packages and not issubclass(made, ControlParameters),
            parameters=made(),
        )
        for kind, made in ready.items()
    )
    return attrs.evolve(defaults(schema), strategies=tuple(strategies))


def load_or_template(path: Path | None, schema: Schema) -> Config:
    """The file, or `engine.toml` in this folder, or what `tipoff init` would write. Raises ConfigError."""
    if path is not None or FILE.is_file():
        return load(path or FILE, schema)
    return template(schema)


def contradictions(config: Config) -> Iterator[tuple[KeyPath, str]]:
    """Values that are right by themselves but not beside each other, with the path to name."""
    for table, section in config.sections().items():
        if isinstance(section, SelfChecking):
            yield from (((table, key), message) for key, message in section.contradictions())
    if (
        config.metrics.enabled
        and config.dashboard.enabled
        and _address(config, "metrics") == _address(config, "dashboard")
    ):
        yield ("dashboard", "port"), f"is {config.dashboard.port}, where the metrics are served"


def _address(config: Config, section: str) -> tuple[str, int]:
    part: MetricsSection | DashboardSection = getattr(config, section)
    return part.host, part.port


def _read(document: Table, schema: Schema, reader: Reader) -> Config | None:
    kinds = schema.sections()
    for key in document:
        if key not in kinds and key != "strategy":
            reader.complain((key,), _unknown_at_top(key, schema))
    sections: dict[str, object] = {
        section: reader.read(kind, document.get(section, {}), (section,)) for section, kind in kinds.items()
    }
    strategies = _read_strategies(document.get("strategy", []), schema, reader)
    if reader.problems:
        return None
    sources = {name: sections.pop(name) for name in schema.sources}
    # Nothing is None here: a section that could not be read has left a problem.
    return Config(strategies=strategies, sources=sources, **sections)  # type: ignore[arg-type]


def _read_strategies(value: object, schema: Schema, reader: Reader) -> tuple[StrategySettings, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        reader.complain(("strategy",), "must be written [[strategy]], once for each strategy")
        return ()
    if len(value) > STRATEGIES_MAX:
        reader.complain(("strategy",), f"{len(value)} strategies; at most {STRATEGIES_MAX}")
        return ()
    read = [
        _read_strategy(table, ("strategy", entry(number)), schema, reader)
        for number, table in enumerate(value)
    ]
    settings = [one for one in read if one is not None]
    # By what is written and not by what could be read: a strategy that is wrong otherwise has its name all
    # the same.
    seen: set[str] = set()
    for number, table in enumerate(value):
        given = table.get("name")
        if isinstance(given, str) and given in seen:
            message = f"{given!r} is the name of an earlier strategy too"
            reader.complain(("strategy", entry(number), "name"), message)
        seen |= {given} if isinstance(given, str) else set()
    return tuple(settings)


def _read_strategy(table: Table, path: KeyPath, schema: Schema, reader: Reader) -> StrategySettings | None:
    before = len(reader.problems)
    kind = table.get("kind")
    parameters: AttrsInstance | None = None
    if isinstance(kind, str) and kind in schema.strategies:
        parameters = reader.read(schema.strategies[kind], table.get("parameters", {}), (*path, "parameters"))
    elif isinstance(kind, str) and kind in schema.broken:
        reader.complain((*path, "kind"), f"{kind!r} cannot be used: {schema.broken[kind]}")
    elif isinstance(kind, str):
        reader.complain((*path, "kind"), unknown_name("kind of strategy", kind, schema.strategies))
    # The parameters have been read by their kind's own class, which StrategySettings cannot know.
    settings = reader.read(StrategySettings, {key: table[key] for key in table if key != "parameters"}, path)
    if settings is None or parameters is None or len(reader.problems) > before:
        return None
    return attrs.evolve(settings, parameters=parameters)


def _unknown_at_top(key: str, schema: Schema) -> str:
    """A key outside of every table was mostly meant to be inside one."""
    if key in schema.broken_sources:
        return f"cannot be read: {schema.broken_sources[key]}"
    for section, kind in schema.sections().items():
        if key in map(key_of, settings_of(kind)):
            return f"unknown key; did you mean {key!r} in [{section}]?"
    return unknown_key(key, (*schema.sections(), "strategy"))


def _keyless(section: AttrsInstance) -> AttrsInstance:
    """A section with the defaults of whatever says something of a key."""
    kept = [field for field in settings_of(type(section)) if secrecy_of(field) is Secrecy.OPEN]
    return type(section)(**{key_of(field): getattr(section, field.name) for field in kept})


def _must_be_told(kind: type[AttrsInstance]) -> bool:
    """Whether it has a parameter without a default, or one whose default is an empty path or text."""
    return any(default_of(field) in (attrs.NOTHING, "", Path()) for field in settings_of(kind))


def _syntax_problem(error: tomllib.TOMLDecodeError, text: str) -> Problem:
    message, _, place = str(error).partition(" (at ")
    line = place.removeprefix("line ").partition(",")[0]
    number = int(line) if line.isdigit() else text.count("\n") + 1
    return Problem("", number, f"is not TOML: {message[:1].lower()}{message[1:]}")
