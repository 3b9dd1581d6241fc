"""`python -m tests.simulation.soak`: the soak of real processes, called by `make soak`."""

import sys

from tests.simulation.soak.run import main

sys.exit(main())
