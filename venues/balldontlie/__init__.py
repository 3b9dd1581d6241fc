"""balldontlie: games, live scores and sportsbook odds of the NBA; what it sends and how it is asked."""
