"""One file for each part of the card; each takes a report and gives a `Section`."""
