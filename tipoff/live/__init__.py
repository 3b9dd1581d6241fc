"""The engine on trio: everything from outside is stamped, recorded and made durable here."""
