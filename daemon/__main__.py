"""`python -m daemon` is `tipoff`, for machines and tests where the script is not on the path."""

import sys

from daemon.cli import main

sys.exit(main())
