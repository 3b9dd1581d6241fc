"""The outside world: services we listen to, recordings of them, and a stand-in that speaks their protocols.

Knows only `engine`; wired by `tipoff`. Wire messages never leave this package: the translators turn them into
the events of `engine.events`.
"""
