"""The simulated evening: games, markets, makers, sportsbooks, and what befalls all of them."""
