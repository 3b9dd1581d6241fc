"""Whether an edge is real: scores of forecasts and trades, intervals by game, and the verdict on them."""
