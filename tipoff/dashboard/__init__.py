"""The evening in a browser: a web server in a process of its own, a client of the control socket."""
