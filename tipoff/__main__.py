"""The command `tipoff`, also as `python -m tipoff`.

Before anything of ours is imported it makes sure that it is ours, since `engine`, `actors`, `venues` and
`persistence` are names that another package, or a folder where the command is called, may have too.
"""

import json
import sys

from tipoff import __version__
from tipoff.exit_codes import Exit
from tipoff.foreign_packages import foreign_package


def main() -> int:
    """Run the command line and return the exit code."""
    found = foreign_package()
    if found is not None:
        return _refuse(found)
    if sys.argv[1:] == ["--version"]:
        # Asked by scripts and installers; building the whole command line for it takes seven times as long.
        print(__version__)  # noqa: T201
        return Exit.OK
    from tipoff.cli.app import main as run

    return run()


def _refuse(sentence: str) -> Exit:
    """Say it in the two forms of every error; the module that prints errors may not be importable."""
    if "--json" in sys.argv[1:]:
        print(json.dumps({"error": {"code": "installation", "message": sentence, "details": []}}))  # noqa: T201
    else:
        print(f"tipoff: {sentence}", file=sys.stderr)  # noqa: T201
    return Exit.CONFIG


if __name__ == "__main__":
    sys.exit(main())
