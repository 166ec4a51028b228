# What other rooms may use of this one; each name is imported when it is first asked for.
from .leakage import (
    Concordance as Concordance,
    compute_leakage as compute_leakage,
    describe_relation as describe_relation,
)
from .proxies import (
    Separation as Separation,
    compute_proxies as compute_proxies,
    compute_separation as compute_separation,
    split_halves as split_halves,
)
