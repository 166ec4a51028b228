# What other rooms may use of this one; each name is imported when it is first asked for.
from .burden import (
    EffortCurve as EffortCurve,
    draw_changed_columns as draw_changed_columns,
    draw_effort_curves as draw_effort_curves,
)
from .changes import (
    ChangeDot as ChangeDot,
    Kind as Kind,
    draw_changes as draw_changes,
)
from .data import (
    Bar as Bar,
    draw_bars as draw_bars,
)
from .dependence import (
    draw_dependence as draw_dependence,
)
from .dots import (
    Dot as Dot,
    Mark as Mark,
    draw_dots as draw_dots,
)
from .effects import (
    EffectCurve as EffectCurve,
    EffectWords as EffectWords,
    draw_effect as draw_effect,
    draw_permutation_importance as draw_permutation_importance,
)
from .explanations import (
    GroupSeries as GroupSeries,
    Importance as Importance,
    draw_group_importance as draw_group_importance,
    draw_importance as draw_importance,
    draw_spread as draw_spread,
    draw_waterfall as draw_waterfall,
)
from .fairness import (
    FEW_ROWS as FEW_ROWS,
    MAX_SIDE as MAX_SIDE,
    draw_intersections as draw_intersections,
    draw_moved as draw_moved,
)
from .interventions import (
    Frontier as Frontier,
    Setting as Setting,
    draw_frontier as draw_frontier,
)
from .performance import (
    MAX_CURVES as MAX_CURVES,
    Curve as Curve,
    draw_calibration as draw_calibration,
    draw_confusion as draw_confusion,
    draw_precision_recall as draw_precision_recall,
    draw_roc as draw_roc,
    draw_thresholds as draw_thresholds,
)
from .picks import (
    make_pickable as make_pickable,
)
from .slices import (
    Spot as Spot,
    draw_slice_map as draw_slice_map,
)
from .theme import (
    GRID as GRID,
    MAX_BARS as MAX_BARS,
    PALETTE as PALETTE,
    QUIET as QUIET,
    STATUS_COLOURS as STATUS_COLOURS,
    Chart as Chart,
)
from .tradeoff import (
    Path as Path,
    Place as Place,
    draw_tradeoff as draw_tradeoff,
)
