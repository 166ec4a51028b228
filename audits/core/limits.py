"""How few rows are too few for what, and other limits that several rooms share.

Each is named for what it is for: a number of rows that keeps a person out of sight is not one that
makes an interval hold.
"""

ALPHA = 0.05
"""A p-value under it is called significant, where no policy asks for more."""

MAX_GROUPS = 500
"""No protected column, nor two crossed, makes more groups, unless the settings allow them: each
brings some 60 numbers, so that 500 of them are a report of 15 MB already."""

# Disclosure: what fewer people share could point at one of them.

MIN_ROWS_TO_SHOW = 10
"""No summary, cell or pool of fewer rows is handed over: a value that fewer have may point at a
person."""

# Reliability: what an interval or a mean rests on.

MIN_ROWS_TO_JUDGE = 30
"""Groups with fewer rows in a metric's denominator are not judged, unless a policy says else."""

MIN_ROWS_FOR_MEAN = 20
"""Student's t interval of a mean over fewer rows hangs on the few values it happened to see."""

MIN_ROWS_FOR_MEDIAN = 6
"""From so many rows on, the smallest and the largest hold the median with 95% confidence; with
five they miss it in 2 / 32 of samples."""

MIN_ROWS_FOR_RANKS = 8
"""Under so many rows of either group costs are not compared: the intervals rest on the normal
distribution of ranks."""

MIN_ROWS_FOR_ATTRIBUTIONS = 10
"""Mean attributions of fewer rows would describe the rows, not the group."""

MIN_ROWS_FOR_LOSSES = 30
"""A loss is skewed: a few large errors would be all that is explained in fewer rows."""

MIN_ROWS_FOR_AUC_BOUND = 1000
"""The AUC of smaller groups does not make the bins finer: their intervals are far wider."""

# Comparison: of groups with each other, and of two runs.

MIN_ROWS_TO_PAIR = 30
"""Smaller groups are not set against another: the gap would be of their few rows."""

MIN_APPROVED_TO_COMPARE = 20
"""The approved that a rejected person's reasons are compared with are no fewer."""

MIN_ROWS_TO_COMPARE_RUNS = 10
"""Estimates on fewer rows are not compared: what their intervals say of far tails is a guess."""

MIN_ROWS_FOR_FAR_TAILS = 30
"""Where no counts are known, the far tails of an interval or a t test are worth something from so
many rows, and so are those of the mean of pairs."""

# Learning: from fewer rows a model learns noise.

MIN_ROWS_TO_LEARN = 100
"""Rows of a group, and as many of the others, from which its membership can be learned: half of
them to learn from, half to try it on."""

MIN_ROWS_TO_FLIP = 30
"""What follows from a group cannot be learned from a handful of its members, so that nobody is
flipped to or from a smaller one."""

MIN_ROWS_IN_HALF = 20
"""Rows of an outcome that have to be in each half, that to learn from and that to try it on."""

MIN_ROWS_TO_SUSPECT_ID = 100
"""In fewer rows values that never repeat are no sign of an id."""
