"""Checks of explanations: attributions, effects, interactions, anchors, trust."""
