"""The sources that Tipoff brings with it, a package each; they know nothing of one another."""
