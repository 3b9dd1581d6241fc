"""Facts in words, and the chain of causes of an id; read by control socket, command line and pages."""
