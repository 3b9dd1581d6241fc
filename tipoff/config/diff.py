"""What differs between two configurations, and whether a running daemon may take it.

Called by `tipoff config diff` and by `reload`, which refuses by name what needs a restart.
"""

from collections.abc import Iterator

import attrs

from tipoff.config.fields import is_live, key_of, settings_of
from tipoff.config.load import Config, StrategySettings
from tipoff.config.render import flat, tree
from tipoff.config.values import Plain


@attrs.frozen
class Change:
    """One key whose value differs; None where a configuration does not have the key."""

    path: str
    before: Plain
    after: Plain
    live: bool
    """Whether `reload` takes it without a restart."""


def changes(before: Config, after: Config) -> Iterator[Change]:
    """Every difference, in order of the paths. Covered secrets that both have set are not compared."""
    old, new = flat(tree(before)), flat(tree(after))
    live = _live_paths(after)
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            yield Change(path, old.get(path), new.get(path), _is_live(path, live))


def _live_paths(config: Config) -> frozenset[str]:
    return frozenset(
        f"{name}.{key_of(field)}"
        for name, section in config.sections().items()
        for field in settings_of(type(section))
        if is_live(field)
    )


def _is_live(path: str, live: frozenset[str]) -> bool:
    """Limits and parameters go to the actors that hold them; a strategy's own keys say it themselves."""
    parts = path.split(".")
    if parts[0] == "risk":
        return True
    if parts[0] == "strategy":
        own = {key_of(field) for field in settings_of(StrategySettings) if is_live(field)}
        return parts[2] == "parameters" or parts[2] in own
    return path in live
