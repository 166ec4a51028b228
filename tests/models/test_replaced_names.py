import pytest
from hypothesis import given, strategies as st

from audits.models.adapters.replaced_names import match_replaced

CASES = [
    (["annual_income"], ["annual income", "age"], {"annual_income": "annual income"}),
    (["risk_5"], ["[risk] <5"], {"risk_5": "[risk] <5"}),
    (["größe_m"], ["größe (m)"], {"größe_m": "größe (m)"}),
    # Both columns could be it, or both inputs.
    (["a_b"], ["a b", "a-b"], {}),
    (["a_b", "a__b"], ["a b"], {}),
    # The data has the name itself.
    (["a_b"], ["a_b", "a b"], {}),
    # Another name altogether, another case, no letters at all.
    (["income"], ["amount"], {}),
    (["Age"], ["age"], {}),
    (["___"], ["---"], {}),
]


@pytest.mark.parametrize(("features", "columns", "expected"), CASES)
def test_a_column_is_found_where_it_is_sure(features, columns, expected):
    assert match_replaced(features, columns) == expected


@given(st.lists(st.text(alphabet="ab_ [", min_size=1, max_size=4), unique=True),
       st.lists(st.text(alphabet="ab_ [", min_size=1, max_size=4), unique=True))  # fmt: skip
def test_no_column_is_taken_twice_nor_from_an_input_that_has_it(features, columns):
    found = match_replaced(features, columns)
    assert len(set(found.values())) == len(found)
    assert not set(found) & set(columns)
    assert not set(found.values()) & set(features)
