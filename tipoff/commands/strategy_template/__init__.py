"""The package that `tipoff new-strategy` writes: a strategy that works, its test, what makes it a package.

`tipoff.commands.new_strategy` copies these files and puts another name into them; the manual shows
`strategy.py` as it stands. It is an example, not a kind of ours.
"""
