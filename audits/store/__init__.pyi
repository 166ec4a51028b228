# What other rooms may use of this one; each name is imported when it is first asked for.
from .bundle import (
    MANIFEST as MANIFEST,
    ORIGIN as ORIGIN,
    REPORT as REPORT,
    Bundle as Bundle,
    BundleSummary as BundleSummary,
    list_bundles as list_bundles,
    load_bundle as load_bundle,
    verify_bundle as verify_bundle,
    write_bundle as write_bundle,
)
from .preview import (
    find_preview as find_preview,
    find_runs_folder as find_runs_folder,
    is_preview as is_preview,
    keep_preview as keep_preview,
    remove_abandoned as remove_abandoned,
    save_preview as save_preview,
)
from .review import (
    DECISIONS as DECISIONS,
    Review as Review,
)
from .workspace import (
    MAX_NAME as MAX_NAME,
    Workspace as Workspace,
)
