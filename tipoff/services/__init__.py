"""What runs beside an engine for as long as it lives.

Each service gives its task for a configuration, or None where the configuration wants none; `tipoff run`
starts them in this order. A new service is a module here and a line below.
"""

from collections.abc import Callable
from typing import Final

from tipoff.config.load import Config
from tipoff.process.run import Beside
from tipoff.services import control, metrics, retention, sighup, systemd

SERVICES: Final[tuple[Callable[[Config], Beside | None], ...]] = (
    control.beside,
    metrics.beside,
    sighup.beside,
    retention.beside,
    systemd.beside,
)
