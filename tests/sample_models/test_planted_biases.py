"""The generators: what DATA.md says is planted is there in that size, and the twin has none.

Sizes are counted by hand with pandas on rows that no shipped file uses.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, kruskal

from sample_models.credit import generate as credit
from sample_models.hiring import generate as hiring
from sample_models.income import generate as income
from sample_models.rental import generate as rental

LARGE = 60_000
MODULES = [credit, hiring, income, rental]
GENERATORS = pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
AGE_EDGES = {credit: (0, 25, 60, 200), income: (0, 30, 50, 200)}


@pytest.fixture(scope="module")
def loans():
    return credit.generate(LARGE, seed=101)


@pytest.fixture(scope="module")
def applicants():
    return hiring.generate(LARGE, seed=102)


@pytest.fixture(scope="module")
def people():
    return income.generate(LARGE, seed=103)


def share(frame, column, value, by):
    """Return the share of rows of each group where `column` is `value`."""
    return (frame[column] == value).groupby([frame[name] for name in by]).mean()


def compute_auc(truth, score):
    """The chance that a true row outranks a false one, from the rank sum."""
    ranks = score.rank()
    true, false = truth.sum(), (~truth).sum()
    return (ranks[truth].sum() - true * (true + 1) / 2) / (true * false)


@GENERATORS
@pytest.mark.parametrize("biased", [True, False])
def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(module, biased):
    first = module.generate(800, 5, biased).to_csv()
    assert module.generate(800, 5, biased).to_csv() == first
    assert module.generate(800, 6, biased).to_csv() != first


@GENERATORS
def test_twin_keeps_every_marginal_and_moves_only_the_protected_columns(module):
    biased, twin = module.generate(2_000, 4), module.generate(2_000, 4, biased=False)
    for column in biased:
        there, here = biased[column].sort_values(), twin[column].sort_values()
        assert here.reset_index(drop=True).equals(there.reset_index(drop=True))
        assert twin[column].equals(biased[column]) == (column not in module.PROTECTED)


@GENERATORS
def test_twin_tells_nothing_by_any_protected_column(module):
    """Over 12 seeds, p values of independence are spread over [0, 1] as chance spreads them."""
    p_values = []
    for seed in range(12):
        twin = module.generate(6_000, seed, biased=False)
        outcomes = [twin.columns[-1]] + (["hired", "score"] if "hired" in twin else [])
        for column in module.PROTECTED:
            groups = twin[column]
            if column == "age":
                groups = pd.cut(groups, AGE_EDGES[module], right=False)
            for outcome in outcomes:
                if outcome == "score":
                    scores = [part for _, part in twin["score"].groupby(groups, observed=True)]
                    p_values.append(kruskal(*scores).pvalue)
                else:
                    p_values.append(chi2_contingency(pd.crosstab(groups, twin[outcome])).pvalue)
    assert np.mean(np.array(p_values) < 0.05) < 0.15
    assert 0.3 < np.median(p_values) < 0.7


@pytest.mark.parametrize("module", MODULES[:3], ids=lambda m: m.__name__)
def test_biased_data_does_tell(module):
    frame = module.generate(6_000, 0)
    outcome = "hired" if "hired" in frame else frame.columns[-1]
    p_values = [
        chi2_contingency(pd.crosstab(frame[column], frame[outcome])).pvalue
        for column in module.PROTECTED[:2]
    ]
    assert min(p_values) < 1e-12


def test_credit_proxy_carries_the_penalty(loans):
    penalised = loans.assign(there=loans["district"].isin(list(credit.PENALISED)))
    there = penalised.groupby("ethnicity")["there"].mean()
    assert there["Group B"] == pytest.approx(0.70, abs=0.015)
    assert there["Group A"] == pytest.approx(0.12, abs=0.015)
    assert there["Group C"] == pytest.approx(0.12, abs=0.015)
    by_district = share(penalised, "repaid", "yes", ["there"])
    assert by_district[True] == pytest.approx(0.465, abs=0.015)
    assert by_district[False] == pytest.approx(0.727, abs=0.015)
    by_group = share(loans, "repaid", "yes", ["ethnicity"])
    assert by_group["Group A"] - by_group["Group B"] == pytest.approx(0.152, abs=0.02)
    within = share(penalised, "repaid", "yes", ["there", "ethnicity"])
    for where in (True, False):
        assert within[where, "Group B"] == pytest.approx(within[where, "Group A"], abs=0.025)


def test_credit_has_no_effect_of_sex(loans):
    table = pd.crosstab(loans["sex"], loans["repaid"])
    assert chi2_contingency(table).pvalue > 0.01


def test_credit_savings_are_unknown_more_often_in_group_c(loans):
    unknown = share(loans, "savings", "?", ["ethnicity"])
    assert unknown["Group C"] == pytest.approx(0.30, abs=0.015)
    assert unknown["Group A"] == pytest.approx(0.05, abs=0.01)


def test_credit_young_people_repay_a_little_less_often(loans):
    bands = pd.cut(loans["age"], AGE_EDGES[credit], right=False, labels=["young", "middle", "old"])
    repaid = (loans["repaid"] == "yes").groupby(bands, observed=True).mean()
    assert repaid.to_dict() == pytest.approx(
        {"young": 0.625, "middle": 0.660, "old": 0.682}, abs=0.02
    )


def test_credit_effect_goes_when_switched_off():
    none = credit.generate(LARGE, 104, planted=credit.Planted(penalty=0.0))
    repaid = share(none, "repaid", "yes", ["ethnicity"])
    assert repaid["Group B"] == pytest.approx(repaid["Group A"], abs=0.015)


def test_hiring_suitability_is_the_same_everywhere(applicants):
    for column in hiring.PROTECTED:
        table = pd.crosstab(applicants[column], applicants["suitable"])
        assert chi2_contingency(table).pvalue > 0.01


def test_hiring_women_are_hired_less_often(applicants):
    hired = share(applicants, "hired", "yes", ["sex"])
    assert hired.to_dict() == pytest.approx({"Female": 0.337, "Male": 0.499}, abs=0.015)
    suitable = applicants[applicants["suitable"] == "yes"]
    found = share(suitable, "hired", "yes", ["sex"])
    assert found.to_dict() == pytest.approx({"Female": 0.548, "Male": 0.746}, abs=0.02)


def test_hiring_black_women_are_hit_where_race_alone_hides_it(applicants):
    pairs = share(applicants, "hired", "yes", ["sex", "race"])
    assert pairs["Female", "Black"] == pytest.approx(0.203, abs=0.02)
    assert pairs["Female", "White"] == pytest.approx(0.357, abs=0.02)
    assert pairs["Male", "Black"] == pytest.approx(pairs["Male", "White"], abs=0.025)
    races = share(applicants, "hired", "yes", ["race"])
    assert races["Black"] / races["White"] == pytest.approx(0.83, abs=0.04)


def test_hiring_score_is_noisier_for_hispanic_applicants(applicants):
    auc = {
        race: compute_auc(part["suitable"] == "yes", part["score"])
        for race, part in applicants.groupby("race")
    }
    assert auc["Hispanic"] == pytest.approx(0.72, abs=0.02)
    assert auc["White"] == pytest.approx(0.85, abs=0.02)
    unsuitable = applicants[applicants["suitable"] == "no"]
    wrong = share(unsuitable, "hired", "yes", ["race"])
    assert wrong["Hispanic"] == pytest.approx(0.31, abs=0.025)
    assert wrong["White"] == pytest.approx(0.18, abs=0.02)


def test_hiring_decision_follows_the_score_but_for_two_in_a_hundred(applicants):
    follows = (applicants["score"] >= hiring.HIRED_FROM) == (applicants["hired"] == "yes")
    assert 1 - follows.mean() == pytest.approx(0.02, abs=0.003)
    assert applicants["score"].between(0, 1).all()


def test_hiring_is_even_when_switched_off():
    none = hiring.generate(LARGE, 105, planted=hiring.Planted(0.0, 0.0, 0.5, 0.5))
    for column in hiring.PROTECTED:
        assert chi2_contingency(pd.crosstab(none[column], none["hired"])).pvalue > 0.01


def test_income_of_women_is_lower(people):
    above = share(people, "income", ">50K", ["sex"])
    assert above.to_dict() == pytest.approx({"Female": 0.245, "Male": 0.397}, abs=0.015)


def test_income_labels_are_wrong_in_a_fifth_of_the_hispanic_rows(people):
    clean = income.generate(LARGE, 103, planted=income.Planted(swapped_hispanic=0.0))
    wrong = (clean["income"] != people["income"]).groupby(people["race"]).mean()
    assert wrong["Hispanic"] == pytest.approx(0.20, abs=0.015)
    assert (wrong.drop("Hispanic") == 0).all()
    above = share(people, "income", ">50K", ["race"])
    assert above["Hispanic"] == pytest.approx(0.386, abs=0.02)
    assert above["White"] == pytest.approx(0.314, abs=0.015)


def test_income_occupation_and_sector_are_missing_together(people):
    unknown = people["occupation"] == "?"
    assert unknown.mean() == pytest.approx(0.05, abs=0.005)
    assert unknown.equals(people["sector"] == "?")


def test_rental_groups_pay_alike_for_different_reasons():
    tenants = rental.generate(LARGE, 106)
    paid = share(tenants, "paid", "yes", ["origin"])
    assert paid.to_dict() == pytest.approx({"Newcomer": 0.543, "Settled": 0.524}, abs=0.015)
    short = (tenants["record_years"] <= rental.SHORT_RECORD).groupby(tenants["origin"]).mean()
    assert short.to_dict() == pytest.approx({"Newcomer": 0.36, "Settled": 0.02}, abs=0.01)
    owed = tenants.groupby("origin")["debts"].mean()
    assert owed.to_dict() == pytest.approx({"Newcomer": 60, "Settled": 599}, rel=0.03)
    assert chi2_contingency(pd.crosstab(tenants["sex"], tenants["paid"])).pvalue > 0.01


def test_rental_reasons_are_alike_when_switched_off():
    none = rental.generate(LARGE, 107, planted=rental.Planted(0.6, 0.6, 0.1, 0.1))
    newcomer = none["origin"] == "Newcomer"
    for column in ("record_years", "debts"):
        assert kruskal(none.loc[newcomer, column], none.loc[~newcomer, column]).pvalue > 0.01


@pytest.mark.parametrize(
    ("module", "rows", "seed", "column", "group", "documented"),
    [
        (credit, 10_000, 1, "ethnicity", "Group D", 46),
        (hiring, 5_000, 0, "race", "Native American", 54),
        (income, 10_000, 1, "race", "Other", 43),
    ],
)
def test_small_group_has_the_documented_rows(module, rows, seed, column, group, documented):
    assert (module.generate(rows, seed)[column] == group).sum() == documented


@pytest.mark.parametrize(
    ("module", "column"),
    [
        (credit, "income"),
        (hiring, "years_experience"),
        (income, "hours_per_week"),
        (rental, "income"),
    ],
)
def test_numbers_are_missing_too(module, column):
    assert 0.02 < module.generate(5_000, 2)[column].isna().mean() < 0.06
