"""The command `doctor`: what is wrong around the daemon, and what to do about it.

Registered by `cli`. What it looks at is in `tipoff.doctor.checks`, imported when it is called.
"""

from typing import Annotated

from cyclopts import Parameter

from tipoff.commands.switches import ConfigFile, Flag
from tipoff.output import Answer


def doctor(
    *,
    config: ConfigFile = None,
    network: Annotated[Flag, Parameter(help="Ask the venues too: hosts, signature, tier, clock.")] = False,
) -> Answer:
    """Look at configuration, keys, credentials, budgets, database, disk, ports, permissions; say what to do.

    Exits 0 when nothing fails, 78 when the configuration or a key cannot be used, 1 otherwise.
    """
    from tipoff.doctor.checks import run_doctor

    return run_doctor(config, network=network)
