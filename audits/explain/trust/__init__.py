"""How far an explanation can be relied on."""
