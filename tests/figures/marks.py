"""How much a chart asks of the browser."""

import plotly.graph_objects as go


def count_points(figure: go.Figure) -> int:
    """Return how many marks the browser has to draw."""
    total = 0
    for trace in figure.data:
        if trace.type == "heatmap":
            total += sum(len(row) for row in trace.z)
        else:
            values = trace.x if trace.x is not None else trace.y
            total += 0 if values is None else len(values)
    return total
