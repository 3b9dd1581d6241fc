"""How bytes reach a venue: the only HTTP and WebSocket clients, limits, pauses between attempts."""
