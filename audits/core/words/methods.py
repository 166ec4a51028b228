"""What methods of explanation are called for people."""

from __future__ import annotations

from collections.abc import Mapping

TITLES: Mapping[str, str] = {
    "tree_shap": "SHAP for trees",
    "interventional_shap": "SHAP for trees against the reference rows",
    "linear_shap": "SHAP of a linear model",
    "permutation_shap": "Sampled SHAP",
    "integrated_gradients": "Integrated gradients",
    "gradient_shap": "Gradient SHAP",
    "deeplift": "DeepLIFT",
}
"""The methods' names for people; a test holds them to `audits.explain.methods`."""
