"""`tipoff top`: the terminal view, a client of the control socket that lives in a process of its own."""
