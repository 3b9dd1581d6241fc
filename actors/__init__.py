"""Who does what: one file an actor, each a thin shell around a pure module of `engine`.

`actors.runtime` is how actors run, are addressed, supervised and restarted. Wired together by `daemon`; imports
`engine` only, never `venues`, `persistence` or `daemon`.
"""
