"""How groups of people are named."""

MISSING = "(missing)"
"""The group of those whose protected value is not known."""

JOIN = " & "
"""Between the attributes, and the groups, of an intersection: "sex & race", "Female & Black"."""

FEW_ROWS = 100
"""A threshold that was chosen on fewer rows of its group than this owes much to chance."""
