"""Whether an edge is real: scores of forecasts and trades, intervals by game, and the verdict on them.

Nothing here is about points: the score of a game is in `engine.game`.
"""
