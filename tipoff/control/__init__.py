"""The control socket: protocol, methods, queries, operations, and the client's side of it."""
