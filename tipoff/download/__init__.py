"""The venues' own histories into recordings, a game day each: asking, keeping, putting in order.

`session` is the download; `asker` asks, `stage` keeps answers through a kill, `plan` says what is asked
where. Used by `tipoff.commands.download`.
"""
