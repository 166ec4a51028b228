"""Data: files through DuckDB, out of core; schema, protected columns, fingerprints."""
