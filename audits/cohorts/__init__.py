"""Parts of the audited rows that conditions describe: which rows, their numbers, what drives
them."""
