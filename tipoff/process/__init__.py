"""One run of the process: start, signals, shutdown, rollover, stall, reload; used by `tipoff run`."""
