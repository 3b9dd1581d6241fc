"""Where the control socket is, who may use it, and its bounds: the configuration as the server reads it."""

import grp
import os
from collections.abc import Mapping
from pathlib import Path

import attrs

from tipoff.config.sections import ControlSection
from tipoff.control.permissions import Level


@attrs.frozen(kw_only=True)
class Levels:
    """Levels by user id. Whoever is not named gets `others`; None lets nobody else in."""

    of: Mapping[int, Level]
    others: Level | None = None

    def level(self, uid: int) -> Level | None:
        """A peer's level; None refuses it."""
        return self.of.get(uid, self.others)


@attrs.frozen(kw_only=True)
class ControlSettings:
    """Where the socket is, who may use it, and how long and how many at a time."""

    path: Path
    levels: Levels
    gid: int | None = None
    connections_max: int = 32
    request_seconds: float = 10.0
    read_seconds: float = 5.0
    """A frame that has begun must end within this time."""
    write_seconds: float = 5.0
    """A peer that does not read for so long is dropped."""
    idle_seconds: float = 600.0
    """A connection without a request for so long is closed."""


def control_settings(section: ControlSection, state_directory: Path) -> ControlSettings:
    """Settings from the configuration. Raises KeyError if there is no such group.

    The daemon's own user and root administer; members of the group, if one is named, may operate.
    """
    gid = grp.getgrnam(section.group).gr_gid if section.group else None
    owners = {os.geteuid(): Level.ADMIN, 0: Level.ADMIN}
    return ControlSettings(
        path=state_directory / section.socket,
        levels=Levels(of=owners, others=Level.OPERATE if section.group else None),
        gid=gid,
        connections_max=section.connections_max,
        request_seconds=section.request_ms_max / 1_000,
    )
