# What other rooms may use of this one; each name is imported when it is first asked for.
from . import kernel as kernel
from .flat_forest import (
    FlatForest as FlatForest,
    flatten_forest as flatten_forest,
)
from .forest import (
    FORESTS as FORESTS,
    GRADIENT_BOOSTING as GRADIENT_BOOSTING,
    HISTOGRAM_BOOSTING as HISTOGRAM_BOOSTING,
    LIGHTGBM as LIGHTGBM,
    READERS as READERS,
    SINGLE_TREES as SINGLE_TREES,
    XGBOOST as XGBOOST,
    Forest as Forest,
    Tree as Tree,
    load_forest as load_forest,
)
