"""What every format shares: columns, names, classes, thresholds, one interface."""
