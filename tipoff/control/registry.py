"""Every method of the control socket as it is described: name, level, parameters, help.

Nothing is declared here. A declaration stands above what answers it, in `queries` or `operations`, and to
import those takes four times as long as a command may. So commands, completion and manual read what is
written down of them in `methods.json`: `python -m tipoff.control.schema` writes it, a test holds it equal.
"""

from pathlib import Path
from typing import Final

from tipoff.control.method_file import NAME, methods_in

METHODS: Final = methods_in(Path(__file__).with_name(NAME).read_text("utf-8"))
"""Every method by name, in the manual's order."""
