"""Pure functions from tidy tables to Plotly figures; charts are drawn nowhere else."""
