"""balldontlie: games, live scores and sportsbook odds of the NBA; what it sends, what it means, how it is
asked.
"""
