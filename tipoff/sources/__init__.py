"""The venues' clients and the polls that hand their answers to the engine."""
