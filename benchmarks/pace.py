"""How much slower this machine is just now than one on which nobody else works.

Processor seconds grow too where cores share their caches and their units with others; a limit in seconds then
says more of the neighbours than of the program.
"""

import time
from typing import Final

ADDITIONS: Final = 5_000_000
IDLE_SECONDS: Final = 0.25
"""What so many additions take where nothing else runs, on the machine on which the limits were set."""


def pace() -> float:
    """1 on an idle machine or a faster one, 2 where everything takes twice as long."""
    began, total = time.process_time(), 0
    for number in range(ADDITIONS):
        total += number
    return max(1.0, (time.process_time() - began) / IDLE_SECONDS)
