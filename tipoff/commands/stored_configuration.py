"""What a stored run says of the configuration that it traded with, and what differs between two.

Used by the commands that take several runs. A journal holds the strategies, their parameters and money, the
limits that were changed while it ran, and everything else that decides a run by the keys of `engine.toml`. A
run of an older version has the digest only: then nothing is said of those keys.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from engine.units import Money, format_money
from persistence.projected_rows import LimitRow, StrategyRow
from persistence.stored_runs import StoredRun
from persistence.writer_state import rows_of
from tipoff.json_types import Json

DIGEST = "config_digest"
HALT = "halt"
KEYS = "the keys of [engine], [exchange] and [risk]"
"""Stands for all of them where a run does not have them on record."""

STRATEGY = "strategy."


@attrs.frozen
class Difference:
    """A key whose value differs; None where a run does not have it."""

    path: str
    a: Json
    b: Json


def configuration_of(connection: Any, run: StoredRun) -> dict[str, Json]:  # noqa: ANN401 - as `opened` gives it
    """What is known, as dotted paths like those of `tipoff config diff`."""
    found: dict[str, Json] = {
        "version": run.row.version,
        DIGEST: run.row.config_digest,
        "engine.seed": run.row.seed,
        KEYS: run.row.configuration is not None,
    }
    if run.row.configuration is not None:
        found |= json.loads(run.row.configuration)
    for row in rows_of(connection, StrategyRow, run.row.id):
        path = f"strategy.{row.strategy}"
        found |= {
            f"{path}.kind": row.kind,
            f"{path}.enabled": bool(row.enabled),
            f"{path}.bankroll": format_money(Money(row.bankroll)),
        }
        parameters: Mapping[str, Json] = json.loads(row.parameters)
        found |= {f"{path}.parameters.{name}": value for name, value in parameters.items()}
    for limit in rows_of(connection, LimitRow, run.row.id):
        if limit.name != HALT:
            found[f"risk.{limit.name} of {limit.scope}"] = limit.value
    return found


def differences(a: Mapping[str, Json], b: Mapping[str, Json]) -> Iterator[Difference]:
    """Every key that differs, in the order of the paths; a strategy that only one has is one difference."""
    if not (a.get(KEYS) and b.get(KEYS)):
        a, b = (_without_keys(each) for each in (a, b))
    names = {path.split(".")[1] for path in a.keys() | b.keys() if path.startswith(STRATEGY)}
    kinds = {name: f"{STRATEGY}{name}.kind" for name in names}
    alone = {name for name, kind in kinds.items() if (kind in a) != (kind in b)}
    found = [Difference(f"{STRATEGY}{name}", a.get(kinds[name]), b.get(kinds[name])) for name in alone]
    for path in a.keys() | b.keys():
        known = not path.startswith(STRATEGY) or path.split(".")[1] not in alone
        if known and path != KEYS and a.get(path) != b.get(path):
            found.append(Difference(path, a.get(path), b.get(path)))
    yield from sorted(found, key=lambda each: each.path)


def _without_keys(known: Mapping[str, Json]) -> Mapping[str, Json]:
    """What every version has written down: a run that does not have a key has not another value."""
    changed = (" of ", STRATEGY)
    always = {"version", DIGEST, "engine.seed"}
    return {
        path: value
        for path, value in known.items()
        if path in always or any(each in path for each in changed)
    }


def in_words(found: list[Difference]) -> list[str]:
    """A line for each, and what follows where only the digests tell that something differs."""
    told = [each for each in found if each.path != DIGEST]
    lines = [f"{each.path}: {_word(each.a)} and {_word(each.b)}" for each in told]
    if found and not told:
        lines.append(
            f"the digests differ, and nothing that both journals hold: {KEYS} are not on record in runs of "
            "older versions"
        )
    return lines


def _word(value: Json) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
