"""`tipoff doctor`: what is wrong around the engine, and what to do about it."""
