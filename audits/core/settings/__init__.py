"""The settings of an audit: `audit.toml` as types, read and checked."""
