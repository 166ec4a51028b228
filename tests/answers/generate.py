"""Audits whose truth is known: seeded scenarios, each with its population, its sample and its rules.

Group sizes are part of a scenario; what people are and how they are decided is drawn from the
population, which `tests.answers.population` knows exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd

from tests.answers.population import Floats, Population

Family = Literal["decisions", "scores", "model", "multiclass", "regression"]
Kind = Literal["none", "selection", "tpr", "fpr", "residual", "accuracy", "proxy", "favoured"]

ATTRIBUTES = {
    "origin": ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gum", "Hazel", "Ivy",
               "Juniper", "Kapok", "Larch"),
    "house": ("Red", "Blue", "Gold", "Grey", "Violet"),
    "shift": ("Day", "Night", "Dusk"),
}  # fmt: skip
REGIONS = ("North", "South", "East", "West")
DISTRICTS = ("Harbour", "Hill", "Mill", "Park")
FEATURES = ("district", "income", "tenure", "visits")
CLASSES = ("low", "mid", "high")


@dataclass(frozen=True, slots=True)
class Harm:
    """What was planted. groups: by attribute the value whose people are harmed (two attributes:
    the harm is on the intersection alone); size: in points, or in the target's unit."""

    kind: Kind
    groups: tuple[tuple[str, str], ...] = ()
    size: float = 0.0

    @property
    def grouping(self) -> str:
        """The attribute or intersection as reports name it."""
        return " & ".join(name for name, _ in self.groups)

    @property
    def group(self) -> str:
        """The group as reports name it."""
        return " & ".join(value for _, value in self.groups)


@dataclass(frozen=True, slots=True)
class Linear:
    """A model by its coefficients: `weights` a column (districts have one each)."""

    weights: dict[str, float]
    districts: dict[str, float]
    intercept: float

    def score(self, table: pd.DataFrame) -> Floats:
        """Return the linear score of every row."""
        total = table["district"].map(self.districts).to_numpy(dtype=float) + self.intercept
        for name, weight in self.weights.items():
            total = total + weight * table[name].to_numpy(dtype=float)
        return np.asarray(total, dtype=float)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One audit to be made. cells: every combination of groups and how many rows it has.

    harms: the first is the largest. slice: the part of the data (column, value) where errors were
    planted, None without. proxies: columns whose distribution depends on a group. policy: a
    preset, or "own" with `bounds` of the rules (metric to (fail, warn)). unequal: whether base
    rates differ between groups; outcomes: whether the true outcome is known. linear, booster: the
    model, as coefficients or as LightGBM writes its trees.
    """

    seed: int
    family: Family
    attributes: tuple[str, ...]
    cells: tuple[tuple[tuple[str, ...], int], ...]
    population: Population = field(repr=False)
    harms: tuple[Harm, ...] = ()
    slice: tuple[str, str] | None = None
    proxies: tuple[str, ...] = ()
    policy: str = "four-fifths"
    bounds: tuple[tuple[str, float, float], ...] = ()
    unequal: bool = False
    weighted: bool = False
    outcomes: bool = True
    booster: str = field(default="", repr=False)
    linear: Linear | None = field(default=None, repr=False)

    @property
    def rows(self) -> int:
        """How many rows are audited."""
        return sum(n for _, n in self.cells)

    @property
    def features(self) -> tuple[str, ...]:
        """The columns of the table that are no protected attribute."""
        return tuple(c for c in self.population.table.columns if c not in self.attributes)


def draw_sizes(draw: np.random.Generator, groups: int, planted: bool) -> list[int]:
    """Return the rows of the groups of the first attribute: the first is large, some are tiny."""
    sizes = []
    for position in range(groups):
        kind = draw.choice(["large", "mid", "small", "tiny"], p=[0.35, 0.3, 0.1, 0.25])
        if position == 0 or (position == 1 and planted):
            kind = "large"
        elif position == 1 and kind == "tiny":
            kind = "mid"
        low, high = {"large": (1000, 2600), "mid": (300, 1000), "small": (60, 300),
                     "tiny": (5, 30)}[str(kind)]  # fmt: skip
        sizes.append(int(draw.integers(low, high)))
    return sizes


def draw_cells(
    draw: np.random.Generator, attributes: Sequence[str], planted: bool, most: int
) -> list[tuple[tuple[str, ...], int]]:
    """Return every combination of groups with its rows; attributes are independent."""
    first = ATTRIBUTES[attributes[0]]
    groups = int(draw.integers(2, most + 1))
    sizes = draw_sizes(draw, groups, planted)
    labels = [str(x) for x in draw.permutation(first)[:groups]]
    cells = [((label,), n) for label, n in zip(labels, sizes, strict=True)]
    for name in attributes[1:]:
        values = ATTRIBUTES[name][: int(draw.integers(2, 1 + len(ATTRIBUTES[name])))]
        shares = draw.dirichlet(np.full(len(values), 4.0))
        split = [draw.multinomial(n, shares) for _, n in cells]
        cells = [
            ((*groups_of, value), int(n))
            for (groups_of, _), own in zip(cells, split, strict=True)
            for value, n in zip(values, own, strict=True)
        ]
    return [(groups_of, n) for groups_of, n in cells if n]


def make_scenario(seed: int, family: Family | None = None) -> Scenario:
    """Return the scenario of a seed; the same seed, the same scenario."""
    draw = np.random.default_rng([14, seed])
    families = ("decisions", "scores", "model", "multiclass", "regression")
    chosen = family or families[int(draw.choice(5, p=[0.35, 0.3, 0.2, 0.06, 0.09]))]
    if chosen in ("decisions", "scores"):
        return _make_decisions(seed, draw, chosen)
    return _make_model(seed, draw, chosen)


# Decisions without a model


def _make_decisions(seed: int, draw: np.random.Generator, family: Family) -> Scenario:
    count = int(draw.choice([1, 2, 3], p=[0.45, 0.4, 0.15]))
    attributes = tuple(str(x) for x in draw.permutation(list(ATTRIBUTES))[:count])
    if "origin" in attributes:  # the attribute of many groups comes first
        attributes = ("origin", *(name for name in attributes if name != "origin"))
    plan = str(draw.choice(["none", "unequal", "one", "two", "crossed", "favoured"],
                           p=[0.18, 0.15, 0.4, 0.08, 0.12, 0.07]))  # fmt: skip
    if plan == "crossed" and count == 1:
        plan = "one"
    most = min(len(ATTRIBUTES[attributes[0]]), {1: 12, 2: 7, 3: 4}[count])
    cells = draw_cells(draw, attributes, plan not in ("none", "unequal"), most)
    policy = str(draw.choice(["four-fifths", "equalized-odds", "own"], p=[0.45, 0.3, 0.25]))
    harms = _plant(draw, plan, attributes, cells, policy)
    unequal = plan == "unequal" or (policy == "equalized-odds" and draw.random() < 0.4)
    slice_ = ("region", str(draw.choice(REGIONS))) if draw.random() < 0.4 else None
    population = _build_decisions(draw, attributes, cells, harms, slice_, unequal=unequal)
    bounds = (("demographic_parity_difference", 0.05, 0.03),
              ("equal_opportunity_difference", 0.06, 0.04))  # fmt: skip
    return Scenario(
        seed=seed, family=family, attributes=attributes, cells=tuple(cells),
        population=population, harms=harms, slice=slice_, policy=policy,
        bounds=bounds if policy == "own" else (), unequal=unequal,
        weighted=bool(draw.random() < 0.06),
        outcomes=family == "scores" or bool(draw.random() > 0.12),
    )  # fmt: skip


def _plant(
    draw: np.random.Generator,
    plan: str,
    attributes: Sequence[str],
    cells: Sequence[tuple[tuple[str, ...], int]],
    policy: str,
) -> tuple[Harm, ...]:
    """Return the harms of a plan; large groups are harmed most often, and small ones at times."""
    if plan in ("none", "unequal"):
        return ()
    kinds: tuple[Kind, ...] = ("selection", "tpr", "fpr")
    odds = [0.2, 0.6, 0.2] if policy == "equalized-odds" else [0.75, 0.25, 0.0]
    kind = kinds[int(draw.choice(3, p=odds))]
    size = float(
        round(draw.uniform(0.1, 0.22) if draw.random() < 0.75 else draw.uniform(0.03, 0.1), 3)
    )
    first = list(dict.fromkeys(groups[0] for groups, _ in cells))
    if plan == "crossed":
        largest = max(cells, key=lambda cell: (cell[1] > 1000) * 1e6 + draw.random() * cell[1])
        pairs = tuple(zip(attributes, largest[0], strict=True))[:2]
        return (Harm(kind, pairs, size),)
    if plan == "favoured":
        return (Harm("favoured", ((attributes[0], first[0]),), size),)
    position = 1 if draw.random() < 0.85 else int(draw.integers(len(first)))
    harm = Harm(kind, ((attributes[0], first[position]),), size)
    if plan == "two" and len(first) > 2:
        other = first[2 if position != 2 else 1]
        return harm, Harm(
            kind, ((attributes[0], other),), round(size * float(draw.uniform(0.3, 0.7)), 3)
        )
    return (harm,)


def _build_decisions(
    draw: np.random.Generator,
    attributes: Sequence[str],
    cells: Sequence[tuple[tuple[str, ...], int]],
    harms: Sequence[Harm],
    slice_: tuple[str, str] | None,
    *,
    unequal: bool,
) -> Population:
    """Return people whose true and false positive rates are the same but for what was planted."""
    base, tpr, fpr = draw.uniform(0.35, 0.6), draw.uniform(0.68, 0.8), draw.uniform(0.24, 0.32)
    own_base = {g: float(draw.uniform(0.25, 0.7)) for g in dict.fromkeys(c[0][0] for c in cells)}
    visits = (0, 1, 2, 3)
    atoms = list(product(range(len(cells)), REGIONS, visits))
    table = pd.DataFrame([(*cells[c][0], r, v) for c, r, v in atoms],
                         columns=[*attributes, "region", "visits"])  # fmt: skip
    total = sum(n for _, n in cells)
    share = np.array([cells[c][1] / total for c, _, _ in atoms]) / (len(REGIONS) * len(visits))
    bases = np.full(len(atoms), base)
    if unequal:
        bases = table[attributes[0]].map(own_base).to_numpy(dtype=float)
    rates = {"tpr": np.full(len(atoms), tpr), "fpr": np.full(len(atoms), fpr)}
    for harm in harms:
        inside = np.ones(len(atoms), dtype=bool)
        for name, value in harm.groups:
            inside &= (table[name] == value).to_numpy()
        sign = 1.0 if harm.kind == "favoured" else -1.0
        hit = {"tpr": ("tpr",), "fpr": ("fpr",)}.get(harm.kind, ("tpr", "fpr"))
        for rate in hit:
            # The largest harms and favours stop short of nobody and everybody.
            rates[rate] = np.clip(rates[rate] + sign * harm.size * inside, 0.01, 0.99)
    if slice_ is not None:  # decisions there owe something to chance, alike for every group
        there = (table[slice_[0]] == slice_[1]).to_numpy()
        middle = bases * rates["tpr"] + (1 - bases) * rates["fpr"]
        for rate in ("tpr", "fpr"):
            rates[rate] = np.where(there, 0.4 * rates[rate] + 0.6 * middle, rates[rate])
    return Population(table, share, base=bases, **rates)


# With a model: features are whole numbers or texts, independent within a cell


def _make_model(seed: int, draw: np.random.Generator, family: Family) -> Scenario:
    count = int(draw.choice([1, 2], p=[0.6, 0.4]))
    attributes = ("origin", "house")[:count]
    plan = str(draw.choice(["none", "planted"], p=[0.3, 0.7]))
    cells = draw_cells(draw, attributes, plan == "planted", 5)
    first = list(dict.fromkeys(groups[0] for groups, _ in cells))
    harmed = first[1]
    proxies = tuple(
        name for name, odds in (("district", 0.9), ("income", 0.3)) if draw.random() < odds
    ) if plan == "planted" else ()  # fmt: skip
    trees = family == "model" and draw.random() < 0.35
    table, share = _enumerate(attributes, cells, harmed, proxies, coded=trees)
    slice_ = ("tenure", "0") if draw.random() < 0.4 else None
    make = {
        "model": _decide_by_trees if trees else _decide,
        "multiclass": _classify,
        "regression": _regress,
    }[family]
    population, harms, model = make(draw, table, share, attributes[0], harmed, plan, slice_)
    policy, bounds = _choose_policy(draw, family)
    return Scenario(
        seed=seed, family=family, attributes=attributes, cells=tuple(cells),
        population=population, harms=harms, slice=slice_, proxies=proxies, policy=policy,
        bounds=bounds, linear=None if trees else model, booster=model if trees else "",
    )  # fmt: skip


def _choose_policy(
    draw: np.random.Generator, family: Family
) -> tuple[str, tuple[tuple[str, float, float], ...]]:
    """Return a preset, or "own" with its bounds; at times one that has nothing to say here."""
    if family == "model":
        return str(draw.choice(["four-fifths", "equalized-odds"], p=[0.7, 0.3])), ()
    own = {
        "multiclass": ("accuracy_gap", 0.05, 0.03),
        "regression": ("mean_residual_gap", 0.6, 0.3),
    }
    kind = str(draw.choice([family, "own", "four-fifths"], p=[0.6, 0.28, 0.12]))
    return kind, (own[family],) if kind == "own" else ()


def _enumerate(
    attributes: Sequence[str],
    cells: Sequence[tuple[tuple[str, ...], int]],
    harmed: str,
    proxies: Sequence[str],
    *,
    coded: bool,
) -> tuple[pd.DataFrame, Floats]:
    """Return every kind of person. In a proxy the harmed group of the first attribute differs."""
    districts = tuple(range(len(DISTRICTS))) if coded else DISTRICTS
    values = {"district": districts, "income": tuple(range(6)), "tenure": tuple(range(4)),
              "visits": tuple(range(3))}  # fmt: skip
    usual = {
        "district": np.array([0.15, 0.25, 0.3, 0.3]), "income": np.array([1, 2, 3, 3, 2, 1]) / 12,
        "tenure": np.array([0.25, 0.3, 0.25, 0.2]), "visits": np.array([0.5, 0.3, 0.2]),
    }  # fmt: skip
    other = {
        "district": np.array([0.6, 0.2, 0.1, 0.1]),
        "income": np.array([3, 3, 2, 2, 1, 1]) / 12,
    }
    total = sum(n for _, n in cells)
    frames, shares = [], []
    for groups, n in cells:
        own = {k: (other[k] if k in proxies and groups[0] == harmed else usual[k]) for k in values}
        atoms = list(product(*values.values()))
        frame = pd.DataFrame(atoms, columns=list(values))
        for name, group in zip(attributes, groups, strict=True):
            frame[name] = group
        chance = np.array([np.prod(p) for p in product(*own.values())])
        frames.append(frame)
        shares.append(chance * n / total)
    table = pd.concat(frames, ignore_index=True)[[*attributes, *values]]
    return table, np.concatenate(shares)


def _outcome_margin(table: pd.DataFrame) -> Floats:
    """Return the log-odds of a good outcome: income and tenure alone."""
    return 0.75 * (table["income"].to_numpy(dtype=float) - 2.4) + 0.35 * (
        table["tenure"].to_numpy(dtype=float) - 1.4
    )


def _blur(table: pd.DataFrame, slice_: tuple[str, str] | None) -> Floats:
    """Return by how much outcomes owe to chance: much in the slice where errors were planted."""
    if slice_ is None:
        return np.ones(len(table))
    return np.where(table[slice_[0]].astype(str) == slice_[1], 0.25, 1.0)


def _decide(draw, table, share, attribute, harmed, plan, slice_):
    """A logistic regression that penalises a district where the harmed group lives."""
    margin = _outcome_margin(table)
    base = 1 / (1 + np.exp(-margin * _blur(table, slice_)))
    penalty = float(draw.uniform(0.8, 2.0)) if plan == "planted" else float(draw.uniform(0, 1.0))
    income, tenure = float(draw.uniform(0.4, 1.0)), float(draw.uniform(0.1, 0.6))
    linear = Linear(
        {"income": income, "tenure": tenure, "visits": 0.0},
        {name: -penalty if name == "Harbour" else 0.0 for name in DISTRICTS},
        -2.4 * income - 1.4 * tenure + float(draw.uniform(-0.4, 0.7)),
    )
    score = 1 / (1 + np.exp(-linear.score(table)))
    chosen = (score >= 0.5).astype(float)
    population = Population(table, share, base=base, tpr=chosen, fpr=chosen, score=score)
    harms = _measure_harm(population, attribute, harmed, "selection_rate", "proxy")
    return population, harms, linear


def _decide_by_trees(draw, table, share, attribute, harmed, plan, slice_):
    """Boosted trees that have learnt from decisions which held a district against people."""
    import lightgbm

    base = 1 / (1 + np.exp(-_outcome_margin(table) * _blur(table, slice_)))
    penalty = float(draw.uniform(0.8, 2.0)) if plan == "planted" else 0.0
    held = table["district"].to_numpy() == 0
    shift = float(draw.uniform(-0.4, 0.7))
    learnt = 1 / (1 + np.exp(-(_outcome_margin(table) + shift - penalty * held)))
    data = table[list(FEATURES)].to_numpy(dtype=float)
    booster = lightgbm.train(
        {"objective": "binary", "num_leaves": 8, "min_data_in_leaf": 1, "learning_rate": 0.2,
         "min_sum_hessian_in_leaf": 1e-6, "verbose": -1, "num_threads": 1, "seed": 0},
        lightgbm.Dataset(
            np.concatenate([data, data]),
            np.repeat([1, 0], len(data)),
            weight=np.concatenate([learnt * share, (1 - learnt) * share]) * 1e4,
            feature_name=list(FEATURES),
        ),
        num_boost_round=25,
    )  # fmt: skip
    score = np.asarray(booster.predict(data), dtype=float)
    chosen = (score >= 0.5).astype(float)
    population = Population(table, share, base=base, tpr=chosen, fpr=chosen, score=score)
    harms = _measure_harm(population, attribute, harmed, "selection_rate", "proxy")
    return population, harms, booster.model_to_string()


def _classify(draw, table, share, attribute, harmed, plan, slice_):
    """Three classes, told by income and tenure; the harmed group's outcomes follow them less."""
    margin = _outcome_margin(table)
    blur = _blur(table, slice_)
    mine = (table[attribute] == harmed).to_numpy()
    if plan == "planted":
        blur = np.where(mine, blur * float(draw.uniform(0.1, 0.6)), blur)
    logits = np.stack([-1.6 * margin, np.zeros_like(margin), 1.6 * margin], axis=1)
    chances = np.exp(logits * blur[:, None])
    chances /= chances.sum(axis=1, keepdims=True)
    linear = Linear({"income": 0.75, "tenure": 0.35, "visits": 0.0}, dict.fromkeys(DISTRICTS, 0.0),
                    -0.75 * 2.4 - 0.35 * 1.4 + 0.013)  # fmt: skip
    said = np.where(linear.score(table) < 0, 0, 2)
    population = Population(table, share, chances=chances, said=said)
    return population, _measure_harm(population, attribute, harmed, "accuracy", "accuracy"), linear


def _regress(draw, table, share, attribute, harmed, plan, slice_):
    """The prediction is right on average, but for the harmed group: its outcomes are higher."""
    linear = Linear({"income": 2.0, "tenure": 1.0, "visits": 0.0},
                    {name: -1.0 if name == "Harbour" else 0.0 for name in DISTRICTS}, 10.0)  # fmt: skip
    size = float(draw.uniform(1.0, 2.0)) if plan == "planted" else 0.0
    mine = (table[attribute] == harmed).to_numpy()
    residual = np.where(mine, -size, 0.0)
    if slice_ is not None:  # too high for half of them, too low for the others
        there = (table[slice_[0]].astype(str) == slice_[1]).to_numpy()
        odd = table["visits"].to_numpy() == 0
        residual = residual + np.where(there, np.where(odd, 3.0, -3.0), 0.0)
    population = Population(table, share, residual=residual, spread=3.0,
                            predicted=linear.score(table))  # fmt: skip
    harms = _measure_harm(population, attribute, harmed, "mean_residual", "residual")
    return population, harms, linear


def _measure_harm(
    population: Population, attribute: str, harmed: str, metric: str, kind: Kind
) -> tuple[Harm, ...]:
    """Return the harm as it is in the population: none where it is under a tenth of a point."""
    mine = population.find({attribute: harmed})
    size = population.compute(metric, ~mine) - population.compute(metric, mine)
    return (Harm(kind, ((attribute, harmed),), round(size, 4)),) if size > 1e-3 else ()


# The sample


def draw_rows(scenario: Scenario) -> pd.DataFrame:
    """Return the rows that are audited: protected columns, features, `y`, and `decided` or `score`
    where there is no model. Every combination of groups has exactly the rows that it should."""
    draw = np.random.default_rng([15, scenario.seed])
    people, table = scenario.population, scenario.population.table
    places = []
    keys = list(zip(*(table[name] for name in scenario.attributes), strict=True))
    by_cell: dict[tuple[str, ...], list[int]] = {}
    for place, key in enumerate(keys):
        by_cell.setdefault(key, []).append(place)
    for groups, n in scenario.cells:
        own = np.array(by_cell[groups])
        chance = people.share[own]
        places.append(draw.choice(own, n, p=chance / chance.sum()))
    chosen = draw.permutation(np.concatenate(places))
    rows = table.iloc[chosen].reset_index(drop=True)
    _draw_outcomes(scenario, rows, chosen, draw)
    if scenario.weighted:
        rows["w"] = draw.uniform(0.5, 1.5, len(rows)).round(3)
    return rows


def _draw_outcomes(
    scenario: Scenario, rows: pd.DataFrame, chosen: np.ndarray, draw: np.random.Generator
) -> None:
    people, n = scenario.population, len(rows)
    if people.chances is not None:
        total = people.chances[chosen].cumsum(axis=1)
        rows["y"] = np.array(CLASSES)[(draw.random(n)[:, None] > total[:, :-1]).sum(axis=1)]
        return
    if people.residual is not None:
        assert people.predicted is not None
        noise = draw.normal(0, people.spread, n)
        rows["y"] = (people.predicted[chosen] - people.residual[chosen] - noise).round(4)
        return
    assert people.base is not None and people.tpr is not None and people.fpr is not None
    true = draw.random(n) < people.base[chosen]
    rows["y"] = np.where(true, "yes", "no")
    rate = np.where(true, people.tpr[chosen], people.fpr[chosen])
    if scenario.family == "decisions":
        rows["decided"] = np.where(draw.random(n) < rate, "yes", "no")
    elif scenario.family == "scores":
        from scipy import stats

        rows["score"] = 1 / (1 + np.exp(-(stats.norm.ppf(rate) + draw.normal(0, 1, n))))
