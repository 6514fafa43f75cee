"""Dumps of a database: writing, reading and restoring them."""
