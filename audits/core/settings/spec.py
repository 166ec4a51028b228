"""The audit's settings: what `audit.toml` may say. `docs/settings.md` is made of these types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from audits.core.errors import near_misses
from audits.core.report.estimate import Frozen
from audits.core.settings.data import DataSection
from audits.core.settings.model import ModelSection
from audits.core.settings.predictions import PredictionsSection
from audits.core.settings.recourse import RecourseSection

Task = Literal["binary", "multiclass", "regression"]


class AuditSection(Frozen):
    """`[audit]`: the name people read, the kind of prediction, the seed of all randomness."""

    name: str = Field(min_length=1)
    """The name that people read in reports and on pages."""
    task: Task = "binary"
    """What is predicted: yes or no, one of several classes, or a number."""
    seed: int = Field(default=0, ge=0)
    """Where all randomness starts: the same seed gives the same report."""


class ExplainSection(Frozen):
    """`[explain]`: which rows are explained, by which method, in which output."""

    rows: Literal["all"] | int = "all"
    """All of them, or how many (at least 1) are sampled with the run's seed."""
    sampled_rows: int = Field(default=1_000, ge=1)
    """The most rows where values have to be sampled, which takes thousands of predictions a row."""
    method: Literal[
        "auto", "tree_shap", "interventional_shap", "linear_shap", "permutation_shap",
        "integrated_gradients", "gradient_shap", "deeplift",
    ] = "auto"  # fmt: skip
    """One by name (see `assay checks`), or "auto": the model's own."""
    output: Literal["auto", "margin", "probability"] = "auto"
    """The log-odds, the probability, or "auto": what the method explains by itself."""
    pairs: int = Field(default=512, ge=2)
    """The most pairs of walks that a sampled row gets."""
    error: float = Field(default=0.01, gt=0, lt=1)
    """The error, as a share of the range of the scores, at which a sampled row is done."""
    interactions: int = Field(default=0, ge=0)
    """For how many rows, sampled with the run's seed, pairs of columns are explained too."""
    baseline: Literal["auto", "mean", "zero", "sample"] = "auto"
    """What a network's output is compared with: "mean" of the reference rows, "zero" (the origin of
    its first layer), "sample" (drawn reference rows), or "auto", the method's own."""
    trust_rows: int = Field(default=200, ge=0)
    """On how many rows the attributions are put to the test; 0 for none."""
    error_rows: int = Field(default=500, ge=0)
    """For how many rows the model's errors are laid on columns; 0 for none."""
    effects_rows: int = Field(default=2000, ge=0)
    """How many rows' curves make a column's partial dependence (accumulated effects take up to
    10,000 rows); 0 for none."""
    permutation_rows: int = Field(default=5000, ge=0)
    """How many rows permutation importance rests on; 0 for none."""
    anchors: int = Field(default=4, ge=0, le=200)
    """For how many rows a rule is searched, half of them nearest to another decision; 0 for
    none."""
    anchor_seconds: float = Field(default=10.0, gt=0)
    """The longest that the search for one rule may take."""

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if self.rows != "all" and self.rows < 1:
            raise ValueError('rows must be "all" or at least 1')
        return self


class MitigateSection(Frozen):
    """`[mitigate]`: what interventions may leave, and what mistakes cost."""

    gap: float = Field(default=0.02, ge=0, le=1)
    """The largest gap that an intervention may leave between groups (0.02: two points)."""
    max_cost: float = Field(default=0.05, ge=0, le=1)
    """How much accuracy an intervention may cost (0.05: five points); a costlier one is measured,
    but not offered as a help."""
    cost_false_positive: float = Field(default=1.0, ge=0)
    """What a wrong favourable decision costs; with costs of 1 and 1 the cheapest decisions are the
    most accurate ones."""
    cost_false_negative: float = Field(default=1.0, ge=0)
    """What a wrong unfavourable decision costs."""

    @model_validator(mode="after")
    def _something_costs(self) -> Self:
        if self.cost_false_positive == self.cost_false_negative == 0:
            raise ValueError(
                "cost_false_positive and cost_false_negative are both 0; give one of them more"
            )
        return self


class SlicesSection(Frozen):
    """`[slices]`: the search for parts of the data where the model does worse."""

    rows: Literal["all"] | int = 1_000_000
    """All of them, or how many are searched at most, which bounds time and memory (one byte a row
    and column); of more, as many are sampled with the run's seed. 0 turns the search off."""
    conditions: int = Field(default=3, ge=1, le=3)
    """The most conditions that a slice has."""
    min_rows: int = Field(default=50, ge=10)
    """The fewest rows that a slice has."""
    answers: int = Field(default=10, ge=1, le=50)
    """How many slices are listed at most for each of error, selection and calibration."""

    @model_validator(mode="after")
    def _not_negative(self) -> Self:
        if self.rows != "all" and self.rows < 0:
            raise ValueError('rows must be "all", 0 (no search) or a number of rows')
        return self


class PolicySection(Frozen):
    """`[policy]`: what judges; without either key, the preset that is made for the task."""

    preset: str | None = None
    """A shipped preset by its name."""
    path: str | None = None
    """A policy file of one's own."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.preset and self.path:
            raise ValueError("give preset or path, not both")
        return self


class LocalLaw144Section(Frozen):
    """`[rules.local_law_144]`: the tables that New York City asks for in hiring (6 RCNY 5-301)."""

    sex: str
    """The protected column with sex."""
    race: str
    """The protected column with race or ethnicity."""
    exclude_under: float = Field(default=0.0, ge=0, le=0.02)
    """Categories with a smaller share of the applicants are left out of the impact ratios, which 6
    RCNY 5-301(d) allows under 2% and with a `justification`."""
    justification: str = ""
    """Why they are left out; it is published."""

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
    """`[rules.adverse_action]`: the reasons that rejected applicants can be told (US Reg B)."""

    codes: Mapping[str, str] = Field(default_factory=dict)
    """In which words a column is told; columns with the same words are one reason."""
    prohibited: tuple[str, ...] | None = None
    """Columns that are never a reason; by default the protected ones."""
    near: float = Field(default=0.2, gt=0, le=1)
    """The share of approved applicants, from the cut-off upwards, that rejected ones are compared
    with."""
    rows: int = Field(default=1_000, ge=1)
    """For how many rejected people reasons are worked out at most, sampled with the run's seed."""

    def barred(self, protected: tuple[str, ...]) -> tuple[str, ...]:
        """Return the columns that are never a reason."""
        return protected if self.prohibited is None else self.prohibited


class RulesSection(Frozen):
    """`[rules]`: rules that apply only where somebody says so."""

    local_law_144: LocalLaw144Section | None = None
    adverse_action: AdverseActionSection | None = None


class OutputSection(Frozen):
    """`[output]`: files for other tools, beside the settings; flags may send them elsewhere."""

    junit: str | None = None
    """The results as JUnit XML."""
    sarif: str | None = None
    """The results as SARIF 2.1.0."""
    summary: str | None = None
    """A summary in Markdown for a pull request."""


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
