"""Loan approval: a scikit-learn pipeline that never sees ethnicity, and still learns it."""
