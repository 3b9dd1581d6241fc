"""The command `notify test`: whether a notice arrives.

Registered by `cli`. What it does is in `tipoff.commands.notify`, imported when the command is called.
"""

from cyclopts import App

from tipoff.commands.switches import ConfigFile
from tipoff.output import Answer

app = App(name="notify", help="Try where notices go.")


@app.command(name="test")
def try_each(*, config: ConfigFile = None) -> Answer:
    """Send one notice to each address of `notify.webhook_file`, and say of each what came of it.

    Needs no daemon. Exits 1 when one of them did not take it. Addresses, tokens and passwords are never
    shown.
    """
    from tipoff.commands.notify import run_test

    return run_test(config)
