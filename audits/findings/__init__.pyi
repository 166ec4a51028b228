# What other rooms may use of this one; each name is imported when it is first asked for.
from .accepted import (
    list_accepted as list_accepted,
)
from .finding import (
    Finding as Finding,
)
from .gate import (
    check_fail_on as check_fail_on,
    compute_exit_code as compute_exit_code,
    count_asked as count_asked,
    is_short as is_short,
    list_broken as list_broken,
    read_policy_in_force as read_policy_in_force,
)
from .gather import (
    count_judged as count_judged,
    find_worst as find_worst,
    get_min_rows as get_min_rows,
    list_findings as list_findings,
    list_leading as list_leading,
)
from .help import (
    find_help as find_help,
)
from .notes import (
    describe_idle as describe_idle,
    describe_waiver as describe_waiver,
    list_cautions as list_cautions,
    list_notes as list_notes,
    list_notices as list_notices,
)
from .numbers import (
    find_adjusted as find_adjusted,
    name_base as name_base,
)
from .sentences import (
    render_finding_sentence as render_finding_sentence,
    render_headline as render_headline,
)
from .stories.drivers import (
    list_tested as list_tested,
    name_column as name_column,
    render_error_driver as render_error_driver,
    render_group_push as render_group_push,
)
from .stories.findings import (
    LEGITIMATE_NOTE as LEGITIMATE_NOTE,
    choose_columns as choose_columns,
    find_selection_gap as find_selection_gap,
    render_conditional as render_conditional,
    render_doubt as render_doubt,
    render_gap as render_gap,
    turn_gap as turn_gap,
)
from .stories.proxies import (
    list_faint as list_faint,
    list_proxies as list_proxies,
    rank_features as rank_features,
    render_faint as render_faint,
    render_proxy as render_proxy,
    render_whole as render_whole,
)
from .stories.recourse import (
    FLIP_NOTE as FLIP_NOTE,
    render_flip as render_flip,
    render_recourse_gap as render_recourse_gap,
)
from .stories.sentences import (
    find_result as find_result,
    load_sentences as load_sentences,
    render_detail as render_detail,
    render_finding as render_finding,
    render_point as render_point,
    render_result as render_result,
)
from .stories.trust import (
    Aspect as Aspect,
    Trust as Trust,
    TrustFinding as TrustFinding,
    judge_explanations as judge_explanations,
)
from .stories.trust_limits import (
    GRADES as GRADES,
    Grade as Grade,
)
from .tree import (
    list_trees as list_trees,
)
from .why import (
    Explained as Explained,
    explain_finding as explain_finding,
    list_explained as list_explained,
)
