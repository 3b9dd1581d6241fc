"""Who does what: one file an actor, each a thin shell around a pure module of `engine`.

Wired together by the daemon.
"""
