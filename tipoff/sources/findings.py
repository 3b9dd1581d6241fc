"""What `tipoff doctor` says of one thing: made by its own parts and by the sources, shown by `doctor`."""

from typing import Literal

import attrs

State = Literal["ok", "warn", "fail"]


@attrs.frozen
class Finding:
    """One thing that was looked at. `fix` is empty when all is well, and never when it is not."""

    check: str
    state: State
    detail: str
    fix: str = ""
