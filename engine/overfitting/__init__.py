"""What searching does to a result: splits by date, and how good the best of many tries without an edge looks.

Nothing here knows how a sweep is run: it is arithmetic on results of trials by game.
"""
