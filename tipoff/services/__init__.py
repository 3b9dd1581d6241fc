"""What runs beside an engine for as long as it lives.

Each service is handed the run's context, and returns at once where the configuration does not want it. A new
service is a module here and a line below.
"""

from typing import Final

from tipoff.process.context import Service
from tipoff.services import (
    control,
    dashboard,
    log,
    metrics,
    notifications,
    retention,
    sighup,
    systemd,
    terminal,
)

SERVICES: Final[tuple[Service, ...]] = (
    log.run,
    terminal.run,
    control.run,
    metrics.run,
    dashboard.run,
    notifications.run,
    sighup.run,
    retention.run,
    systemd.run,
)
"""In the order in which they are started."""
