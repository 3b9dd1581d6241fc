"""`python -m tipoff` is `tipoff`, for machines and tests where the script is not on the path."""

import sys

from tipoff.cli.app import main

sys.exit(main())
