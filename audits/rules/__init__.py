"""Rules that people are held to, as pure arithmetic on counts. They measure; none judges."""
