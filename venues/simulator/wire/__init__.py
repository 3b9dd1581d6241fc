"""What both stand-ins share on the wire: HTTP, WebSocket, faults, refusals, recorded bodies."""
