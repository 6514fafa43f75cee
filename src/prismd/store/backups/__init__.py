"""Dumps of a database: written, read, and restored."""
