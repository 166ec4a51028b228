"""What a column does to the output on average: effects and permutation importance."""
