"""Who does what: one file an actor, each a thin shell around a pure module of `engine`, and the runtime
beneath.

Wired together by the daemon. May import `engine`, pykka and trio; must not import `venues`, `persistence`
or `tipoff`.
"""
