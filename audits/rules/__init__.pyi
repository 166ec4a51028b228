# What other rooms may use of this one; each name is imported when it is first asked for.
from .adverse_impact import (
    AdverseImpact as AdverseImpact,
    compute_adverse_impact as compute_adverse_impact,
)
from .export import (
    render_csv as render_csv,
)
from .local_law_144 import (
    Category as Category,
    Kind as Kind,
    Summary as Summary,
    Table as Table,
    build_summary as build_summary,
    has_scores as has_scores,
)
from .published import (
    neutralise as neutralise,
    parse_published as parse_published,
)
from .review import (
    Misprint as Misprint,
    Review as Review,
    review_published as review_published,
)
