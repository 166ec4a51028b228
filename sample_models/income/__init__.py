"""Income above a level: a torch network that is given sex and uses it."""
