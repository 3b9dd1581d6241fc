"""Where the control socket is unless a configuration says otherwise.

Read by the sections, and by every question to a daemon, which would otherwise import all sections for two
names.
"""

from pathlib import Path
from typing import Final

STATE_DIRECTORY: Final = Path("state")
SOCKET: Final = Path("control.sock")
