"""Two runs beside each other: what improved, what got worse, and what noise explains."""
