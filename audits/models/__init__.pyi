# What other rooms may use of this one; each name is imported when it is first asked for.
from .adapters.adapter import (
    Adapter as Adapter,
    Encoded as Encoded,
    HasInside as HasInside,
    ModelInfo as ModelInfo,
    NativeModel as NativeModel,
    PredictsEncoded as PredictsEncoded,
    ReadsColumns as ReadsColumns,
    kind_of as kind_of,
)
from .adapters.columns import (
    select_features as select_features,
)
from .adapters.declared import (
    open_declared as open_declared,
)
from .adapters.readout import (
    rank as rank,
)
from .adapters.replaced_names import (
    match_replaced as match_replaced,
)
from .conversion.keras_file import (
    SUFFIXES as SUFFIXES,
)
from .convert import (
    convert_model as convert_model,
)
from .files.catboost_layout import (
    NodeTree as NodeTree,
    SymmetricTree as SymmetricTree,
    Trees as Trees,
)
from .files.skops_file import (
    describe_refused as describe_refused,
    find_refused_types as find_refused_types,
    import_skops as import_skops,
)
from .formats.catboost import (
    CatBoostAdapter as CatBoostAdapter,
)
from .formats.formats import (
    detect_format as detect_format,
)
from .formats.skops import (
    SkopsAdapter as SkopsAdapter,
    load as load,
)
from .formats.xgboost import (
    find_device as find_device,
)
from .host import (
    Declared as Declared,
    HostSettings as HostSettings,
    find_kind as find_kind,
    render_script as render_script,
)
from .worker.client import (
    ModelClient as ModelClient,
    open_model as open_model,
)
