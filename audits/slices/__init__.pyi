# What other rooms may use of this one; each name is imported when it is first asked for.
from .conditions import (
    Condition as Condition,
    find_rows as find_rows,
    parse_condition as parse_condition,
)
from .cuts import (
    Mask as Mask,
    show_number as show_number,
)
from .find import (
    Found as Found,
    find_slices as find_slices,
)
from .rows import (
    BATCH as BATCH,
    read_cut_rows as read_cut_rows,
)
from .targets import (
    build_targets as build_targets,
)
