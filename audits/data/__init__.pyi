# What other rooms may use of this one; each name is imported when it is first asked for.
from .files.find import (
    detect_format as detect_format,
    find_files as find_files,
)
from .files.fingerprint import (
    compute_sha256 as compute_sha256,
)
from .files.form import (
    FileForm as FileForm,
)
from .files.source import (
    PLAIN as PLAIN,
)
from .groups.protected import (
    label_ranges as label_ranges,
)
from .groups.ranges import (
    compute_ranges as compute_ranges,
    count_outside as count_outside,
)
from .opening import (
    open_table as open_table,
)
from .preview.facts import (
    MAX_VALUES as MAX_VALUES,
    ColumnFacts as ColumnFacts,
    compute_facts as compute_facts,
    count_values as count_values,
)
from .preview.guess import (
    Roles as Roles,
    guess_positive as guess_positive,
    guess_predictions as guess_predictions,
    guess_roles as guess_roles,
    guess_task as guess_task,
    says_no as says_no,
    says_yes as says_yes,
)
from .preview.pairs import (
    check_pairs as check_pairs,
)
from .preview.preview import (
    ColumnPreview as ColumnPreview,
    DataPreview as DataPreview,
    inspect_data as inspect_data,
    read_head as read_head,
)
from .preview.repeats import (
    Overlap as Overlap,
    count_shared_rows as count_shared_rows,
    find_repeats as find_repeats,
)
from .schema import (
    Column as Column,
    find_column as find_column,
    tabulate_columns as tabulate_columns,
)
from .sql import (
    MARK as MARK,
    connect as connect,
    fetch_one as fetch_one,
    list_columns as list_columns,
    list_identifiers as list_identifiers,
    literal as literal,
    quote as quote,
    read_frame as read_frame,
)
from .table import (
    ROWS_VIEW as ROWS_VIEW,
    AuditTable as AuditTable,
    Batch as Batch,
)
from .training import (
    read_training_rows as read_training_rows,
)
from .values.missing import (
    GroupMissing as GroupMissing,
    count_missing as count_missing,
)
from .values.spelling import (
    find_similar as find_similar,
    fold as fold,
    looks_missing as looks_missing,
)
