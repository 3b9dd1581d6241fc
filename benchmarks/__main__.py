"""`python -m benchmarks`: run every benchmark of this folder, one after another, and fail if one falls short.

Called by `make bench`. A benchmark is a module that can be run by itself; it prints ratios, because durations
on shared machines say little. Each runs in a process of its own, so that none warms the next.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MAIN = 'if __name__ == "__main__"'


def main() -> int:
    """Return 0 if every benchmark kept what it promises."""
    failed = []
    for path in sorted(HERE.glob("*.py")):
        if path.stem.startswith("__") or MAIN not in path.read_text("utf-8"):
            continue
        print(f"== {path.stem} ==", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{path.stem}"]
        if subprocess.run(command, cwd=HERE.parent, check=False).returncode:  # noqa: S603 - our own modules
            failed.append(path.stem)
    if failed:
        print(f"fell short: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
