"""balldontlie as a source of games, live box scores and sportsbooks' odds: what is set, read and asked."""
