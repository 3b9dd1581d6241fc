"""The file of trust that `tipoff calibrate` writes and the configuration names.

TOML: `origin` and a table for each source with the slope, its interval and what it rests on. What is believed
follows from these, by the same rule as for the shipped defaults.
"""

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.trust import STATED, Source, Trust, TrustTable, table_of
from engine.trust_fit import SHIPPED
from tipoff.config.problems import ConfigError, Problem

SHIPPED_WORD: Final = "shipped"
STATED_WORD: Final = "stated"
BYTES_MAX: Final = 65_536
_NUMBERS: Final = ("estimate", "low", "high", "games", "gaps")


def trust_of(word: str, beside: Path | None) -> TrustTable:
    """What the configuration means: the shipped table, every source at its word, or a file.

    A relative path begins at the folder of the configuration `beside`. Raises ConfigError.
    """
    if word == SHIPPED_WORD:
        return SHIPPED
    if word == STATED_WORD:
        return STATED
    path = Path(word)
    if not path.is_absolute() and beside is not None:
        path = beside.parent / path
    return table_of(read_trust(path))


def read_trust(path: Path) -> dict[Source, Trust]:
    """Read a file of trust. Raises ConfigError naming the file and the key of what is wrong."""
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
        if len(content) > BYTES_MAX:
            raise _wrong(path, "", f"is larger than {BYTES_MAX} bytes")
        document = tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        what = error.strerror or str(error)
        raise _wrong(path, "", f"cannot be read: {what}; make it with `tipoff calibrate`") from None
    except ValueError as error:
        raise _wrong(path, "", f"is not TOML: {error}") from None
    origin = document.pop("origin", None)
    if not isinstance(origin, str) or not origin:
        raise _wrong(path, "origin", "must say where the estimates come from")
    known = {source.value: source for source in Source if source is not Source.OWN}
    found: dict[Source, Trust] = {}
    for name, table in document.items():
        if name not in known:
            raise _wrong(path, name, f"is no source of opinion; sources: {', '.join(known)}")
        found[known[name]] = _trust(path, name, table, origin)
    return found


def written(estimated: Mapping[Source, Trust], origin: str) -> str:
    """The text of a file of trust."""
    lines = [
        '# Written by `tipoff calibrate`; name it in engine.toml: [trust] of = "FILE".',
        "# Believed is the estimate where its interval lies above zero and enough games support it, else 0.",
        f"origin = {_quoted(origin)}",
    ]
    for source, trust in estimated.items():
        lines += [
            "",
            f"[{source.value}] # believed: {trust.share:.4f}",
            f"estimate = {trust.estimate:.6f}",
            f"low = {trust.low:.6f}",
            f"high = {trust.high:.6f}",
            f"games = {trust.games}",
            f"gaps = {trust.gaps}",
        ]
    return "\n".join(lines) + "\n"


def _trust(path: Path, name: str, table: object, origin: str) -> Trust:
    if not isinstance(table, dict) or set(table) != set(_NUMBERS):
        raise _wrong(path, name, f"must have exactly {', '.join(_NUMBERS)}")
    for key in _NUMBERS:
        value = table[key]
        whole = key in {"games", "gaps"}
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            raise _wrong(path, f"{name}.{key}", f"must be a {'whole ' if whole else ''}number")
        # From one game alone the interval is unbounded.
        unbounded = key in {"low", "high"} and not math.isnan(value)
        if not (math.isfinite(value) or unbounded) or (whole and value < 0):
            raise _wrong(path, f"{name}.{key}", f"cannot be {value}")
    if not table["low"] <= table["estimate"] <= table["high"]:
        raise _wrong(path, name, "the estimate must lie between low and high")
    return Trust(
        float(table["estimate"]),
        float(table["low"]),
        float(table["high"]),
        table["games"],
        table["gaps"],
        origin,
    )


def _quoted(text: str) -> str:
    """A basic TOML string."""
    kept = "".join(sign if sign.isprintable() else " " for sign in text)
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _wrong(path: Path, key: str, message: str) -> ConfigError:
    return ConfigError(str(path), [Problem(key, 0, message)])
