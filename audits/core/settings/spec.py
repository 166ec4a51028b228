"""The audit's settings: what `audit.toml` may say. DESIGN of the file: README, "audit.toml"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from audits.core.errors import near_misses
from audits.core.limits import MAX_GROUPS
from audits.core.report.estimate import Frozen
from audits.core.settings.model import ModelSection
from audits.core.settings.pairs import Pairs, read_pairs
from audits.core.settings.predictions import PredictionsSection
from audits.core.settings.recourse import RecourseSection, Scalar
from audits.core.settings.values import Scalars, Texts, check_values_apart

Task = Literal["binary", "multiclass", "regression"]
ColumnType = Literal["text", "number", "boolean", "date"]
ADVICE = 'add [data.descendants] {pair.attribute} = ["{pair.column}"]'


class AuditSection(Frozen):
    """`[audit]`: the name people read, the kind of prediction, the seed of all randomness."""

    name: str = Field(min_length=1)
    task: Task = "binary"
    seed: int = Field(default=0, ge=0)


class DataSection(Frozen):
    """`[data]`: where the rows are and what their columns mean.

    `positive` is the target's favourable value, `negative` the others; without it there may be one
    other. `missing` lists the values that stand for "no value" in any column (an empty field and
    NaN always do), `drop` values of the target whose rows are left out. `spellings` lists other
    ways in which a column writes a value: `sex = { Female = ["female", "F"] }`; outcomes,
    decisions and groups are read so, a model gets its columns as they are. `types` says what a
    column holds where that is not plain: `zip = "text"`.
    `edges` cuts a numeric protected column: `age = [25, 65]` makes the groups
    "under 25", "25 to under 65" and "65 and over". `legitimate` lists columns that people hold to
    be good reasons for a difference: see the check `fairness.conditional`. `protected_path` with
    `key` joins columns that are held in a separate file. `descendants` names the columns that
    follow from a protected one, `pairs` what their values become when it is flipped (see
    `audits.core.settings.pairs`; without it that is learned).

    `encoding`, `delimiter`, `decimal` and `sheet` say how files are written, where they do not
    show it (see `data/files/form.py`). No protected column, nor two of them crossed, may make more
    than `max_groups` groups; with `merge_rare` the groups of fewer rows become one, "(other)".
    """

    path: str
    target: str | None = None
    positive: Scalar | None = None
    negative: Scalars = ()
    protected: tuple[str, ...] = ()
    legitimate: tuple[str, ...] = ()
    protected_path: str | None = None
    key: str | None = None
    reference: str | None = None
    weight: str | None = None
    id: str | None = None
    missing: Texts = ()
    drop: Scalars = ()
    spellings: Mapping[str, Mapping[str, Texts]] = Field(default_factory=dict)
    types: Mapping[str, ColumnType] = Field(default_factory=dict)
    edges: Mapping[str, tuple[float, ...]] = Field(default_factory=dict)
    reference_groups: Mapping[str, str] = Field(default_factory=dict)
    descendants: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    pairs: Pairs = Field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    max_groups: int = Field(default=MAX_GROUPS, ge=1)
    merge_rare: int | None = Field(default=None, ge=2)

    @model_validator(mode="after")
    def _descend(self) -> Self:
        for name, columns in self.descendants.items():
            if name not in self.protected:
                hint = near_misses(name, self.protected)
                raise ValueError(f"descendants names {name!r}, which is not in protected{hint}")
            if both := sorted(set(columns) & {*self.protected, self.target}):
                raise ValueError(
                    f"descendants of {name!r} has {both[0]!r}, which is protected or the target; "
                    "name columns that the model sees and that follow from the protected one"
                )
        return self

    @model_validator(mode="after")
    def _values_are_apart(self) -> Self:
        if self.negative and self.positive is None:
            raise ValueError("negative needs positive, the target's favourable value")
        if self.drop and self.target is None:
            raise ValueError("drop lists values of the target; name that column")
        favourable = () if self.positive is None else (self.positive,)
        check_values_apart(
            {
                "positive": favourable,
                "negative": self.negative,
                "missing": self.missing,
                "drop": self.drop,
            }
        )
        for column, spelled in self.spellings.items():
            check_values_apart(
                {f"spellings.{column}.{name}": {name, *also} for name, also in spelled.items()}
            )
        return self

    @model_validator(mode="after")
    def _pair(self) -> Self:
        for pair in read_pairs(self.pairs):
            known = self.descendants.get(pair.attribute, ())
            if pair.column not in known:
                hint = near_misses(pair.column, known) or f"; {ADVICE.format(pair=pair)}"
                raise ValueError(
                    f"pairs.{pair.attribute} names {pair.column!r}, which is not declared to "
                    f"follow from {pair.attribute!r}{hint}"
                )
        return self

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, data: object) -> object:
        optional = ("target", "protected_path", "key", "reference", "weight", "id")
        if isinstance(data, dict):
            return {k: v for k, v in data.items() if not (k in optional and v == "")}
        return data


class ExplainSection(Frozen):
    """`[explain]`: which rows, by which method, in which output.

    `rows` is "all" or a number sampled with the run's seed; `sampled_rows` bounds it where values
    have to be sampled, which takes thousands of predictions a row. `method` is "auto" (the model's
    own) or one by name: see `assay checks`. `output` is "auto" (what the method explains by
    itself), "margin" (log-odds) or "probability". `pairs` is the most permutations that a sampled
    row gets, `error` the error, as a share of the range of the scores, at which it is done.
    `interactions` is for how many rows sampled with the run's seed the pairs of columns are
    explained too; 0 for none. `error` the error, as a share of the range of the scores, at which it
    is done. `baseline` is what a network's output is compared with: "mean" of the reference rows,
    "zero" (the origin of its first layer), "sample" (drawn reference rows), or "auto", the method's
    own. `trust_rows` is on how many rows the attributions are put to the test; 0 leaves that out.

    `error_rows`: for how many rows the model's errors are attributed to columns, `effects_rows`:
    how many rows' curves make a column's partial dependence (accumulated effects take up to 10,000
    rows), `permutation_rows`: how many rows permutation importance rests on, `anchors`: for how
    many rows a rule is searched, half of them nearest to another decision; 0 turns each off.
    `anchor_seconds` is the longest that the search for one rule may take.
    """

    rows: Literal["all"] | int = "all"
    sampled_rows: int = Field(default=1_000, ge=1)
    method: Literal[
        "auto", "tree_shap", "interventional_shap", "linear_shap", "permutation_shap",
        "integrated_gradients", "gradient_shap", "deeplift",
    ] = "auto"  # fmt: skip
    output: Literal["auto", "margin", "probability"] = "auto"
    pairs: int = Field(default=512, ge=2)
    error: float = Field(default=0.01, gt=0, lt=1)
    interactions: int = Field(default=0, ge=0)
    baseline: Literal["auto", "mean", "zero", "sample"] = "auto"
    trust_rows: int = Field(default=200, ge=0)
    error_rows: int = Field(default=500, ge=0)
    effects_rows: int = Field(default=2000, ge=0)
    permutation_rows: int = Field(default=5000, ge=0)
    anchors: int = Field(default=4, ge=0, le=200)
    anchor_seconds: float = Field(default=10.0, gt=0)

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if self.rows != "all" and self.rows < 1:
            raise ValueError('rows must be "all" or at least 1')
        return self


class MitigateSection(Frozen):
    """`[mitigate]`: what interventions may leave, and what mistakes cost.

    `gap` is the largest allowed between groups (0.02: two points); with costs of 1 and 1 the
    cheapest decisions are the most accurate ones. `max_cost` is how much accuracy an intervention
    may cost (0.05: five points): a costlier one is measured, but not offered as a help.
    """

    gap: float = Field(default=0.02, ge=0, le=1)
    max_cost: float = Field(default=0.05, ge=0, le=1)
    cost_false_positive: float = Field(default=1.0, ge=0)
    cost_false_negative: float = Field(default=1.0, ge=0)

    @model_validator(mode="after")
    def _something_costs(self) -> Self:
        if self.cost_false_positive == self.cost_false_negative == 0:
            raise ValueError(
                "cost_false_positive and cost_false_negative are both 0; give one of them more"
            )
        return self


class SlicesSection(Frozen):
    """`[slices]`: the search for parts of the data where the model does worse.

    `rows` bounds time and memory (one byte a row and column); more are sampled with the run's seed,
    0 turns the search off. A slice has up to `conditions` conditions and at least `min_rows` rows;
    `answers` is how many are listed at most for each of error, selection and calibration.
    """

    rows: Literal["all"] | int = 1_000_000
    conditions: int = Field(default=3, ge=1, le=3)
    min_rows: int = Field(default=50, ge=10)
    answers: int = Field(default=10, ge=1, le=50)

    @model_validator(mode="after")
    def _not_negative(self) -> Self:
        if self.rows != "all" and self.rows < 0:
            raise ValueError('rows must be "all", 0 (no search) or a number of rows')
        return self


class PolicySection(Frozen):
    """`[policy]`: a shipped preset by name, or a policy file of one's own; without either, the
    preset that is made for the task."""

    preset: str | None = None
    path: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.preset and self.path:
            raise ValueError("give preset or path, not both")
        return self


class LocalLaw144Section(Frozen):
    """`[rules.local_law_144]`: which protected columns hold sex and race or ethnicity.

    `exclude_under` leaves categories with a smaller share of the applicants out of the impact
    ratios, which 6 RCNY 5-301(d) allows under 2% and with a `justification`.
    """

    sex: str
    race: str
    exclude_under: float = Field(default=0.0, ge=0, le=0.02)
    justification: str = ""

    @model_validator(mode="after")
    def _justified(self) -> Self:
        if self.exclude_under and not self.justification.strip():
            raise ValueError(
                "exclude_under needs justification, which is published (6 RCNY 5-301(d))"
            )
        if self.sex == self.race:
            raise ValueError("sex and race must be two columns")
        return self


class AdverseActionSection(Frozen):
    """`[rules.adverse_action]`: the reasons that rejected applicants can be told (US Reg B).

    `codes` says in which words a column is told; columns with the same words are one reason.
    `prohibited` columns are never a reason; by default the protected ones. `near` is the share of
    approved applicants, from the cut-off upwards, that rejected ones are compared with; `rows`
    is for how many rejected people reasons are worked out at most, sampled with the run's seed.
    """

    codes: Mapping[str, str] = Field(default_factory=dict)
    prohibited: tuple[str, ...] | None = None
    near: float = Field(default=0.2, gt=0, le=1)
    rows: int = Field(default=1_000, ge=1)

    def barred(self, protected: tuple[str, ...]) -> tuple[str, ...]:
        """Return the columns that are never a reason."""
        return protected if self.prohibited is None else self.prohibited


class RulesSection(Frozen):
    """`[rules]`: rules that apply only where somebody says so."""

    local_law_144: LocalLaw144Section | None = None
    adverse_action: AdverseActionSection | None = None


class OutputSection(Frozen):
    """`[output]`: files for other tools, beside the settings: JUnit XML, SARIF 2.1.0, and a summary
    in Markdown for a pull request. Written anew by every run, which flags may send elsewhere."""

    junit: str | None = None
    sarif: str | None = None
    summary: str | None = None


class AuditSpec(Frozen):
    """The whole of `audit.toml`. Paths are relative to that file's folder."""

    audit: AuditSection
    data: DataSection
    predictions: PredictionsSection | None = None
    model: ModelSection | None = None
    explain: ExplainSection = ExplainSection()
    recourse: RecourseSection = RecourseSection()
    mitigate: MitigateSection = MitigateSection()
    slices: SlicesSection = SlicesSection()
    policy: PolicySection = PolicySection()
    rules: RulesSection = RulesSection()
    output: OutputSection = OutputSection()

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.model is None) == (self.predictions is None):
            raise ValueError("give either [model] or [predictions]")
        if self.predictions is not None:
            self.predictions.check_task(self.audit.task)
        if self.data.target is None and (self.model or self.audit.task != "binary"):
            raise ValueError("[data] needs target, the column with the true outcome")
        if self.data.negative and self.audit.task != "binary":
            raise ValueError('[data] negative is of yes-or-no outcomes; use task = "binary"')
        if self.audit.task == "binary" and self.data.target and self.data.positive is None:
            raise ValueError("[data] needs positive, the target's favourable value")
        return self

    @model_validator(mode="after")
    def _recourse_target_fits(self) -> Self:
        self.recourse.check_target(self.audit.task, self.data.positive)
        return self

    @model_validator(mode="after")
    def _reasons_are_of_decisions(self) -> Self:
        if self.rules.adverse_action is not None and self.audit.task != "binary":
            raise ValueError('[rules.adverse_action] is about decisions; use task = "binary"')
        return self

    @model_validator(mode="after")
    def _rules_fit(self) -> Self:
        law = self.rules.local_law_144
        if law is None:
            return self
        if self.audit.task != "binary":
            raise ValueError('[rules.local_law_144] is about decisions; use task = "binary"')
        for name in (law.sex, law.race):
            if name not in self.data.protected:
                hint = near_misses(name, self.data.protected)
                raise ValueError(f"[rules.local_law_144] names {name!r}, not in protected{hint}")
        return self
