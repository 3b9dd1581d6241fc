"""balldontlie as a source: games, live box scores and sportsbooks' odds."""
